// The base map: the sea, a degree grid, the province's cities. With a tile server's address, its pictures instead.
import jiangsu from 'virtual:jiangsu'
import type { LayerSpecification, SourceSpecification, StyleSpecification } from 'maplibre-gl'
import type { FeatureCollection, LineString } from 'geojson'
import { MAP_COLOURS as C } from './palette'

/** West, south, east, north of the province. */
export const PROVINCE: [number, number, number, number] = [116.36, 30.76, 121.92, 35.13]

export const CITIES = jiangsu.features.map(({ properties }) => properties)

/** 天地图 and others spread their servers over t0 to t7: `{s}` in the address stands for the digit. */
export const tileAddresses = (tileUrl: string): string[] =>
  tileUrl.includes('{s}') ? [...'01234567'].map((digit) => tileUrl.replaceAll('{s}', digit)) : [tileUrl]

/** Meridians and parallels every `step` degrees in a box of west, south, east, north. */
function degreeGrid(
  step: number,
  [west, south, east, north]: readonly number[],
): FeatureCollection<LineString> {
  const lines: [number, number][][] = []
  const [w, s, e, n] = [west!, south!, east!, north!]
  for (let i = 0; w + i * step <= e; i += 1) lines.push([[w + i * step, s], [w + i * step, n]]) // prettier-ignore
  for (let i = 0; s + i * step <= n; i += 1) lines.push([[w, s + i * step], [e, s + i * step]]) // prettier-ignore
  return {
    type: 'FeatureCollection',
    features: lines.map((coordinates) => ({
      type: 'Feature',
      properties: {},
      geometry: { type: 'LineString', coordinates },
    })),
  }
}

const outlineLayers = (onTiles: boolean): LayerSpecification[] => {
  const border: LayerSpecification = {
    id: 'city-borders',
    type: 'line',
    source: 'cities',
    paint: { 'line-color': C.landEdge, 'line-width': 1, 'line-opacity': onTiles ? 0.5 : 1 },
  }
  if (onTiles) return [border]
  return [
    { id: 'grid', type: 'line', source: 'grid', paint: { 'line-color': C.grid, 'line-width': 1 } },
    {
      // Drawn under the land, so that only the outer half of the blur is seen: a shore that glows a little.
      id: 'shore',
      type: 'line',
      source: 'cities',
      paint: { 'line-color': C.shore, 'line-width': 14, 'line-blur': 14, 'line-opacity': 0.75 },
    },
    { id: 'land', type: 'fill', source: 'cities', paint: { 'fill-color': C.land, 'fill-antialias': false } },
    {
      // From near, something that stands still under what moves.
      id: 'fine-grid',
      type: 'line',
      source: 'fine-grid',
      minzoom: 8.8,
      paint: { 'line-color': C.fineGrid, 'line-width': 1 },
    },
    border,
  ]
}

export function baseStyle(tileUrl: string): StyleSpecification {
  const sources: Record<string, SourceSpecification> = {
    cities: { type: 'geojson', data: jiangsu },
    grid: { type: 'geojson', data: degreeGrid(1, [108, 22, 130, 44]) },
    'fine-grid': { type: 'geojson', data: degreeGrid(0.1, [116, 30, 122.5, 35.5]) },
  }
  const layers: LayerSpecification[] = [
    { id: 'sea', type: 'background', paint: { 'background-color': C.sea } },
  ]
  if (tileUrl) {
    sources.tiles = { type: 'raster', tiles: tileAddresses(tileUrl), tileSize: 256, maxzoom: 18 }
    layers.push({
      id: 'tiles',
      type: 'raster',
      source: 'tiles',
      // Street maps are made for daylight; this one is looked at in the dark.
      paint: { 'raster-saturation': -0.55, 'raster-brightness-max': 0.5, 'raster-contrast': 0.1 },
    })
  }
  return { version: 8, sources, layers: [...layers, ...outlineLayers(tileUrl !== '')] }
}
