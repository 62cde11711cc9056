// Zones, the selected vehicle's track and the place of the selected alert, as ordinary MapLibre layers.
import type { FeatureCollection, Feature, Position as Coordinates } from 'geojson'
import type { GeoJSONSource, Map } from 'maplibre-gl'
import type { Alert, TrackPoint } from '../model'
import { LEVEL_COLOURS, MAP_COLOURS as C } from './palette'

const NOTHING: FeatureCollection = { type: 'FeatureCollection', features: [] }

const zoneColour = [
  'case',
  ['in', 'forbidden', ['to-string', ['get', 'rules']]],
  C.zoneForbidden,
  ['in', 'speed', ['to-string', ['get', 'rules']]],
  C.zoneSpeed,
  C.zone,
] as unknown as string

export function addOverlays(map: Map): void {
  for (const id of ['zones', 'track', 'episode', 'place'])
    map.addSource(id, { type: 'geojson', data: NOTHING })
  map.addLayer({
    id: 'zone-areas',
    type: 'fill',
    source: 'zones',
    paint: { 'fill-color': zoneColour, 'fill-opacity': 0.09 },
  })
  map.addLayer({
    id: 'zone-edges',
    type: 'line',
    source: 'zones',
    paint: {
      'line-color': zoneColour,
      'line-opacity': 0.65,
      'line-width': ['interpolate', ['linear'], ['zoom'], 7, 0.8, 12, 1.6],
      'line-dasharray': [3, 2],
    },
  })
  map.addLayer({
    id: 'track',
    type: 'line',
    source: 'track',
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': C.track, 'line-width': 2, 'line-opacity': 0.7 },
  })
  map.addLayer({
    id: 'episode',
    type: 'line',
    source: 'episode',
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': ['get', 'colour'], 'line-width': 3.5, 'line-opacity': 0.6 },
  })
  map.addLayer({
    id: 'place',
    type: 'circle',
    source: 'place',
    paint: {
      'circle-radius': 13,
      'circle-color': 'transparent',
      'circle-stroke-color': ['get', 'colour'],
      'circle-stroke-width': 1.5,
      'circle-stroke-opacity': 0.8,
    },
  })
}

const put = (map: Map, source: string, data: FeatureCollection): void =>
  void map.getSource<GeoJSONSource>(source)?.setData(data)

const collection = (features: Feature[]): FeatureCollection => ({ type: 'FeatureCollection', features })

const line = (points: readonly TrackPoint[], colour: string): Feature[] => {
  const coordinates: Coordinates[] = points.map((point) => [point.longitude_deg, point.latitude_deg])
  return coordinates.length < 2
    ? []
    : [{ type: 'Feature', properties: { colour }, geometry: { type: 'LineString', coordinates } }]
}

export const showZones = (map: Map, zones: FeatureCollection): void => put(map, 'zones', zones)

export function setZonesVisible(map: Map, visible: boolean): void {
  for (const id of ['zone-areas', 'zone-edges']) {
    map.setLayoutProperty(id, 'visibility', visible ? 'visible' : 'none')
  }
}

export const showTrack = (map: Map, points: readonly TrackPoint[]): void =>
  put(map, 'track', collection(line(points, C.track)))

/** Marks where an alert was found and, once its track is read, the stretch it covers. */
export function showEpisode(map: Map, alert: Alert | null, points: readonly TrackPoint[]): void {
  if (!alert) {
    put(map, 'episode', NOTHING)
    put(map, 'place', NOTHING)
    return
  }
  const colour = LEVEL_COLOURS[(alert.level <= 1 ? 1 : alert.level >= 3 ? 3 : 2) as 1 | 2 | 3]
  put(map, 'episode', collection(line(points, colour)))
  put(map, 'place', {
    type: 'FeatureCollection',
    features: [
      {
        type: 'Feature',
        properties: { colour },
        geometry: { type: 'Point', coordinates: [alert.longitude_deg, alert.latitude_deg] },
      },
    ],
  })
}
