import { setTimeout as delay } from 'node:timers/promises'
import { median } from '../support.mjs'
import { closeLoaded, loaded } from './loaded.mjs'
import { PEER_MISSING } from './programs.mjs'

const SERIES = 100_000
const ROUNDS = 3
const LIMIT = 1.5
/** What was scraped so long ago is on disk. */
const ON_DISK_MS = 5000

/** Samples of all series up to a moment, counted metric by metric, as windows of several would have the same labels. */
async function samplesUntil(program, atMs) {
  let samples = 0
  for (const name of await program.metricNames()) {
    const [sum] = await program.query(`sum(count_over_time(${name}{job="bench", pod!=""}[1h]))`, atMs)
    samples += Number(sum?.value[1] ?? 0)
  }
  return samples
}

/** Kills a program and starts it again; milliseconds until it says that it is ready. */
async function recover(program) {
  // What has just come may wait for its commit.
  const untilMs = Date.now() - 2000
  const before = await samplesUntil(program, untilMs)
  await program.kill()
  const ms = await program.start()
  const after = await samplesUntil(program, untilMs)
  return { ms, lost: before - after, samples: before }
}

export const recovery = {
  name: 'kill -9 to ready with 100,000 series and 240 samples of each, ms (peer: Prometheus)',
  bar: `>= ${LIMIT} times as fast, nothing lost`,
  close: closeLoaded,
  async run() {
    const { ours, peer, target } = await loaded(SERIES, 1000)
    await target.beQuiet()
    await delay(ON_DISK_MS)
    const times = new Map([ours, peer].filter((one) => one !== undefined).map((one) => [one, []]))
    let lost = 0
    for (let round = 0; round < ROUNDS; round++) {
      for (const [one, list] of times) {
        const result = await recover(one)
        process.stderr.write(
          `  ${one === ours ? 'midwatch' : 'Prometheus'}: ${result.ms.toFixed(0)} ms with ${result.samples} samples, ${result.lost} lost\n`,
        )
        list.push(result.ms)
        if (one === ours) lost += result.lost
      }
    }
    await closeLoaded()
    const mine = median(times.get(ours))
    const text = `${mine.toFixed(0)} (${lost} lost)`
    if (peer === undefined) return { ours: text, peer: PEER_MISSING, pass: false }
    const theirs = median(times.get(peer))
    const ratio = theirs / mine
    return { ours: text, peer: theirs.toFixed(0), ratio: ratio.toFixed(2), pass: ratio >= LIMIT && lost === 0 }
  },
}
