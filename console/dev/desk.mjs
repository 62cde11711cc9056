// A stand-in for the desk, for work on the page without database, broker and fleet: `npm run desk`, then `npm run dev`.
// It speaks the desk's HTTP API with invented vehicles that drive between cities and break rules now and then.
//
//   node dev/desk.mjs [--port 8080] [--vehicles 300] [--alerts-every 4] [--dist]     (--dist serves console/dist too)
import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { parseArgs } from 'node:util'
import { createFleet } from './fleet.mjs'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8080' },
    vehicles: { type: 'string', default: '300' },
    'alerts-every': { type: 'string', default: '4' },
    dist: { type: 'boolean', default: false },
  },
})
const fleet = createFleet(Number(values.vehicles))
const alerts = new Map()
const revisions = []
const clients = new Set()
let seq = 0

const iso = (ms) => new Date(ms + 8 * 3600_000).toISOString().slice(0, 19) + '+08:00'

function change(alert, kind, actor = 'worker') {
  seq += 1
  const next = { ...alert, seq, revision: alert.revision + 1 }
  alerts.set(next.alert_id, next)
  revisions.push({ ...next, kind, at: iso(Date.now()), actor })
  broadcast(`id: ${seq}\nevent: alert\ndata: ${JSON.stringify(revisions.at(-1))}\n\n`)
  return next
}

const broadcast = (text) => clients.forEach((client) => client.write(text))
const positionsEvent = (rows) => `event: positions\ndata: ${JSON.stringify({ positions: rows })}\n\n`

setInterval(() => {
  const moved = fleet.step(Date.now(), iso)
  if (moved.length > 0) broadcast(positionsEvent(moved))
}, 1000)
setInterval(() => broadcast(': heartbeat\n\n'), 15_000)

function breakRule() {
  change(fleet.invent(Date.now(), iso), 'open')
  const open = [...alerts.values()].filter((alert) => alert.end === null)
  if (open.length > 25) change({ ...open[Math.floor(Math.random() * 8)], end: iso(Date.now()) }, 'close')
}
for (let i = 0; i < 60; i += 1) breakRule()
setInterval(breakRule, Number(values['alerts-every']) * 1000)

const send = (response, body, status = 200) => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
const missing = (response) =>
  send(response, { error: { code: 'not_found', message_en: 'not found', message_zh: '不存在' } }, 404)

async function body(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString() || '{}')
}

function listAlerts(parameters) {
  const limit = Number(parameters.get('limit') ?? 100)
  const newest = parameters.get('order') === 'newest'
  const before = Number(parameters.get('before') ?? Infinity)
  const found = [...alerts.values()]
    .filter((alert) => alert.seq > Number(parameters.get('after') ?? 0) && alert.seq < before)
    .filter((alert) => parameters.get('state') !== 'open' || alert.end === null)
    .filter((alert) => parameters.get('acknowledged') !== 'false' || alert.acknowledged_at === null)
    .sort((a, b) => (newest ? b.seq - a.seq : a.seq - b.seq))
  const page = found.slice(0, limit)
  const next = newest && found.length > limit ? String(page.at(-1).seq) : null
  return { alerts: page, cursor: String(newest ? seq : (page.at(-1)?.seq ?? 0)), next }
}

function stream(request, response, parameters) {
  const after = Number(request.headers['last-event-id'] ?? parameters.get('after') ?? seq)
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write(positionsEvent(fleet.positions(iso)))
  for (const revision of revisions) {
    if (revision.seq > after)
      response.write(`id: ${revision.seq}\nevent: alert\ndata: ${JSON.stringify(revision)}\n\n`)
  }
  clients.add(response)
  response.on('close', () => clients.delete(response))
}

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }

function page(response, path) {
  const file = join('dist', normalize(path === '/' ? '/index.html' : path))
  if (!values.dist || !existsSync(file)) return missing(response)
  response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
  createReadStream(file).pipe(response)
}

async function answerAlert(request, response, alert, action) {
  if (!alert) return missing(response)
  if (action === 'revisions') {
    return send(response, { revisions: revisions.filter((one) => one.alert_id === alert.alert_id) })
  }
  if (action === 'evidence') return send(response, { files: [] })
  if (action !== 'acknowledge') return send(response, alert)
  const { operator, note } = await body(request)
  const signed = { acknowledged_at: iso(Date.now()), acknowledged_by: operator, acknowledgement_note: note }
  send(response, alert.acknowledged_at ? alert : change({ ...alert, ...signed }, 'acknowledge', operator))
}

async function answer(request, response) {
  const url = new URL(request.url, 'http://desk')
  const [, , noun, id, action] = url.pathname.split('/').map(decodeURIComponent)
  if (!url.pathname.startsWith('/api/')) return page(response, url.pathname)
  if (noun === 'config') return send(response, { tile_url: '', languages: ['zh', 'en'], version: 'dev' })
  if (noun === 'zones') return send(response, fleet.zones)
  if (noun === 'stream') return stream(request, response, url.searchParams)
  if (noun === 'alerts' && !id) return send(response, listAlerts(url.searchParams))
  if (noun === 'alerts') return answerAlert(request, response, alerts.get(id), action)
  if (noun === 'tracks') return send(response, { points: fleet.track(id, Date.now(), iso), next: null })
  if (noun === 'vehicles' && action === 'text') {
    const { text, operator } = await body(request)
    console.log(`text to ${id} by ${operator}: ${text}`)
    return send(response, { command_id: crypto.randomUUID() }, 202)
  }
  if (noun === 'commands') return send(response, { commands: [], next: null })
  if (noun === 'links') return send(response, { links: [] })
  if (noun === 'post-checks') return send(response, { post_checks: [], next: null })
  if (noun === 'supervisions') return send(response, { supervisions: [], next: null })
  if (noun === 'vehicles' && id) {
    const vehicle = fleet.vehicles.find((one) => one.vehicle_id === id)
    return vehicle ? send(response, vehicle) : missing(response)
  }
  if (noun === 'vehicles') {
    const wanted = (url.searchParams.get('query') ?? '').toUpperCase()
    const found = fleet.vehicles.filter((one) => `${one.plate} ${one.vehicle_id}`.includes(wanted))
    return send(response, {
      vehicles: found.slice(0, Number(url.searchParams.get('limit') ?? 100)),
      next: null,
    })
  }
  return missing(response)
}

createServer((request, response) => {
  answer(request, response).catch((error) => send(response, { error: { message_en: String(error) } }, 500))
}).listen(Number(values.port), '127.0.0.1', () => {
  console.log(`stand-in desk with ${fleet.vehicles.length} vehicles: http://127.0.0.1:${values.port}`)
})
