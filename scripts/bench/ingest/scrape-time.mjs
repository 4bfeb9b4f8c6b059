import { setTimeout as delay } from 'node:timers/promises'
import { median } from '../support.mjs'
import { hasPrometheus, makeOurs, makePrometheus, PEER_MISSING, startTarget } from './programs.mjs'

const SERIES = 100_000
const EVERY_MS = 2000
const SCRAPES = 15
const WARM_UP = 6
const LIMIT = 1.5
/** The two scrape at least so far apart. */
const APART_MS = 600

/** Starts the two so that neither scrapes while the other does: a label more shifts the moment. */
async function startApart(target) {
  const peer = hasPrometheus() ? await makePrometheus({ target, everyMs: EVERY_MS }) : undefined
  await peer?.start()
  for (let label = 0; ; label++) {
    const ours = await makeOurs({ target, everyMs: EVERY_MS, label })
    await ours.start()
    if (peer === undefined) return { ours }
    const requests = await bothScraped(target, Date.now())
    const apartMs = Math.abs(requests['/ours'].lastMs - requests['/peer'].lastMs) % EVERY_MS
    if (Math.min(apartMs, EVERY_MS - apartMs) >= APART_MS) return { ours, peer }
    await ours.remove()
  }
}

/** When each has asked, once both have done so after `sinceMs`: the first time comes when it comes. */
async function bothScraped(target, sinceMs) {
  for (;;) {
    await delay(EVERY_MS)
    const requests = await target.requests()
    const hasAsked = (path) => (requests[path]?.lastMs ?? 0) > sinceMs + EVERY_MS
    if (hasAsked('/ours') && hasAsked('/peer')) return requests
  }
}

/** Milliseconds of each scrape but the first ones. */
async function scrapeTimes(program) {
  const [found] = await program.query('scrape_duration_seconds{job="bench"}[10m]')
  return found.values.slice(WARM_UP).map(([, seconds]) => Number(seconds) * 1000)
}

export const scrapeTime = {
  name: 'scrape of 100,000 series, text to memory, ms (peer: Prometheus)',
  bar: `>= ${LIMIT} times as fast`,
  async run() {
    const target = await startTarget(SERIES, 'service')
    const { ours, peer } = await startApart(target)
    try {
      await delay((WARM_UP + SCRAPES) * EVERY_MS)
      const [last] = await ours.query('scrape_samples_scraped{job="bench"}')
      if (Number(last.value[1]) !== SERIES) throw new Error(`${last.value[1]} samples were scraped`)
      const mine = median(await scrapeTimes(ours))
      if (peer === undefined) return { ours: mine.toFixed(0), peer: PEER_MISSING, pass: false }
      const theirs = median(await scrapeTimes(peer))
      const ratio = theirs / mine
      return { ours: mine.toFixed(0), peer: theirs.toFixed(0), ratio: ratio.toFixed(2), pass: ratio >= LIMIT }
    } finally {
      await ours.remove()
      await peer?.remove()
      target.stop()
    }
  },
}
