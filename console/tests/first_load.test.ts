import { describe, expect, it } from 'vitest'
import type { AlertQuery } from '../src/api'
import { firstLoad } from '../src/first_load'
import type { AlertPage } from '../src/model'
import { alertOf } from './samples'

/** A desk with `total` alerts, all open and unacknowledged; sequence numbers from 1. */
const desk =
  (total: number, asked: AlertQuery[] = []) =>
  (query: AlertQuery): Promise<AlertPage> => {
    asked.push(query)
    const first = Math.min(total, Number(query.before ?? Infinity) - 1)
    const n = Math.min(first, query.limit ?? 100)
    const alerts = Array.from({ length: n }, (_, i) => alertOf({ alert_id: `a${first - i}`, seq: first - i }))
    const next = first > n ? String(first - n + 1) : null
    return Promise.resolve({ alerts, cursor: String(total), next })
  }

describe('firstLoad', () => {
  it('reads all that asks for attention, however old, and where the stream goes on', async () => {
    const asked: AlertQuery[] = []
    const { alerts, cursor, truncated } = await firstLoad(desk(2500, asked))
    expect(new Set(alerts.map((alert) => alert.alert_id)).size).toBe(2500)
    expect(cursor).toBe(2500)
    expect(truncated).toBe(false)
    expect(asked[0]).toEqual({ order: 'newest', limit: 200 })
  })

  it('is bounded, and says when there is more', async () => {
    expect((await firstLoad(desk(5001))).truncated).toBe(true)
  })

  it('takes an empty desk', async () => {
    expect(await firstLoad(desk(0))).toEqual({ alerts: [], cursor: 0, truncated: false })
  })
})
