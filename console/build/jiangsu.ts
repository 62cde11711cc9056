// The outlines of Jiangsu's cities, read at build time from the npm package echarts (4.9.0), decoded to plain
// GeoJSON and handed to the page as the module `virtual:jiangsu`.
import { createRequire } from 'node:module'
import type { Plugin } from 'vite'
import type { FeatureCollection, MultiPolygon, Polygon, Position as Coordinates } from 'geojson'
import { decodeRing, type EncodedGeometry, type EncodedMap } from './echarts_map'

const SOURCE = 'echarts/map/json/province/jiangsu.json'
const NAME = 'virtual:jiangsu'

/** Properties the page needs of a city: its Chinese name and where to write it (the middle of its largest part:
 * the seat, which the file gives, is where the vehicles are). */
export interface CityProperties {
  name: string
  label: [number, number]
}

/** Decodes echarts' compact map into GeoJSON (WGS-84 or near: the package states no datum). */
export function decodeMap(map: EncodedMap): FeatureCollection<Polygon | MultiPolygon, CityProperties> {
  return {
    type: 'FeatureCollection',
    features: map.features.map(({ properties, geometry: encoded }) => {
      const geometry = decodeGeometry(encoded)
      return {
        type: 'Feature',
        properties: { name: properties.name, label: middle(geometry) },
        geometry,
      }
    }),
  }
}

function decodeGeometry(encoded: EncodedGeometry): Polygon | MultiPolygon {
  if (encoded.type === 'Polygon') {
    const { coordinates, encodeOffsets } = encoded
    return { type: 'Polygon', coordinates: coordinates.map((ring, i) => decodeRing(ring, encodeOffsets[i])) }
  }
  return {
    type: 'MultiPolygon',
    coordinates: encoded.coordinates.map((polygon, i) =>
      polygon.map((ring, j) => decodeRing(ring, encoded.encodeOffsets[i]?.[j])),
    ),
  }
}

/** Centroid of the largest part's outer ring. */
function middle(geometry: Polygon | MultiPolygon): [number, number] {
  const parts = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates
  const [largest] = parts.map(([outer]) => centroid(outer ?? [])).sort((a, b) => b.area - a.area)
  if (!largest) throw new Error('echarts map: a city without an outline')
  return largest.at
}

function centroid(ring: readonly Coordinates[]): { at: [number, number]; area: number } {
  let [area, x, y] = [0, 0, 0]
  ring.slice(1).forEach((to, i) => {
    const from = ring[i]!
    const cross = from[0]! * to[1]! - to[0]! * from[1]!
    area += cross / 2
    x += (from[0]! + to[0]!) * cross
    y += (from[1]! + to[1]!) * cross
  })
  return { at: [x / (6 * area), y / (6 * area)], area: Math.abs(area) }
}

/** Vite plugin that serves `virtual:jiangsu`. */
export function jiangsu(): Plugin {
  const require = createRequire(import.meta.url)
  return {
    name: 'haulwatch-jiangsu',
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    load: (id) =>
      id === `\0${NAME}`
        ? `export default ${JSON.stringify(decodeMap(require(SOURCE) as EncodedMap))}`
        : null,
  }
}
