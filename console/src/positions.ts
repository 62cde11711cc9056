// Where every vehicle is now: one column a quantity, one row a vehicle, so that 50,000 of them can be drawn and
// searched without an object each.
import { timeMs, type Position, type VehicleClass } from './model'

export const CLASSES: readonly VehicleClass[] = [
  'unknown',
  'heavy_truck',
  'tour_coach',
  'line_coach',
  'hazmat',
]

/** A vehicle whose newest report is younger than this counts as online (reports come every 10 to 30 s, and a
 * terminal in a tunnel is not yet a silent one). */
export const ONLINE_MS = 5 * 60_000

const FIRST_ROWS = 1024

export const classCode = (name: string): number => Math.max(0, CLASSES.indexOf(name as VehicleClass))

export class PositionStore {
  private readonly rows = new Map<string, number>()
  readonly ids: string[] = []
  readonly plates: string[] = []
  longitudeDeg = new Float64Array(FIRST_ROWS)
  latitudeDeg = new Float64Array(FIRST_ROWS)
  timeMs = new Float64Array(FIRST_ROWS)
  speedKmh = new Float32Array(FIRST_ROWS)
  headingDeg = new Float32Array(FIRST_ROWS)
  vehicleClass = new Uint8Array(FIRST_ROWS)
  alarmBits = new Uint32Array(FIRST_ROWS)
  statusBits = new Uint32Array(FIRST_ROWS)
  /** Goes up with every change, so that a drawing knows whether it is stale. */
  version = 0

  get size(): number {
    return this.ids.length
  }

  rowOf(vehicleId: string): number | undefined {
    return this.rows.get(vehicleId)
  }

  /** Takes reports in. A report older than the known one never moves a vehicle backward in time. */
  apply(positions: readonly Position[]): void {
    for (const position of positions) this.applyOne(position)
    if (positions.length > 0) this.version += 1
  }

  /** How many vehicles have reported within ONLINE_MS of `nowMs`. */
  online(nowMs: number): number {
    const since = nowMs - ONLINE_MS
    let count = 0
    for (let row = 0; row < this.size; row += 1) if (this.timeMs[row]! >= since) count += 1
    return count
  }

  private applyOne(position: Position): void {
    const time = timeMs(position.time)
    if (!Number.isFinite(time) || !isPlace(position.longitude_deg, position.latitude_deg)) return
    const row = this.rows.get(position.vehicle_id) ?? this.add(position.vehicle_id)
    if (time < this.timeMs[row]!) return
    this.timeMs[row] = time
    this.longitudeDeg[row] = position.longitude_deg
    this.latitudeDeg[row] = position.latitude_deg
    this.speedKmh[row] = position.speed_kmh
    this.headingDeg[row] = position.heading_deg
    this.alarmBits[row] = position.alarm_bits
    this.statusBits[row] = position.status_bits
    this.vehicleClass[row] = classCode(position.vehicle_class)
    this.plates[row] = position.plate ?? ''
  }

  private add(vehicleId: string): number {
    const row = this.ids.length
    if (row === this.longitudeDeg.length) this.grow()
    this.rows.set(vehicleId, row)
    this.ids.push(vehicleId)
    this.plates.push('')
    this.timeMs[row] = -Infinity
    return row
  }

  private grow(): void {
    const grown = <T extends { length: number; set(from: T): void }>(old: T, make: (n: number) => T): T => {
      const column = make(old.length * 2)
      column.set(old)
      return column
    }
    this.longitudeDeg = grown(this.longitudeDeg, (n) => new Float64Array(n))
    this.latitudeDeg = grown(this.latitudeDeg, (n) => new Float64Array(n))
    this.timeMs = grown(this.timeMs, (n) => new Float64Array(n))
    this.speedKmh = grown(this.speedKmh, (n) => new Float32Array(n))
    this.headingDeg = grown(this.headingDeg, (n) => new Float32Array(n))
    this.vehicleClass = grown(this.vehicleClass, (n) => new Uint8Array(n))
    this.alarmBits = grown(this.alarmBits, (n) => new Uint32Array(n))
    this.statusBits = grown(this.statusBits, (n) => new Uint32Array(n))
  }
}

const isPlace = (longitude: number, latitude: number): boolean =>
  Math.abs(longitude) <= 180 && Math.abs(latitude) <= 85
