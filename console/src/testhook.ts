// A read-only window into the page for browser tests and for support: `window.haulwatch` in the console.
import type { Session } from './session'

export interface TestHook {
  /** Newest position of every vehicle the page knows. */
  vehicles: () => { vehicle_id: string; longitude_deg: number; latitude_deg: number; time_ms: number }[]
  /** Ids of every alert the page knows. */
  alerts: () => string[]
  /** "connecting", "live" or "reconnecting". */
  stream: () => string
  /** The sequence number the stream has been read to. */
  cursor: () => string
}

declare global {
  interface Window {
    haulwatch?: TestHook
  }
}

export function exposeTestHook({ positions, alerts, stream }: Session): void {
  window.haulwatch = Object.freeze({
    vehicles: () =>
      positions.ids.map((vehicle_id, row) => ({
        vehicle_id,
        longitude_deg: positions.longitudeDeg[row]!,
        latitude_deg: positions.latitudeDeg[row]!,
        time_ms: positions.timeMs[row]!,
      })),
    alerts: () => alerts.all().map((alert) => alert.alert_id),
    stream: () => stream.value.kind,
    cursor: () => alerts.cursor,
  })
}
