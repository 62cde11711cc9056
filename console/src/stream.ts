// The live stream. Built on fetch rather than EventSource because an operator must be able to trust the word
// "live": fetch shows the server's heartbeat comments, so a link that died in silence is noticed, and every
// reconnect asks for exactly what follows the last alert seen (Last-Event-ID and ?after=).
import { EventParser, type ServerEvent } from './sse'

export type StreamState =
  { kind: 'connecting' } | { kind: 'live' } | { kind: 'reconnecting'; sinceMs: number; reason: string }

export interface StreamHandlers {
  onEvent: (event: ServerEvent) => void
  onState: (state: StreamState) => void
  /** The desk's own time, told at every connection. */
  onDate?: (dateHeader: string | null) => void
}

export interface StreamOptions extends StreamHandlers {
  url: string
  /** The cursor to go on from: read anew at every connection. */
  after: () => string
  fetch?: typeof fetch
  now?: () => number
}

/** The desk sends a comment every 15 s; two missed and a little more is a dead link. */
const SILENCE_MS = 35_000
/** A desk that is away is asked again soon, then more rarely, with a spread so that forty pages do not knock at once. */
const RETRY_FIRST_MS = 500
const RETRY_LAST_MS = 10_000

export const retryDelayMs = (attempt: number, spread: number): number =>
  Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** Math.min(attempt, 10)) * (0.75 + 0.5 * spread)

/** Opens the stream and keeps it open until the returned function is called. */
export function openStream(options: StreamOptions): () => void {
  const stop = new AbortController()
  const now = options.now ?? Date.now
  let lostAtMs: number | null = null

  const run = async (): Promise<void> => {
    options.onState({ kind: 'connecting' })
    for (let attempt = 0; !stop.signal.aborted; attempt += 1) {
      const reason = await readOnce(options, stop.signal, () => {
        attempt = 0
        lostAtMs = null
        options.onState({ kind: 'live' })
      })
      if (stop.signal.aborted) return
      lostAtMs ??= now()
      options.onState({ kind: 'reconnecting', sinceMs: lostAtMs, reason })
      await pause(retryDelayMs(attempt, Math.random()), stop.signal)
    }
  }
  void run()
  return () => stop.abort()
}

/** One connection, read until it ends; the answer says why it ended. */
async function readOnce(options: StreamOptions, stop: AbortSignal, onLive: () => void): Promise<string> {
  const connection = new AbortController()
  const end = (): void => connection.abort()
  stop.addEventListener('abort', end)
  let watchdog = setTimeout(end, SILENCE_MS)
  try {
    const after = options.after()
    const response = await (options.fetch ?? fetch)(`${options.url}?after=${encodeURIComponent(after)}`, {
      headers: { accept: 'text/event-stream', 'last-event-id': after },
      cache: 'no-store',
      signal: connection.signal,
    })
    if (!response.ok || !response.body) return `HTTP ${response.status}`
    options.onDate?.(response.headers.get('date'))
    onLive()
    const parser = new EventParser()
    const decoder = new TextDecoder()
    const reader = response.body.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return 'closed'
      clearTimeout(watchdog)
      watchdog = setTimeout(end, SILENCE_MS)
      parser.feed(decoder.decode(value, { stream: true })).forEach(options.onEvent)
    }
  } catch (error) {
    return connection.signal.aborted ? 'silent' : error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(watchdog)
    stop.removeEventListener('abort', end)
    end()
  }
}

const pause = (delayMs: number, stop: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      stop.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, delayMs)
    stop.addEventListener('abort', end)
  })
