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
  rule_name: Bilingual
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
  seq: number
  acknowledged_at: string | null
  acknowledged_by: string | null
  acknowledgement_note: string | null
}

export interface AlertPage {
  alerts: Alert[]
  /** Behind the last change of this page (order=oldest) or of all alerts (order=newest). */
  cursor: string
  /** With order=newest: hand back as `before` for older ones; null on the last page. */
  next: string | null
}

export interface AlertRevision {
  revision: number
  kind: string
  at: string
  actor: string
}

export interface Position {
  vehicle_id: string
  plate: string | null
  vehicle_class: string
  time: string
  longitude_deg: number
  latitude_deg: number
  speed_kmh: number
  heading_deg: number
  altitude_m: number
  alarm_bits: number
  status_bits: number
}

export interface Vehicle {
  vehicle_id: string
  plate: string
  plate_colour: number
  vehicle_class: string
  enterprise: string
  /** Empty when none is assigned. */
  driver_id: string
  terminal_phone: string
  /** 0 when not known. */
  total_mass_kg: number
}

export interface TrackPoint {
  time: string
  longitude_deg: number
  latitude_deg: number
  speed_kmh: number
  heading_deg: number
}

export interface DeskConfig {
  /** Empty: no tile server, the built-in outlines. */
  tile_url: string
  languages: string[]
  version: string
}

export const timeMs = (text: string): number => Date.parse(text)
