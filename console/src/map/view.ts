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

/** What the side panel covers at the map's right: its width and margins. */
const PANEL_PX = 392
const PICK_PX = 14
const FLIGHT_MS = 900
/** Near enough to see the road on tiles; without them, near enough to still see which city it is. */
const NEAR_ZOOM = { tiles: 13, outlines: 9.8 }

export interface View {
  map: Map
  vehicles: VehicleLayer
  labels: LabelState
  showZones: (zones: FeatureCollection) => void
  home: () => void
  /** Brings a place near, into the middle of what the panel leaves free. */
  flyTo: (longitudeDeg: number, latitudeDeg: number) => void
  /** The same without a change of zoom. */
  glideTo: (longitudeDeg: number, latitudeDeg: number) => void
  /** Moves a place out from under the panel, if it is there. */
  reveal: (longitudeDeg: number, latitudeDeg: number) => void
  repaint: () => void
  remove: () => void
}

export interface ViewOptions {
  container: HTMLElement
  positions: PositionStore
  tileUrl: string
  labels: LabelState
  onReady: (view: View) => void
  onPick: (vehicleId: string | null) => void
  onUserMove: () => void
  /** The graphics card was reset and the drawing is gone: open another view. */
  onLost: () => void
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
  const view = viewOf(map, vehicles, options)
  map.on('load', () => {
    addOverlays(map)
    map.addLayer(vehicles)
    new LabelCanvas(map, positions, options.labels)
    options.onReady(view)
  })
  listen(map, options)
  return view
}

function listen(map: Map, { positions, onPick, onUserMove, onLost }: ViewOptions): void {
  map.once('webglcontextlost', onLost)
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

function viewOf(map: Map, vehicles: VehicleLayer, { labels, tileUrl }: ViewOptions): View {
  const nearZoom = NEAR_ZOOM[tileUrl ? 'tiles' : 'outlines']
  const flight = (): { duration: number } => ({ duration: calm() ? 0 : FLIGHT_MS })
  const beside = (): { offset: [number, number]; duration: number } => ({
    offset: [-PANEL_PX / 2, 0],
    ...flight(),
  })
  const glideTo = (longitude: number, latitude: number): void =>
    void map.easeTo({ center: [longitude, latitude], ...beside() })
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
      map.flyTo({ center: [longitude, latitude], zoom: Math.max(map.getZoom(), nearZoom), ...beside() }),
    glideTo,
    reveal: (longitude, latitude) => {
      const { x } = map.project([longitude, latitude])
      if (x > map.getCanvas().clientWidth - PANEL_PX) glideTo(longitude, latitude)
    },
    repaint: () => map.triggerRepaint(),
    remove: () => map.remove(),
  }
}
