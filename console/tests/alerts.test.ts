import { describe, expect, it } from 'vitest'
import { AlertStore, durationMs, levelOf } from '../src/alerts'
import { openLevels } from '../src/session'
import { alertOf } from './samples'

const END = '2026-11-22T08:10:00+08:00'
const SIGNED = { acknowledged_at: END, acknowledged_by: '王芳' }

describe('AlertStore', () => {
  it('keeps the newest revision, whatever order they come in', () => {
    const revisions = [1, 2, 3].map((revision) =>
      alertOf({ revision, seq: revision * 10, end: revision === 3 ? END : null }),
    )
    const orders = [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
      [0, 2, 1, 2, 0],
    ]
    for (const order of orders) {
      const store = new AlertStore()
      for (const i of order) store.apply([revisions[i]!])
      expect(store.all()).toEqual([revisions[2]])
    }
  })

  it('tells which alerts it had not known', () => {
    const store = new AlertStore()
    expect(store.apply([alertOf(), alertOf({ revision: 2, seq: 2 })])).toHaveLength(1)
    expect(store.apply([alertOf({ revision: 3, seq: 3 })])).toHaveLength(0)
  })

  it('moves its cursor only where told, so that a single answer never hides what is still to come', () => {
    const store = new AlertStore()
    store.advance(100)
    store.apply([alertOf({ seq: 103 })])
    expect(store.cursor).toBe('100')
    store.advance(104)
    store.advance(102)
    expect(store.cursor).toBe('104')
  })

  it('makes room from the settled, oldest first, and counts what leaves unsettled', () => {
    const store = new AlertStore(3)
    store.apply([
      alertOf({ alert_id: 'old', seq: 1 }),
      alertOf({ alert_id: 'done', seq: 2, end: END, ...SIGNED }),
      alertOf({ alert_id: 'b', seq: 3 }),
      alertOf({ alert_id: 'c', seq: 4 }),
    ])
    expect(store.all().map((alert) => alert.alert_id)).toEqual(['old', 'b', 'c'])
    expect(store.dropped).toBe(0)
    store.apply([alertOf({ alert_id: 'd', seq: 5 })])
    expect(store.all().map((alert) => alert.alert_id)).toEqual(['b', 'c', 'd'])
    expect(store.dropped).toBe(1)
  })

  it('counts the open and, by level, the unacknowledged', () => {
    const store = new AlertStore()
    store.apply([
      alertOf({ alert_id: 'a', level: 1 }),
      alertOf({ alert_id: 'b', level: 3, end: END }),
      alertOf({ alert_id: 'c', level: 3, ...SIGNED }),
    ])
    expect(store.counts()).toEqual({ open: 2, unacknowledged: 2, byLevel: [0, 1, 0, 1] })
  })
})

describe('an alert', () => {
  it('lasts until its end, or until now', () => {
    const nowMs = Date.parse('2026-11-22T08:02:00+08:00')
    expect(durationMs(alertOf(), nowMs)).toBe(120_000)
    expect(durationMs(alertOf({ end: END }), nowMs)).toBe(600_000)
    expect(durationMs(alertOf(), nowMs - 3_600_000)).toBe(0)
  })

  it('has a level from 1 to 3', () => {
    expect([-1, 1, 2, 3, 9].map((level) => levelOf({ level }))).toEqual([1, 1, 2, 3, 3])
  })

  it('marks its vehicle with the gravest that is open', () => {
    const alerts = [
      alertOf({ alert_id: 'a', level: 3 }),
      alertOf({ alert_id: 'b', level: 2 }),
      alertOf({ alert_id: 'c', level: 1, end: END }),
      alertOf({ alert_id: 'd', level: 1, vehicle_id: 'V2' }),
    ]
    expect([...openLevels(alerts)]).toEqual([
      ['SIM-00001', 2],
      ['V2', 1],
    ])
  })
})
