import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { announce, announcement } from '../src/announcer'
import { alertOf } from './samples'

describe('announce', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('says one alert by name, a burst as one count, and then falls silent', () => {
    announce([alertOf()])
    expect(announcement.value).toContain('苏A12345')
    announce([alertOf({ level: 3 })])
    announce([alertOf({ level: 1 }), alertOf()])
    expect(announcement.value).toContain('苏A12345')
    vi.advanceTimersByTime(4_000)
    expect(announcement.value).toContain('3')
    expect(announcement.value).toContain('一级')
    vi.advanceTimersByTime(4_000)
    expect(announcement.value).toBe('')
    vi.advanceTimersByTime(60_000)
    announce([alertOf()])
    expect(announcement.value).not.toBe('')
    vi.advanceTimersByTime(60_000)
  })
})
