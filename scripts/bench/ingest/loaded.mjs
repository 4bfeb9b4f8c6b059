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

async function stateOf(program, resident) {
  const { peak, proportional } = program.memory
  const [samples] = await program.query('count_over_time(up{job="bench"}[1h])')
  return {
    resident,
    samples: Number(samples.value[1]),
    text: `peak ${peak.toFixed(0)}, PSS ${proportional.toFixed(0)}`,
  }
}

async function load(series, everyMs) {
  const target = await startTarget(series, 'service')
  const ours = await makeOurs({ target, everyMs })
  const peer = hasPrometheus() ? await makePrometheus({ target, everyMs }) : undefined
  const both = [ours, peer].filter((one) => one !== undefined)
  for (const one of both) await one.start()
  const looks = new Map(both.map((one) => [one, []]))
  const state = new Map()
  const deadlineMs = performance.now() + 3 * SCRAPES * everyMs
  while (state.size < both.length) {
    if (performance.now() > deadlineMs) throw new Error('the machine is too busy for so many scrapes')
    await delay(everyMs)
    const requests = await target.requests()
    for (const one of both) {
      const { count } = requests[one === ours ? '/ours' : '/peer'] ?? { count: 0 }
      if (count > SCRAPES - LOOKS && !state.has(one)) looks.get(one).push(one.residentMegabytes)
      // Each at its own moment: a busy machine makes one skip more scrapes than the other.
      if (count >= SCRAPES && !state.has(one)) state.set(one, await stateOf(one, median(looks.get(one))))
    }
  }
  return {
    ours,
    peer,
    target,
    memory: { ours: state.get(ours), peer: state.get(peer) },
    async close() {
      for (const one of both) await one.remove()
      target.stop()
    },
  }
}
