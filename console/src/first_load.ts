// What a page must know before it is live: every alert that still asks for attention, however old, and the newest.
import { getAlerts, type AlertQuery } from './api'
import type { Alert } from './model'

const PAGE = 1000
const NEWEST = 200
/** Bounds the loops; with both of them full the store is, too. */
const MAX_PAGES = 5

export interface FirstLoad {
  alerts: Alert[]
  /** Where the stream goes on from. Taken first, so that nothing between it and the other answers is missed. */
  cursor: number
  /** Whether there are more that ask for attention than this page reads. */
  truncated: boolean
}

export async function firstLoad(get: typeof getAlerts = getAlerts): Promise<FirstLoad> {
  const newest = await get({ order: 'newest', limit: NEWEST })
  const open = await pages(get, { state: 'open' })
  const pending = await pages(get, { acknowledged: 'false' })
  return {
    alerts: [...open.alerts, ...pending.alerts, ...newest.alerts],
    cursor: Number(newest.cursor) || 0,
    truncated: open.truncated || pending.truncated,
  }
}

async function pages(
  get: typeof getAlerts,
  query: AlertQuery,
): Promise<{ alerts: Alert[]; truncated: boolean }> {
  const alerts: Alert[] = []
  let before: string | undefined
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await get({ ...query, order: 'newest', before, limit: PAGE })
    alerts.push(...answer.alerts)
    if (answer.next === null) return { alerts, truncated: false }
    before = answer.next
  }
  return { alerts, truncated: true }
}
