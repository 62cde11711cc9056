// One operator's session: reads what the desk knows, then follows its stream, and keeps both stores true.
import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import type { FeatureCollection } from 'geojson'
import { AlertStore, levelOf, type AlertCounts } from './alerts'
import { announce } from './announcer'
import { getConfig, getZones } from './api'
import { startClock, type Clock } from './clock'
import { firstLoad } from './first_load'
import type { Alert, DeskConfig, Position } from './model'
import { PositionStore } from './positions'
import type { ServerEvent } from './sse'
import { openStream, type StreamState } from './stream'

/** Events are applied together this often: a catch-up of thousands then costs one sort, not thousands. */
const FLUSH_MS = 120
const RETRY_MS = 3_000

export interface Session {
  alerts: AlertStore
  positions: PositionStore
  clock: Clock
  /** Goes up when alerts have changed; reads of the store in a computed must read this too. */
  alertsVersion: Ref<number>
  positionsVersion: Ref<number>
  stream: ShallowRef<StreamState>
  config: ShallowRef<DeskConfig | null>
  zones: ShallowRef<FeatureCollection | null>
  /** null while loading, "" when loaded, otherwise why it failed. */
  loadFailure: Ref<string | null>
  /** Whether more alerts ask for attention than this page has read. */
  truncated: Ref<boolean>
  counts: ComputedRef<AlertCounts>
  levels: ComputedRef<Map<string, number>>
  /** Ids that arrived by the stream, for a moment of light. */
  fresh: ShallowRef<ReadonlySet<string>>
  take: (alerts: readonly Alert[]) => void
  start: () => void
  stop: () => void
}

const FRESH_MS = 6_000

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, RETRY_MS))

export function createSession(): Session {
  const alerts = new AlertStore()
  const positions = new PositionStore()
  const clock = startClock()
  const alertsVersion = ref(0)
  const positionsVersion = ref(0)
  const stream = shallowRef<StreamState>({ kind: 'connecting' })
  const config = shallowRef<DeskConfig | null>(null)
  const zones = shallowRef<FeatureCollection | null>(null)
  const loadFailure = ref<string | null>(null)
  const truncated = ref(false)
  const fresh = shallowRef<ReadonlySet<string>>(new Set())
  const stops: (() => void)[] = [clock.stop]
  let stopped = false

  const take = (batch: readonly Alert[]): Alert[] => {
    const unknown = alerts.apply(batch)
    alertsVersion.value += 1
    return unknown
  }

  const light = (unknown: readonly Alert[]): void => {
    const ids = unknown.map((alert) => alert.alert_id)
    fresh.value = new Set([...fresh.value, ...ids])
    setTimeout(() => {
      fresh.value = new Set([...fresh.value].filter((id) => !ids.includes(id)))
    }, FRESH_MS)
  }

  const inbox = createInbox((newAlerts, newPositions, cursor) => {
    if (newAlerts.length > 0) {
      const unknown = take(newAlerts).filter((alert) => alert.acknowledged_at === null)
      alerts.advance(cursor)
      if (unknown.length > 0) light(unknown)
      announce(unknown)
    }
    if (newPositions.length > 0) {
      positions.apply(newPositions)
      positionsVersion.value += 1
    }
  })

  // The desk's database is another than the one our cursor came from: what we know is of no worth.
  const startAnew = (): void => {
    alerts.clear()
    void loadAlerts()
  }

  const follow = (): void => {
    stops.push(
      openStream({
        url: '/api/stream',
        after: () => alerts.cursor,
        onEvent: (event) => (event.name === 'reset' ? startAnew() : inbox.receive(event)),
        onState: (state) => (stream.value = state),
        onDate: (header) => clock.learn(header, Date.now()),
      }),
    )
  }

  const loadAlerts = async (): Promise<void> => {
    while (!stopped) {
      try {
        const loaded = await firstLoad()
        take(loaded.alerts)
        alerts.advance(loaded.cursor)
        truncated.value = loaded.truncated
        loadFailure.value = ''
        return
      } catch (error) {
        loadFailure.value = error instanceof Error ? error.message : String(error)
        await pause()
      }
    }
  }

  const loadZones = async (): Promise<void> => {
    while (!stopped && zones.value === null) {
      await getZones().then((answer) => (zones.value = answer), pause)
    }
  }

  return {
    alerts,
    positions,
    clock,
    alertsVersion,
    positionsVersion,
    stream,
    config,
    zones,
    loadFailure,
    truncated,
    fresh,
    take,
    counts: computed(() => (alertsVersion.value, alerts.counts())),
    levels: computed(() => (alertsVersion.value, openLevels(alerts.all()))),
    start: () => {
      void loadAlerts().then(() => stopped || follow())
      void loadZones()
      void getConfig().then(
        (answer) => (config.value = answer),
        // A desk that does not tell its settings still serves alerts: the page goes on with the offline map.
        () => (config.value = { tile_url: '', languages: [], version: '' }),
      )
    },
    stop: () => {
      stopped = true
      for (const stop of stops) stop()
    },
  }
}

/** Gravest open alert of each vehicle. */
export function openLevels(alerts: readonly Alert[]): Map<string, number> {
  const levels = new Map<string, number>()
  for (const alert of alerts) {
    if (alert.end !== null) continue
    levels.set(alert.vehicle_id, Math.min(levels.get(alert.vehicle_id) ?? 3, levelOf(alert)))
  }
  return levels
}

/** Gathers stream events and hands them over together. */
function createInbox(flush: (alerts: Alert[], positions: Position[], cursor: number) => void): {
  receive: (event: ServerEvent) => void
} {
  let alerts: Alert[] = []
  let positions: Position[] = []
  let cursor = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const hand = (): void => {
    timer = undefined
    const [a, p] = [alerts, positions]
    alerts = []
    positions = []
    flush(a, p, cursor)
  }
  const sort = (event: ServerEvent): void => {
    if (event.name === 'alert') {
      const alert = JSON.parse(event.data) as Alert
      alerts.push(alert)
      cursor = Math.max(cursor, alert.seq)
    } else if (event.name === 'positions') {
      // Not spread into push: a first event may hold more positions than a call takes arguments.
      positions = positions.concat((JSON.parse(event.data) as { positions: Position[] }).positions)
    }
  }
  return {
    receive: (event) => {
      try {
        sort(event)
      } catch (error) {
        // One event that cannot be read must not cost the ones behind it.
        console.error('stream: unreadable event', event.name, event.id, error)
      }
      timer ??= setTimeout(hand, FLUSH_MS)
    },
  }
}
