import { describe, expect, it } from 'vitest'
import { hold, isNarrowed, matches, NO_FILTER, ranked } from '../src/queue'
import { alertOf } from './samples'

const SIGNED = { acknowledged_at: '2026-11-22T09:00:00+08:00', acknowledged_by: '王芳' }
const at = (minute: number): string => `2026-11-22T08:${String(minute).padStart(2, '0')}:00+08:00`
const ids = (alerts: { alert_id: string }[]): string => alerts.map((alert) => alert.alert_id).join(' ')
const ALL = { ...NO_FILTER, tab: 'all' as const }

describe('ranked', () => {
  it('puts the unacknowledged first, then the gravest, then the newest', () => {
    const alerts = [
      alertOf({ alert_id: 'signed-1', level: 1, found: at(9), ...SIGNED }),
      alertOf({ alert_id: 'mild', level: 3, found: at(8) }),
      alertOf({ alert_id: 'grave-old', level: 1, found: at(1) }),
      alertOf({ alert_id: 'grave-new', level: 1, found: at(2) }),
      alertOf({ alert_id: 'signed-2', level: 2, found: at(9), ...SIGNED }),
    ]
    expect(ids(ranked(alerts, ALL))).toBe('grave-new grave-old mild signed-1 signed-2')
    expect(ids(ranked([...alerts].reverse(), ALL))).toBe('grave-new grave-old mild signed-1 signed-2')
  })

  it('compares times, not texts', () => {
    const alerts = [
      alertOf({ alert_id: 'utc', found: '2026-11-22T01:00:00Z' }),
      alertOf({ alert_id: 'shanghai', found: '2026-11-22T08:59:59.500+08:00' }),
    ]
    expect(ids(ranked(alerts, ALL))).toBe('utc shanghai')
  })
})

describe('matches', () => {
  const open = alertOf()
  const ended = alertOf({ end: at(9) })
  const signed = alertOf(SIGNED)

  it('knows the tabs', () => {
    expect([open, ended, signed].map((alert) => matches(alert, NO_FILTER))).toEqual([true, true, false])
    const inOpen = { ...ALL, tab: 'open' as const }
    expect([open, ended, signed].map((alert) => matches(alert, inOpen))).toEqual([true, false, true])
  })

  it('filters by level, rule and part of plate or id', () => {
    expect(matches(open, { ...ALL, levels: new Set([1]) })).toBe(false)
    expect(matches(open, { ...ALL, rule: 'zone_enter' })).toBe(false)
    expect(matches(open, { ...ALL, rule: 'speeding', text: ' a123 ' })).toBe(true)
    expect(matches(open, { ...ALL, text: 'sim-0' })).toBe(true)
    expect(matches(open, { ...ALL, text: '苏B' })).toBe(false)
  })

  it('says when a filter hides something beyond the tab', () => {
    expect(isNarrowed({ ...NO_FILTER, tab: 'open' })).toBe(false)
    expect(isNarrowed({ ...NO_FILTER, rule: 'speeding' })).toBe(true)
  })
})

describe('hold', () => {
  it('keeps the order, changes in place, drops what is gone and counts newcomers', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((alert_id) => alertOf({ alert_id }))
    const changed = { ...b!, end: at(5) }
    expect(hold([c!, changed], ['a', 'b'])).toEqual({ shown: [changed], waiting: 1 })
    expect(hold([a!, b!], ['b', 'a'])).toEqual({ shown: [b, a], waiting: 0 })
  })
})
