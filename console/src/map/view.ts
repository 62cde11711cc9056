// The map as the rest of the page sees it: a handful of verbs over MapLibre.
import { Map, ScaleControl, setWorkerUrl } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import type { FeatureCollection } from 'geojson'
import type { PositionStore } from '../positions'
import { LabelCanvas, type LabelState } from './labels'
import { addOverlays } from './overlay_layers'
import { nearestRow } from './pick'
import { baseStyle, PROVINCE } from './style'
import { VehicleLayer } from './vehicle_layer'
import { zoneLabels } from './zones'

// Bundled and served from this page's own origin: no blob worker, so a strict content policy holds.
setWorkerUrl(workerUrl)

const PICK_PX = 14
const FLIGHT_MS = 900
const NEAR_ZOOM = 12.2

export interface View {
  map: Map
  vehicles: VehicleLayer
  labels: LabelState
  showZones: (zones: FeatureCollection) => void
  home: () => void
  flyTo: (longitudeDeg: number, latitudeDeg: number) => void
  glideTo: (longitudeDeg: number, latitudeDeg: number) => void
  /** Room that a panel covers at the right, in pixels. */
  cover: (rightPx: number) => void
  repaint: () => void
  remove: () => void
}

export interface ViewOptions {
  container: HTMLElement
  positions: PositionStore
  tileUrl: string | null
  labels: LabelState
  onReady: (view: View) => void
  onPick: (vehicleId: string | null) => void
  onUserMove: () => void
}

const calm = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches

/** Opens the map. Throws where the browser has no WebGL 2. */
export function openView(options: ViewOptions): View {
  const { container, positions } = options
  const map = new Map({
    container,
    style: baseStyle(options.tileUrl),
    bounds: PROVINCE,
    fitBoundsOptions: { padding: 28 },
    minZoom: 4.5,
    maxZoom: 18,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    fadeDuration: 0,
  })
  map.touchZoomRotate.disableRotation()
  map.keyboard.disableRotation()
  map.addControl(new ScaleControl({ maxWidth: 110 }), 'bottom-left')
  const vehicles = new VehicleLayer(positions)
  const view = viewOf(map, vehicles, options.labels)
  map.on('load', () => {
    addOverlays(map)
    map.addLayer(vehicles)
    new LabelCanvas(map, positions, options.labels)
    options.onReady(view)
  })
  listen(map, options)
  return view
}

function listen(map: Map, { positions, onPick, onUserMove }: ViewOptions): void {
  const under = (point: { lng: number; lat: number }): string | null => {
    const reach = PICK_PX / (512 * 2 ** map.getZoom())
    const row = nearestRow(positions, point.lng, point.lat, reach)
    return row === undefined ? null : positions.ids[row]!
  }
  map.on('click', (event) => onPick(under(event.lngLat)))
  map.on('mousemove', (event) => {
    map.getCanvas().style.cursor = under(event.lngLat) === null ? '' : 'pointer'
  })
  map.on('dragstart', onUserMove)
}

function viewOf(map: Map, vehicles: VehicleLayer, labels: LabelState): View {
  const flight = (): { duration: number } => ({ duration: calm() ? 0 : FLIGHT_MS })
  return {
    map,
    vehicles,
    labels,
    showZones: (zones) => {
      void map.getSource<import('maplibre-gl').GeoJSONSource>('zones')?.setData(zones)
      labels.zones = zoneLabels(zones)
      map.triggerRepaint()
    },
    home: () => map.fitBounds(PROVINCE, { padding: 28, ...flight() }),
    flyTo: (longitude, latitude) =>
      map.flyTo({ center: [longitude, latitude], zoom: Math.max(map.getZoom(), NEAR_ZOOM), ...flight() }),
    glideTo: (longitude, latitude) => map.easeTo({ center: [longitude, latitude], ...flight() }),
    cover: (rightPx) => map.easeTo({ padding: { right: rightPx, left: 0, top: 0, bottom: 0 }, duration: 0 }),
    repaint: () => map.triggerRepaint(),
    remove: () => map.remove(),
  }
}
