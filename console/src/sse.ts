// Server-sent events (WHATWG HTML, 9.2.6) as a pure parser: text in, events out, any cut of the text alike.
// Lines end in LF or CRLF; a lone CR, which the standard allows too, no server of ours sends.

export interface ServerEvent {
  name: string
  data: string
  /** The newest `id` seen on this stream, "" before the first. */
  id: string
}

/** A longer event than this is no event of ours; the parser says so instead of growing without end.
 * 200,000 positions in the first event are about 40 MB. */
const MAX_EVENT_CHARS = 128 * 1024 * 1024

export class EventParser {
  private rest = ''
  private name = ''
  private data: string[] = []
  private size = 0
  private id = ''

  /** The events that `text` completes. Throws RangeError when one event grows past every bound. */
  feed(text: string): ServerEvent[] {
    const events: ServerEvent[] = []
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      const line = this.rest + text.slice(start, end)
      this.line(line.endsWith('\r') ? line.slice(0, -1) : line, events)
      this.rest = ''
      start = end + 1
    }
    this.rest += text.slice(start)
    if (this.rest.length + this.size > MAX_EVENT_CHARS) throw new RangeError('event stream: event too long')
    return events
  }

  private line(line: string, events: ServerEvent[]): void {
    if (line === '') return this.dispatch(events)
    const colon = line.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1))
    if (field === 'event') this.name = value
    else if (field === 'id' && !value.includes('\0')) this.id = value
    else if (field === 'data') {
      this.data.push(value)
      this.size += value.length
    }
  }

  private dispatch(events: ServerEvent[]): void {
    if (this.data.length > 0) {
      events.push({ name: this.name || 'message', data: this.data.join('\n'), id: this.id })
    }
    this.name = ''
    this.data = []
    this.size = 0
  }
}
