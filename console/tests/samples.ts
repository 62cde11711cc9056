import type { Alert } from '../src/model'

/** An alert with every field, changed as a test needs it. */
export function alertOf(changes: Partial<Alert> = {}): Alert {
  return {
    alert_id: 'a-1',
    vehicle_id: 'SIM-00001',
    plate: '苏A12345',
    vehicle_class: 'heavy_truck',
    rule: 'speeding',
    rule_name: { zh: '超速', en: 'Speeding' },
    level: 2,
    start: '2026-11-22T08:00:00+08:00',
    found: '2026-11-22T08:00:30+08:00',
    end: null,
    longitude_deg: 118.8,
    latitude_deg: 32.05,
    evidence: 'complete',
    rulebook_version: '2026.1',
    detail: { max_speed_kmh: 96, limit_kmh: 80, limit_source: 'class' },
    revision: 1,
    seq: 1,
    acknowledged_at: null,
    acknowledged_by: null,
    acknowledgement_note: null,
    ...changes,
  }
}
