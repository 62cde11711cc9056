// What the desk's HTTP API says, in the API's own names. Times are ISO 8601 texts unless a name ends in _ms.

export type Level = 1 | 2 | 3

export type VehicleClass = 'unknown' | 'heavy_truck' | 'tour_coach' | 'line_coach' | 'hazmat'

/** One language text a side, as the desk names its rules. */
export interface Bilingual {
  zh: string
  en: string
}

export interface Alert {
  alert_id: string
  vehicle_id: string
  plate: string | null
  vehicle_class: string | null
  rule: string
  rule_name?: Bilingual | null
  level: number
  start: string
  found: string
  end: string | null
  longitude_deg: number
  latitude_deg: number
  evidence: string
  rulebook_version: string
  detail: Record<string, unknown>
  revision: number
  seq: number | string
  acknowledged_at: string | null
  acknowledged_by: string | null
  acknowledgement_note: string | null
}

export interface AlertPage {
  alerts: Alert[]
  cursor: string | null
}

export interface AlertRevision {
  revision: number
  kind: string
  at: string
  actor: string
}

export interface Position {
  vehicle_id: string
  plate?: string | null
  vehicle_class?: string | null
  time: string | number
  longitude_deg: number
  latitude_deg: number
  speed_kmh: number
  heading_deg: number
  altitude_m?: number
  alarm_bits?: number
  status_bits?: number
}

export interface Vehicle {
  vehicle_id: string
  plate: string | null
  plate_colour: number | null
  vehicle_class: string | null
  enterprise: string | null
  driver_id: string | null
  terminal_phone: string | null
  total_mass_kg: number | null
}

export interface TrackPoint {
  time: string
  longitude_deg: number
  latitude_deg: number
  speed_kmh: number
  heading_deg: number
}

export interface DeskConfig {
  tile_url: string | null
  languages?: string[]
  version: string
}

/** Where the newest word of the stream stands: a number in the API, kept as one here. */
export const sequence = (alert: Pick<Alert, 'seq'>): number => Number(alert.seq) || 0

export const timeMs = (text: string | number): number => (typeof text === 'number' ? text : Date.parse(text))
