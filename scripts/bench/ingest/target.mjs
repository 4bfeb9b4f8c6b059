// A program to scrape: node target.mjs SERIES service|workers. Says its port on stdout. Each path is a world of its own that goes
// one step on with each scrape, so that two programs read the same values, and the text is made before it is asked for.
// After GET /quiet it answers no scrape any more.
import { createServer } from 'node:http'

const NEWLINE = 10
const POINT = 46
const ZERO = 48
const MAX_NUMBER_BYTES = 24
const AREAS = ['http_server', 'grpc_client', 'db_pool', 'queue_worker', 'cache_store']
const WHATS = [
  { name: 'requests_total', type: 'counter', walk: 'busy' },
  { name: 'received_bytes_total', type: 'counter', walk: 'bytes' },
  { name: 'errors_total', type: 'counter', walk: 'rare' },
  { name: 'retries_total', type: 'counter', walk: 'rare' },
  { name: 'panics_total', type: 'counter', walk: 'never' },
  { name: 'latency_seconds', type: 'gauge', walk: 'latency' },
  { name: 'busy_seconds_total', type: 'counter', walk: 'seconds' },
  { name: 'in_flight', type: 'gauge', walk: 'level' },
  { name: 'memory_bytes', type: 'gauge', walk: 'memory' },
  { name: 'limit_bytes', type: 'gauge', walk: 'never' },
]
const ROUTES = [
  'orders',
  'customers',
  'invoices',
  'baskets',
  'articles',
  'payments',
  'returns',
  'reviews',
  'prices',
  'stock',
]
const CODES = ['200', '201', '404', '500', '503']

/** Fifty metrics of a service on many pods, about 114 bytes a line. */
function* service(count) {
  const each = count / (AREAS.length * WHATS.length)
  for (const area of AREAS) {
    for (const { name, type, walk } of WHATS) {
      yield { comment: `# HELP ${area}_${name} What ${area} counts.\n# TYPE ${area}_${name} ${type}\n` }
      for (let i = 0; i < each; i++) {
        const route = `/api/v1/${ROUTES[i % 10]}${i % 20 < 10 ? '' : '/{id}'}`
        const pod = `shop-${String(Math.floor(i / 100)).padStart(3, '0')}-7d9f6c5b8-x2x4q`
        const labels = `method="${i % 20 < 10 ? 'GET' : 'POST'}",route="${route}",code="${CODES[Math.floor(i / 20) % 5]}",pod="${pod}"`
        yield { series: `${area}_${name}{${labels}} `, walk }
      }
    }
  }
}

/** Many metrics of twenty series each; of every fiftieth one series is high, of every tenth one now and then. */
function* workers(count) {
  for (let metric = 0; metric < count / 20; metric++) {
    const name = `worker_${String(metric).padStart(3, '0')}_queue_length`
    yield { comment: `# HELP ${name} Waiting tasks.\n# TYPE ${name} gauge\n` }
    for (let pod = 0; pod < 20; pod++) {
      const walk = pod > 0 ? 'level' : metric % 50 === 0 ? 'high' : metric % 10 === 0 ? 'wave' : 'level'
      yield { series: `${name}{pod="worker-${pod}",zone="eu-west-1${'abc'[pod % 3]}"} `, walk }
    }
  }
}

/** How a value goes on: `[next whole number, decimals]` from the last one, a random number below 1 and the step. */
const WALKS = {
  busy: [(value, random) => value + Math.floor(random * 60), 0],
  bytes: [(value, random) => value + Math.floor(random * 60_000), 0],
  rare: [(value, random) => value + (random < 0.02 ? 1 : 0), 0],
  never: [(value) => value, 0],
  latency: [(_, random) => Math.floor(random * random * 900), 3],
  seconds: [(value, random) => value + Math.floor(random * 200), 2],
  level: [(_, random) => Math.floor(random * 40), 0],
  memory: [(value, random) => Math.max(0, value + Math.floor(random * 64 - 32) * 4096), 0],
  high: [() => 95, 0],
  wave: [(_, random, step) => Math.floor(random * 40) + (step % 8 < 3 ? 55 : 0), 0],
}

class World {
  #lines
  #values
  #state = 0x9e3779b9
  #step = 0
  #next

  constructor(lines) {
    this.#lines = lines
    this.#values = Float64Array.from(lines, (_, i) => 1000 + (i % 97) * 1009)
    this.#next = this.#write()
  }

  /** The text now; the next one is made a moment later, while nobody waits. */
  take() {
    const body = this.#next
    this.#next = undefined
    setTimeout(() => {
      this.#next ??= this.#write()
    }, 150)
    return body ?? this.#write()
  }

  #random() {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) / 4_294_967_296
  }

  #write() {
    this.#step++
    let size = 0
    for (const { text } of this.#lines) size += text.length + MAX_NUMBER_BYTES
    const body = Buffer.allocUnsafe(size)
    let at = 0
    for (const [i, { text, walk }] of this.#lines.entries()) {
      body.set(text, at)
      at += text.length
      if (walk === undefined) continue
      const [next, decimals] = WALKS[walk]
      const whole = next(this.#values[i], this.#random(), this.#step)
      this.#values[i] = whole
      at = writeNumber(body, at, whole, decimals)
      body[at++] = NEWLINE
    }
    return body.subarray(0, at)
  }
}

function writeNumber(body, start, whole, decimals) {
  const digits = Math.max(String(whole).length, decimals + 1) + (decimals > 0 ? 1 : 0)
  let rest = whole
  for (let at = start + digits - 1, place = 0; at >= start; at--, place++) {
    if (decimals > 0 && place === decimals) {
      body[at] = POINT
      continue
    }
    body[at] = ZERO + (rest % 10)
    rest = Math.floor(rest / 10)
  }
  return start + digits
}

const [count, shape] = process.argv.slice(2)
const lines = Array.from({ service, workers }[shape](Number(count)), ({ comment, series, walk }) => ({
  text: Buffer.from(comment ?? series),
  walk,
}))
const worlds = new Map()
const requests = {}
let isQuiet = false
const server = createServer((request, response) => {
  if (request.url === '/quiet') {
    isQuiet = true
    return response.end()
  }
  if (request.url === '/requests') return response.end(JSON.stringify(requests))
  if (isQuiet) return request.socket.destroy()
  requests[request.url] = { lastMs: Date.now(), count: (requests[request.url]?.count ?? 0) + 1 }
  if (!worlds.has(request.url)) worlds.set(request.url, new World(lines))
  response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  response.end(worlds.get(request.url).take())
})
server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
