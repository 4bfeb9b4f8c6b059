import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { percentile, startMidwatch, timedGet } from './support.mjs'

const LIMIT_MS = 20
const RATE = 500
const SECONDS = 15

function push(url, agent, body) {
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      {
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode))
      },
    )
    call.on('error', reject)
    call.end(body)
  })
}

export const healthUnderPush = {
  name: '/health p99 while 500 audit records a second are pushed, ms',
  bar: `<= ${LIMIT_MS}`,
  async run() {
    const midwatch = await startMidwatch('{}')
    const [pushers, asker] = [
      new Agent({ keepAlive: true, maxSockets: 32 }),
      new Agent({ keepAlive: true, maxSockets: 1 }),
    ]
    await delay(3000)
    const statuses = new Map()
    const times = []
    const endMs = performance.now() + SECONDS * 1000
    const pushing = []
    const every = setInterval(() => {
      for (let i = 0; i < RATE / 100; i++) {
        const body = JSON.stringify({
          event: 'order.created',
          actor: 'bench',
          action: 'create',
          resource: `order/${Math.random()}`,
          attributes: { amount: 12, currency: 'EUR' },
        })
        pushing.push(
          push(`${midwatch.url}/api/v1/audit`, pushers, body).then((status) =>
            statuses.set(status, (statuses.get(status) ?? 0) + 1),
          ),
        )
      }
    }, 10)
    while (performance.now() < endMs) {
      times.push((await timedGet(`${midwatch.url}/health`, asker)).ms)
      await delay(5)
    }
    clearInterval(every)
    await Promise.all(pushing)
    const p99 = percentile(times, 0.99)
    const accepted = [...statuses].filter(([status]) => status < 300).reduce((sum, [, count]) => sum + count, 0)
    pushers.destroy()
    asker.destroy()
    await midwatch.stop()
    const isComplete = accepted >= RATE * SECONDS * 0.9
    return { ours: `${p99.toFixed(1)} (${accepted} records taken)`, pass: p99 <= LIMIT_MS && isComplete }
  },
}
