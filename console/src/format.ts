// Numbers and times as people at this desk read them: Asia/Shanghai, 24 hours, units beside the number.

const ZONE = 'Asia/Shanghai'

const parts = new Intl.DateTimeFormat('en-CA', {
  timeZone: ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})

interface Moment {
  date: string
  time: string
}

export function moment(ms: number): Moment {
  if (!Number.isFinite(ms)) return { date: '–', time: '–' }
  const part = Object.fromEntries(parts.formatToParts(ms).map(({ type, value }) => [type, value]))
  return {
    date: `${part.year}-${part.month}-${part.day}`,
    time: `${part.hour}:${part.minute}:${part.second}`,
  }
}

/** The time of day; with month and day before it when that is not today. */
export function stamp(ms: number, nowMs: number): string {
  const { date, time } = moment(ms)
  return date === moment(nowMs).date ? time : `${date.slice(5)} ${time}`
}

const two = (n: number): string => String(n).padStart(2, '0')

/** 0:42, 12:05, 4:12:33; days are written as hours, because duty is counted in hours. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

export const count = (n: number): string => n.toLocaleString('en-US')

export const decimal = (n: number, digits: number): string =>
  n.toLocaleString('en-US', { maximumFractionDigits: digits, useGrouping: false })

const COMPASS = ['N', 'NE', 'E', 'SE', 'S', 'SW', 'W', 'NW'] as const

export type CompassPoint = (typeof COMPASS)[number]

export const compass = (headingDeg: number): CompassPoint =>
  COMPASS[Math.round((((headingDeg % 360) + 360) % 360) / 45) % 8]!

/** A file's size: 812 B, 96 kB, 3.1 MB. */
export function bytesText(size: number): string {
  if (size < 1_000) return `${size} B`
  return size < 1_000_000 ? `${Math.round(size / 1_000)} kB` : `${(size / 1_000_000).toFixed(1)} MB`
}
