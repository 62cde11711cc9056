// The outlines of Jiangsu's cities, read at build time from the npm package echarts (4.9.0), decoded to plain
// GeoJSON and handed to the page as the module `virtual:jiangsu`.
import { createRequire } from 'node:module'
import type { Plugin } from 'vite'
import type { FeatureCollection, MultiPolygon, Polygon } from 'geojson'
import { decodeRing, type EncodedMap } from './echarts_map'

const SOURCE = 'echarts/map/json/province/jiangsu.json'
const NAME = 'virtual:jiangsu'

/** Properties the page needs of a city: its Chinese name and where to write it. */
export interface CityProperties {
  name: string
  label: [number, number]
}

/** Decodes echarts' compact map into GeoJSON (WGS-84 or near: the package states no datum). */
export function decodeMap(map: EncodedMap): FeatureCollection<Polygon | MultiPolygon, CityProperties> {
  return {
    type: 'FeatureCollection',
    features: map.features.map(({ properties, geometry }) => ({
      type: 'Feature',
      properties: { name: properties.name, label: properties.cp },
      geometry:
        geometry.type === 'Polygon'
          ? {
              type: 'Polygon',
              coordinates: geometry.coordinates.map((ring, i) => decodeRing(ring, geometry.encodeOffsets[i])),
            }
          : {
              type: 'MultiPolygon',
              coordinates: geometry.coordinates.map((polygon, i) =>
                polygon.map((ring, j) => decodeRing(ring, geometry.encodeOffsets[i]?.[j])),
              ),
            },
    })),
  }
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
