import { afterEach, describe, expect, it, vi } from 'vitest'
import { links, postChecks, readExchange, supervisions } from '../src/exchange'

const answers = (bodies: Record<string, unknown>) =>
  vi.fn((path: string) => {
    const key = Object.keys(bodies).find((each) => path.startsWith(each))
    const body = key === undefined ? { error: { message_en: 'down' } } : bodies[key]
    return Promise.resolve(new Response(JSON.stringify(body), { status: key === undefined ? 503 : 200 }))
  })

const check = (name: string, due: string) => ({ post_check_id: name, due, question: '?', state: 'waiting' })

afterEach(() => vi.unstubAllGlobals())

describe('the exchange', () => {
  it('puts what is due first at the top, and asks only for what waits on us', async () => {
    const fetch = answers({
      '/api/post-checks': {
        post_checks: [check('b', '2026-11-22T10:05:00Z'), check('a', '2026-11-22T10:01:00Z')],
      },
      '/api/supervisions?state=open': { supervisions: [{ case_id: 'x', due: '2026-11-22T12:00:00Z' }] },
      '/api/supervisions?state=working': { supervisions: [{ case_id: 'y', due: '2026-11-22T11:00:00Z' }] },
      '/api/links': { links: [{ link: 'ministry', state: 'up' }] },
    })
    vi.stubGlobal('fetch', fetch)
    await readExchange()
    expect(postChecks.value.map((one) => one.post_check_id)).toEqual(['a', 'b'])
    expect(supervisions.value.map((one) => one.case_id)).toEqual(['y', 'x'])
    expect(links.value.map((one) => one.link)).toEqual(['ministry'])
    expect(fetch.mock.calls.every(([path]) => path === '/api/links' || path.includes('direction=in'))).toBe(
      true,
    )
  })

  it('keeps what it knows when the desk cannot answer', async () => {
    vi.stubGlobal('fetch', answers({ '/api/links': { links: [] } }))
    await readExchange()
    expect(postChecks.value).toHaveLength(2)
    expect(links.value).toHaveLength(0)
  })
})
