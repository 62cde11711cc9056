// The queue: which alerts an operator sees, and in what order.
import { levelOf } from './alerts'
import { timeMs, type Alert } from './model'

export type Tab = 'pending' | 'open' | 'all'

export interface Filter {
  tab: Tab
  /** Levels that are shown. */
  levels: ReadonlySet<number>
  /** A rule's name, or null for every rule. */
  rule: string | null
  /** Part of a plate or vehicle id, case ignored. */
  text: string
}

export const NO_FILTER: Filter = { tab: 'pending', levels: new Set([1, 2, 3]), rule: null, text: '' }

const inTab: Record<Tab, (alert: Alert) => boolean> = {
  pending: (alert) => alert.acknowledged_at === null,
  open: (alert) => alert.end === null,
  all: () => true,
}

export const isNarrowed = (filter: Filter): boolean =>
  filter.levels.size < 3 || filter.rule !== null || filter.text !== ''

export function matches(alert: Alert, filter: Filter): boolean {
  if (!inTab[filter.tab](alert) || !filter.levels.has(levelOf(alert))) return false
  if (filter.rule !== null && alert.rule !== filter.rule) return false
  const wanted = filter.text.trim().toLowerCase()
  return wanted === '' || `${alert.plate ?? ''} ${alert.vehicle_id}`.toLowerCase().includes(wanted)
}

/** Unacknowledged before acknowledged, then the gravest level, then the newest. */
export function ranked(alerts: readonly Alert[], filter: Filter): Alert[] {
  return alerts
    .filter((alert) => matches(alert, filter))
    .map((alert) => ({
      alert,
      rank: levelOf(alert) + (alert.acknowledged_at === null ? 0 : 3),
      found: timeMs(alert.found),
    }))
    .sort((a, b) => a.rank - b.rank || b.found - a.found || (a.alert.alert_id < b.alert.alert_id ? -1 : 1))
    .map(({ alert }) => alert)
}

/** Under the operator's hand rows must not jump: the order stays as `heldIds` has it, alerts change in place, and
 * newcomers wait. Returns what to show and how many wait. */
export function hold(
  current: readonly Alert[],
  heldIds: readonly string[],
): { shown: Alert[]; waiting: number } {
  const byId = new Map(current.map((alert) => [alert.alert_id, alert]))
  const shown = heldIds.flatMap((id) => byId.get(id) ?? [])
  return { shown, waiting: current.length - shown.length }
}
