// Names on the map: cities, zones, plates. Drawn on a canvas above the map with the machine's own fonts, so that
// no glyph server is needed; a name that would cover another is left out.
import type { Map } from 'maplibre-gl'
import { cityName } from '../i18n/cities'
import type { Language } from '../i18n'
import type { PositionStore } from '../positions'
import { MAP_COLOURS as C } from './palette'
import { CITIES } from './style'

export interface ZoneLabel {
  name: string
  nameEn: string
  longitudeDeg: number
  latitudeDeg: number
}

export interface LabelState {
  language: Language
  zones: readonly ZoneLabel[]
  zonesShown: boolean
  platesShown: boolean
  levels: ReadonlyMap<string, number>
  selected: string | null
}

const CITY_LAST_ZOOM = 11.5
const ZONE_FIRST_ZOOM = 8.6
const PLATE_FIRST_ZOOM = 11.4
const ALERT_PLATE_FIRST_ZOOM = 9.4
/** More names than this nobody reads; it also bounds the work of a frame. */
const MAX_PLATES = 120
const FONT =
  '"Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif'

interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom

export class LabelCanvas {
  private readonly canvas = document.createElement('canvas')
  private readonly pen: CanvasRenderingContext2D
  private taken: Box[] = []

  constructor(
    private readonly map: Map,
    private readonly positions: PositionStore,
    readonly state: LabelState,
  ) {
    this.canvas.className = 'map-labels'
    this.canvas.setAttribute('aria-hidden', 'true')
    map.getCanvasContainer().append(this.canvas)
    const pen = this.canvas.getContext('2d')
    if (!pen) throw new Error('map labels: the browser gives no 2D canvas')
    this.pen = pen
    map.on('render', () => this.draw())
  }

  private draw(): void {
    const { clientWidth: width, clientHeight: height } = this.map.getCanvas()
    const ratio = devicePixelRatio
    if (
      this.canvas.width !== Math.round(width * ratio) ||
      this.canvas.height !== Math.round(height * ratio)
    ) {
      this.canvas.width = Math.round(width * ratio)
      this.canvas.height = Math.round(height * ratio)
      this.canvas.style.width = `${width}px`
      this.canvas.style.height = `${height}px`
    }
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    this.pen.clearRect(0, 0, width, height)
    this.pen.lineJoin = 'round'
    this.taken = []
    const zoom = this.map.getZoom()
    this.drawPlates(zoom)
    if (this.state.zonesShown && zoom >= ZONE_FIRST_ZOOM) this.drawZones()
    if (zoom <= CITY_LAST_ZOOM) this.drawCities(zoom)
  }

  private drawCities(zoom: number): void {
    const size = Math.min(17, 12 + Math.max(0, zoom - 6.5) * 1.6)
    for (const { name, label } of CITIES) {
      const at = this.map.project(label)
      const text = cityName(name, this.state.language)
      this.write(text, at.x, at.y, { size, weight: 500, colour: C.text, spacing: 1, align: 'center' })
    }
  }

  private drawZones(): void {
    const { language, zones } = this.state
    for (const zone of zones) {
      const at = this.map.project([zone.longitudeDeg, zone.latitudeDeg])
      const text = (language === 'en' && zone.nameEn) || zone.name
      this.write(text, at.x, at.y, { size: 12, weight: 400, colour: C.zone, spacing: 0, align: 'center' })
    }
  }

  private drawPlates(zoom: number): void {
    const { positions, state } = this
    const bounds = this.map.getBounds()
    const [west, east, south, north] = [
      bounds.getWest(),
      bounds.getEast(),
      bounds.getSouth(),
      bounds.getNorth(),
    ]
    const selectedRow = state.selected === null ? undefined : positions.rowOf(state.selected)
    if (selectedRow !== undefined) this.plate(selectedRow, C.selection)
    if (!state.platesShown) return
    let written = 0
    const within = (row: number): boolean => {
      const [lon, lat] = [positions.longitudeDeg[row]!, positions.latitudeDeg[row]!]
      return lon >= west && lon <= east && lat >= south && lat <= north
    }
    if (zoom >= ALERT_PLATE_FIRST_ZOOM) {
      for (const id of state.levels.keys()) {
        const row = positions.rowOf(id)
        if (row === undefined || row === selectedRow || !within(row) || written >= MAX_PLATES) continue
        written += Number(this.plate(row, C.textStrong))
      }
    }
    if (zoom < PLATE_FIRST_ZOOM) return
    for (let row = 0; row < positions.size && written < MAX_PLATES; row += 1) {
      if (row !== selectedRow && within(row)) written += Number(this.plate(row, C.text))
    }
  }

  private plate(row: number, colour: string): boolean {
    const { longitudeDeg, latitudeDeg, plates, ids } = this.positions
    const at = this.map.project([longitudeDeg[row]!, latitudeDeg[row]!])
    const text = plates[row] || ids[row]!
    return this.write(text, at.x + 15, at.y, { size: 12, weight: 500, colour, spacing: 0, align: 'left' })
  }

  /** Writes a name where it fits; says whether it did. */
  private write(
    text: string,
    x: number,
    y: number,
    look: { size: number; weight: number; colour: string; spacing: number; align: CanvasTextAlign },
  ): boolean {
    const { pen } = this
    pen.font = `${look.weight} ${look.size}px ${FONT}`
    pen.letterSpacing = `${look.spacing}px`
    const width = pen.measureText(text).width
    const left = look.align === 'center' ? x - width / 2 : x
    const box = {
      left: left - 2,
      right: left + width + 2,
      top: y - look.size * 0.7,
      bottom: y + look.size * 0.7,
    }
    if (this.taken.some((other) => overlap(box, other))) return false
    this.taken.push(box)
    pen.textBaseline = 'middle'
    pen.textAlign = 'left'
    pen.strokeStyle = C.halo
    pen.lineWidth = 3
    pen.strokeText(text, left, y)
    pen.fillStyle = look.colour
    pen.fillText(text, left, y)
    return true
  }
}
