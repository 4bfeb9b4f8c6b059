import { Agent } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { percentile, timedGet } from '../support.mjs'
import { makeOurs, startTarget } from './programs.mjs'

const SERIES = 100_000
const EVERY_MS = 15_000
const SECONDS = 62
const LIMIT_MS = 20

export const healthUnderScrape = {
  name: '/health p99 (longest) while 100,000 series are scraped every 15 s, ms',
  bar: `<= ${LIMIT_MS}`,
  async run() {
    const target = await startTarget(SERIES, 'service')
    const ours = await makeOurs({ target, everyMs: EVERY_MS })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    try {
      await ours.start()
      // The first scrape makes all series, the second one compiles what it runs through.
      for (;;) {
        await delay(500)
        const [scraped] = await ours.query('count_over_time(up{job="bench"}[5m]) > 1')
        if (scraped !== undefined) break
      }
      await delay(2000)
      const times = []
      const endMs = performance.now() + SECONDS * 1000
      while (performance.now() < endMs) {
        times.push((await timedGet(`${ours.url}/health`, agent)).ms)
        await delay(5)
      }
      const p99 = percentile(times, 0.99)
      const longest = Math.max(...times)
      return { ours: `${p99.toFixed(1)} (${longest.toFixed(1)})`, pass: p99 <= LIMIT_MS }
    } finally {
      agent.destroy()
      await ours.remove()
      target.stop()
    }
  },
}
