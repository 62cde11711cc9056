// The alerts this page knows. A plain store: the newest revision of each alert wins, whatever order they come in.
import { timeMs, type Alert } from './model'

/** A page keeps no more than this; the oldest that are both over and acknowledged leave first, and what must
 * leave though it is not is counted, never hidden. */
export const CAPACITY = 10_000

export interface AlertCounts {
  open: number
  unacknowledged: number
  /** Unacknowledged by level: index 1 to 3. */
  byLevel: [number, number, number, number]
}

const isSettled = (alert: Alert): boolean => alert.end !== null && alert.acknowledged_at !== null

export class AlertStore {
  private readonly byId = new Map<string, Alert>()
  private head = 0
  /** How many alerts that still ask for attention had to leave for want of room. */
  dropped = 0

  constructor(private readonly capacity = CAPACITY) {}

  /** Takes alerts in; returns those that this page had not known before. */
  apply(alerts: readonly Alert[]): Alert[] {
    const fresh: Alert[] = []
    for (const alert of alerts) {
      const known = this.byId.get(alert.alert_id)
      if (known && !isNewer(alert, known)) continue
      if (!known) fresh.push(alert)
      this.byId.set(alert.alert_id, alert)
    }
    if (this.byId.size > this.capacity) this.makeRoom()
    return fresh
  }

  /** Where the stream has been read to; the next connection asks for what follows. */
  get cursor(): string {
    return String(this.head)
  }

  /** Moves the cursor on. Only what was read without a hole may move it: the stream, and the page that it goes on
   * from. An answer to any other request may hold alerts newer than some that are still to come. */
  advance(cursor: number): void {
    this.head = Math.max(this.head, cursor || 0)
  }

  /** Forgets everything: the desk has another database than before. */
  clear(): void {
    this.byId.clear()
    this.head = this.dropped = 0
  }

  get(alertId: string): Alert | undefined {
    return this.byId.get(alertId)
  }

  all(): Alert[] {
    return [...this.byId.values()]
  }

  counts(): AlertCounts {
    const counts: AlertCounts = { open: 0, unacknowledged: 0, byLevel: [0, 0, 0, 0] }
    for (const alert of this.byId.values()) {
      if (alert.end === null) counts.open += 1
      if (alert.acknowledged_at !== null) continue
      counts.unacknowledged += 1
      counts.byLevel[levelOf(alert)] += 1
    }
    return counts
  }

  private makeRoom(): void {
    const order = this.all().sort((a, b) => Number(isSettled(b)) - Number(isSettled(a)) || a.seq - b.seq)
    for (const alert of order.slice(0, this.byId.size - this.capacity)) {
      this.byId.delete(alert.alert_id)
      if (!isSettled(alert)) this.dropped += 1
    }
  }
}

const isNewer = (alert: Alert, known: Alert): boolean =>
  alert.revision > known.revision || (alert.revision === known.revision && alert.seq >= known.seq)

/** A level of this page: 1 is the gravest, and what is outside 1 to 3 is shown as the nearest. */
export const levelOf = (alert: Pick<Alert, 'level'>): 1 | 2 | 3 =>
  alert.level <= 1 ? 1 : alert.level >= 3 ? 3 : 2

export const durationMs = (alert: Pick<Alert, 'start' | 'end'>, nowMs: number): number =>
  Math.max(0, (alert.end === null ? nowMs : timeMs(alert.end)) - timeMs(alert.start))
