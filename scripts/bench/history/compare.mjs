import { setTimeout as delay } from 'node:timers/promises'
import { median } from '../support.mjs'
import { differenceOf } from './client.mjs'
import { peers } from './programs.mjs'

/**
 * A program that has been up for a while answers differently from one that is asked for the first time: caches are filled,
 * code is compiled. Each is asked so often before the rounds, or for so long where that takes longer.
 */
const WARM_UPS = 1000
const WARM_UP_MS = 4000
const ROUNDS = 9
/**
 * In a round each is asked this often, or for so long where that takes longer, and the median of the second half of its answers
 * counts: behind seconds of somebody else's work the processor knows nothing of a program any more, which is not how one is asked
 * that watches something.
 */
const ASKED_IN_A_ROUND = 30
const ROUND_MS = 1000
/** What one does behind its answers, such as collecting garbage, is not to be paid for by the next. */
const SETTLE_MS = 250
/** Every question is for another moment, a scrape and some milliseconds earlier, so that no answer is one that was given before. */
const SHIFT_MS = 15_007

/** Answers that mean the same, apart from the order in which sums were added up; as a relative difference. */
const EQUAL = 1e-6
/** VictoriaMetrics does not extrapolate, so its increases are others by design; summed over many series or days that is little. */
export const ALIKE = 0.1
/** Over minutes in which next to nothing failed, one request makes the difference: only that there is an answer counts. */
export const ANYTHING = Number.MAX_VALUE

/**
 * Asks midwatch and its peers in turn and takes the median of each.
 *
 * @param ask milliseconds and values of one program at one moment
 * @param victoriaWithin how far VictoriaMetrics' values may be from ours
 * @returns milliseconds by program, and what differs
 */
export async function race(
  { midwatch, prometheus, victoria, endMs },
  ask,
  { rounds = ROUNDS, victoriaWithin = EQUAL } = {},
) {
  const programs = Object.entries({ midwatch, prometheus, victoria }).filter(([, one]) => one !== undefined)
  const times = Object.fromEntries(programs.map(([key]) => [key, []]))
  const differences = { prometheus: 0, victoria: 0 }
  const momentOf = (round) => endMs - (round + WARM_UPS + 1) * SHIFT_MS
  const repeats = {}
  for (const [key, program] of programs) {
    const ms = await warmUp((round) => ask(program, momentOf(round), key))
    repeats[key] = Math.min(ASKED_IN_A_ROUND, Math.max(2, Math.ceil(ROUND_MS / ms)))
  }
  for (let round = 0; round < rounds; round++) {
    const values = {}
    for (const [key, program] of programs) {
      const asked = []
      let answer
      await delay(SETTLE_MS)
      // However often each is asked, the last question is about the same moment for all.
      for (let left = repeats[key] - 1; left >= 0; left--) {
        answer = await ask(program, momentOf((round + 1) * ASKED_IN_A_ROUND - 1 - left), key)
        asked.push(answer.ms)
      }
      values[key] = answer.series
      times[key].push(median(asked.slice(Math.floor(asked.length / 2))))
    }
    for (const key of Object.keys(differences)) {
      if (values[key] === undefined) continue
      differences[key] = Math.max(differences[key], differenceOf(values.midwatch, values[key]))
    }
  }
  return {
    ms: Object.fromEntries(Object.entries(times).map(([key, list]) => [key, median(list)])),
    problems: problemsOf(differences, { prometheus: EQUAL, victoria: victoriaWithin }),
  }
}

/** @returns how many milliseconds an answer takes by then */
async function warmUp(ask) {
  const untilMs = performance.now() + WARM_UP_MS
  let ms = 0
  for (let round = -WARM_UPS; round < 0; round++) {
    ms = (await ask(round)).ms
    // At least twice, so that what an answer is made of has been read.
    if (round > -WARM_UPS && performance.now() > untilMs) break
  }
  return ms
}

function problemsOf(differences, within) {
  return Object.entries(differences)
    .filter(([key, difference]) => !(difference <= within[key]))
    .map(([key, difference]) => `differs from ${peers[key].name} by ${difference.toExponential(1)}`)
}

/** `>= 300×, >= 30×`, as the table shows the bars of a row. */
export function barText(bars) {
  return Object.entries(bars)
    .map(([key, bar]) => `>= ${bar}x ${peers[key].name}`)
    .join(', ')
}

/**
 * A row of the table.
 *
 * @param ms milliseconds by program; bars: how many times faster than each peer we have to be
 */
export function verdict({ ms, problems = [] }, bars) {
  const keys = Object.keys(peers)
  const ratioOf = (key) => (ms[key] === undefined ? undefined : ms[key] / ms.midwatch)
  const held = Object.entries(bars).map(([key, bar]) => (ratioOf(key) === undefined ? undefined : ratioOf(key) >= bar))
  const isHeld = held.every((one) => one === true)
  return {
    ours: [`${shown(ms.midwatch)} ms`, ...problems].join('; '),
    peer: keys.map((key) => (ms[key] === undefined ? `${peers[key].name} missing` : shown(ms[key]))).join(' / '),
    ratio: keys.map((key) => (ms[key] === undefined ? '-' : `${shown(ratioOf(key))}x`)).join(' / '),
    // A bar whose peer is missing is neither held nor missed.
    pass: problems.length > 0 || held.includes(false) ? false : isHeld ? true : null,
  }
}

export function shown(value) {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3)
}
