declare module 'virtual:jiangsu' {
  import type { FeatureCollection, MultiPolygon, Polygon } from 'geojson'
  const map: FeatureCollection<Polygon | MultiPolygon, { name: string; label: [number, number] }>
  export default map
}

declare module '*?worker&url' {
  const url: string
  export default url
}
