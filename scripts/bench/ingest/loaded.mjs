import { setTimeout as delay } from 'node:timers/promises'
import { median } from '../support.mjs'
import { hasPrometheus, makeOurs, makePrometheus, startTarget } from './programs.mjs'

/** As many samples of each series as an hour of scrapes every 15 s. */
const SCRAPES = 240
/** Memory comes and goes with the garbage collectors of both: the median over so many scrapes counts. */
const LOOKS = 30

const opened = new Map()

/**
 * midwatch and Prometheus after an hour's worth of scrapes of so many series, which come every `everyMs`: nothing is sealed or cut
 * in so short a time, so that all samples are in the head of either. Made by the first row that asks.
 *
 * @returns the programs, running, and the resident megabytes of each; no `peer` where Prometheus is missing
 */
export function loaded(series, everyMs) {
  if (!opened.has(series)) opened.set(series, load(series, everyMs))
  return opened.get(series)
}

export async function closeLoaded() {
  for (const one of opened.values()) await (await one).close()
  opened.clear()
}

async function load(series, everyMs) {
  const target = await startTarget(series, 'service')
  const ours = await makeOurs({ target, everyMs })
  const peer = hasPrometheus() ? await makePrometheus({ target, everyMs }) : undefined
  const both = [ours, peer].filter((one) => one !== undefined)
  for (const one of both) await one.start()
  await delay((SCRAPES - LOOKS) * everyMs)
  const looks = new Map(both.map((one) => [one, []]))
  for (let look = 0; look < LOOKS; look++) {
    await delay(everyMs)
    for (const one of both) looks.get(one).push(one.residentMegabytes)
  }
  const state = new Map()
  for (const one of both) {
    const { peak, proportional } = one.memory
    const [samples] = await one.query('count_over_time(up{job="bench"}[1h])')
    state.set(one, {
      resident: median(looks.get(one)),
      samples: Number(samples.value[1]),
      text: `peak ${peak.toFixed(0)}, PSS ${proportional.toFixed(0)}`,
    })
  }
  return {
    ours,
    peer,
    memory: { ours: state.get(ours), peer: state.get(peer) },
    async close() {
      for (const one of both) await one.remove()
      target.stop()
    },
  }
}
