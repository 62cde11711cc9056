import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ServerEvent } from '../src/sse'
import { openStream, retryDelayMs, type StreamState } from '../src/stream'

/** A server that the test writes through, one connection after another. */
function fakeServer() {
  const asked: string[] = []
  const open: ReadableStreamDefaultController<Uint8Array>[] = []
  let status = 200
  const fetch = vi.fn((url: string, init: RequestInit) => {
    asked.push(url)
    if (status !== 200) return Promise.resolve(new Response(null, { status }))
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        open.push(controller)
        init.signal?.addEventListener('abort', () => controller.error(new Error('aborted')))
      },
    })
    return Promise.resolve(new Response(body))
  })
  return {
    asked,
    fetch: fetch as unknown as typeof globalThis.fetch,
    write: (text: string) => open.at(-1)?.enqueue(new TextEncoder().encode(text)),
    end: () => open.at(-1)?.close(),
    refuse: (code: number) => (status = code),
  }
}

describe('openStream', () => {
  let cursor = '5'
  const events: ServerEvent[] = []
  const states: StreamState[] = []
  let server = fakeServer()
  let stop = (): void => undefined

  beforeEach(() => {
    vi.useFakeTimers()
    cursor = '5'
    events.length = states.length = 0
    server = fakeServer()
    stop = openStream({
      url: '/api/stream',
      after: () => cursor,
      fetch: server.fetch,
      now: () => 1234,
      onEvent: (event) => events.push(event),
      onState: (state) => states.push(state),
    })
  })

  afterEach(() => {
    stop()
    vi.useRealTimers()
  })

  const settle = (ms = 0): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)

  it('goes live and hands events on, characters cut in the middle included', async () => {
    await settle()
    expect(states.map((state) => state.kind)).toEqual(['connecting', 'live'])
    server.write('event: alert\nid: 6\ndata: 超')
    await settle()
    server.write('速\n\n')
    await settle()
    expect(events).toEqual([{ name: 'alert', id: '6', data: '超速' }])
  })

  it('resumes from the newest cursor after a break, and says since when it was away', async () => {
    await settle()
    cursor = '9'
    server.end()
    await settle()
    expect(states.at(-1)).toEqual({ kind: 'reconnecting', sinceMs: 1234, reason: 'closed' })
    await settle(2_000)
    expect(states.at(-1)?.kind).toBe('live')
    expect(server.asked).toEqual(['/api/stream?after=5', '/api/stream?after=9'])
  })

  it('keeps asking a desk that refuses', async () => {
    await settle()
    server.refuse(503)
    server.end()
    await settle(60_000)
    expect(server.asked.length).toBeGreaterThan(4)
    expect(states.at(-1)).toMatchObject({ kind: 'reconnecting', reason: 'HTTP 503' })
    server.refuse(200)
    await settle(15_000)
    expect(states.at(-1)?.kind).toBe('live')
  })

  it('takes silence for a broken link, a heartbeat for a sound one', async () => {
    await settle()
    for (let i = 0; i < 6; i += 1) {
      await settle(15_000)
      server.write(': heartbeat\n\n')
    }
    expect(server.asked).toHaveLength(1)
    await settle(36_000)
    expect(states.some((state) => state.kind === 'reconnecting' && state.reason === 'silent')).toBe(true)
    expect(server.asked.length).toBeGreaterThan(1)
  })
})

describe('retryDelayMs', () => {
  it('grows to a bound and spreads', () => {
    expect(retryDelayMs(0, 0.5)).toBe(500)
    expect(retryDelayMs(3, 0.5)).toBe(4_000)
    expect(retryDelayMs(500, 0.5)).toBe(10_000)
    expect(retryDelayMs(500, 1)).toBe(12_500)
  })
})
