// What a page must know before it is live: every alert that still asks for attention, however old, and the newest.
import { getAlerts, type AlertQuery } from './api'
import { sequence, type Alert } from './model'

const PAGE = 500
const NEWEST = 200
/** Bounds the loop: 10 pages of 500 is what the store holds. */
const MAX_PAGES = 10

export interface FirstLoad {
  alerts: Alert[]
  /** Where the stream goes on from. Taken first, so that nothing between it and the other answers is missed. */
  cursor: number
}

export async function firstLoad(get: typeof getAlerts = getAlerts): Promise<FirstLoad> {
  const newest = await get({ order: 'newest', limit: NEWEST })
  const [open, pending] = await Promise.all([
    everything(get, { state: 'open' }),
    get({ order: 'newest', acknowledged: 'false', limit: PAGE }).then((page) => page.alerts),
  ])
  const cursor = Math.max(Number(newest.cursor) || 0, ...newest.alerts.map(sequence))
  return { alerts: [...open, ...pending, ...newest.alerts], cursor }
}

async function everything(get: typeof getAlerts, query: AlertQuery): Promise<Alert[]> {
  const alerts: Alert[] = []
  let after: string | undefined
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await get({ ...query, after, limit: PAGE })
    alerts.push(...answer.alerts)
    if (answer.alerts.length < PAGE || answer.cursor === null || answer.cursor === after) break
    after = answer.cursor
  }
  return alerts
}
