// An alert's own fields, in words: `detail` holds a rule's findings with units last in their names.
import { levelOf } from './alerts'
import { decimal, duration } from './format'
import { fill, ruleName, language, t, word } from './i18n'
import type { Alert } from './model'

export interface Fact {
  name: string
  label: string
  text: string
}

const number = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null

/** Shown elsewhere, or of no use to a person. */
const HIDDEN = new Set([
  ...['zone_id', 'zone_name_en', 'route_id', 'route_name_en', 'bit', 'alarm', 'concerns', 'tyre_events'],
])

/** Told once in each language; the other one is hidden. */
const inOtherLanguage = (name: string): boolean =>
  ['alarm', 'tyre_events'].some((each) => name === `${each}_${language.value === 'zh' ? 'en' : 'zh'}`)

/** A field's value as text, by the unit its name ends in. */
export function fieldText(name: string, value: unknown): string {
  if (name === 'limit_source') return word(t.value.detail.sources, String(value))
  const n = number(value)
  if (Array.isArray(value)) return value.join(t.value.sep)
  if (value === true) return '✓'
  if (n === null) return typeof value === 'object' ? JSON.stringify(value) : String(value)
  if (name.endsWith('_kmh')) return `${decimal(n, 1)} km/h`
  if (name.endsWith('_km')) return `${decimal(n, 1)} km`
  if (name.endsWith('_m')) return n >= 10_000 ? `${decimal(n / 1000, 1)} km` : `${decimal(n, 0)} m`
  if (name.endsWith('_ms')) return duration(n)
  if (name.endsWith('_s')) return duration(n * 1000)
  if (name === 'tier_percent') return n > 0 ? `≥ ${decimal(n, 0)}%` : t.value.detail.lowestTier
  if (name.endsWith('_percent')) return `${decimal(n, 0)}%`
  return decimal(n, 3)
}

/** The order in which a person wants to read; a field the page does not know comes last. */
const reading = (name: string): number => {
  const place = Object.keys(t.value.detail.fields).indexOf(name)
  return place < 0 ? Infinity : place
}

export function facts(alert: Alert): Fact[] {
  return Object.entries(alert.detail)
    .filter(([name, value]) => !HIDDEN.has(name) && !inOtherLanguage(name) && value !== null && value !== '')
    .sort(([a], [b]) => Math.sign(reading(a) - reading(b)) || 0)
    .map(([name, value]) => ({
      name,
      label: word(t.value.detail.fields, name),
      text: named(alert, name) ?? fieldText(name, value),
    }))
}

/** Names that are told in both languages. */
function named(alert: Alert, name: string): string | undefined {
  if (name === 'zone_name') return zoneName(alert)
  if (name !== 'route_name') return undefined
  return String((language.value === 'en' && alert.detail.route_name_en) || alert.detail.route_name)
}

const zoneName = ({ detail }: Alert): string =>
  String((language.value === 'en' && detail.zone_name_en) || detail.zone_name || detail.zone_id || '')

/** Percent over the limit, for a speeding of any kind. */
const overPercent = (max: number, limit: number): number => Math.round((max / limit - 1) * 100)

/** The figure that matters most, short enough for a row of the queue. */
export function gist(alert: Alert): string {
  const max = number(alert.detail.max_speed_kmh)
  const limit = number(alert.detail.limit_kmh)
  const zone = zoneName(alert)
  if (max !== null && limit !== null) {
    return [`${decimal(max, 0)} / ${decimal(limit, 0)} km/h`, zone].filter(Boolean).join(' · ')
  }
  const driving = number(alert.detail.driving_s)
  if (driving !== null) return fill(t.value.detail.sentences.driving, { time: duration(driving * 1000) })
  return zone
}

/** One sentence that says why. */
export function sentenceWhy(alert: Alert): string {
  const max = number(alert.detail.max_speed_kmh)
  const limit = number(alert.detail.limit_kmh)
  if (max === null || limit === null || limit <= 0) {
    return [ruleName(alert), gist(alert)].filter(Boolean).join(t.value.colon)
  }
  const values = { max: decimal(max, 1), limit: decimal(limit, 1), over: overPercent(max, limit) }
  return fill(t.value.detail.sentences.speeding, values)
}

export const levelName = (alert: Pick<Alert, 'level'>): string => t.value.levels[levelOf(alert)]
