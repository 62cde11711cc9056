import { describe, expect, it } from 'vitest'
import { EventParser } from '../src/sse'

const STREAM =
  'retry: 1000\n\n: heartbeat\n\nevent: positions\ndata: {"a":1}\n\nid: 7\nevent: alert\ndata: one\ndata: 二\n\n' +
  'data\n\nid: 8\r\nevent: alert\r\ndata:three\r\n\r\n'

const EVENTS = [
  { name: 'positions', data: '{"a":1}', id: '' },
  { name: 'alert', data: 'one\n二', id: '7' },
  { name: 'message', data: '', id: '7' },
  { name: 'alert', data: 'three', id: '8' },
]

describe('EventParser', () => {
  it('reads events, comments and both kinds of line ends', () => {
    expect(new EventParser().feed(STREAM)).toEqual(EVENTS)
  })

  it('gives the same events for any cut of the text', () => {
    for (let first = 0; first <= STREAM.length; first += 1) {
      const parser = new EventParser()
      const events = [...parser.feed(STREAM.slice(0, first)), ...parser.feed(STREAM.slice(first))]
      expect(events).toEqual(EVENTS)
    }
    const parser = new EventParser()
    expect([...STREAM].flatMap((character) => parser.feed(character))).toEqual(EVENTS)
  })

  it('gives no event before its blank line', () => {
    const parser = new EventParser()
    expect(parser.feed('event: alert\ndata: x\n')).toEqual([])
    expect(parser.feed('\n')).toHaveLength(1)
  })
})
