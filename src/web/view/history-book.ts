import { Turns } from '../../lib/turns.ts'
import { METRIC_NAME } from '../../model/labels.ts'
import { createMatcher } from '../../model/matcher.ts'
import type { SeriesStore } from '../../store/series/series-store.ts'
import type { Store } from '../../store/store.ts'
import { SLOT_MS, slotOf, Tally } from './tally.ts'

/** A check whose past is asked for. */
export interface Remembered {
  readonly name: string
  readonly everyMs: number
}

/** A sample carries the time at which its run began; this long after it none comes any more. */
const SETTLED_AFTER_MS = 300_000
const MOST_SLOTS = 31 * 48

/** Half-hours of one check that have been read, in a ring. */
class Kept {
  /** Slots from here on have been read … */
  fromSlot: number
  /** … and those before this one do not change any more. */
  settledSlot: number
  readonly ups = new Uint16Array(MOST_SLOTS)
  readonly downs = new Uint16Array(MOST_SLOTS)
  readonly held = new Uint16Array(MOST_SLOTS)
  readonly knownMs = new Float32Array(MOST_SLOTS)

  constructor(slot: number) {
    this.fromSlot = slot
    this.settledSlot = slot
  }

  take(tally: Tally): void {
    for (let i = 0; i < tally.ups.length; i++) {
      const at = (tally.fromSlot + i) % MOST_SLOTS
      this.ups[at] = tally.ups[i] as number
      this.downs[at] = tally.downs[i] as number
      this.held[at] = tally.held[i] as number
      this.knownMs[at] = tally.knownMs[i] as number
    }
  }
}

/** What half-hours of a check hold together. */
export interface Past {
  readonly ups: number
  readonly downs: number
  /** Looks in maintenance, which count to neither. */
  readonly held: number
  readonly knownMs: number
}

const NOTHING: Past = { ups: 0, downs: 0, held: 0, knownMs: 0 }

/**
 * How checks have been, by half-hours, from their samples. A half-hour that is over is read once; afterwards only what is
 * new has to be read, so that a page of hundreds of checks costs little.
 */
export class HistoryBook {
  readonly #series: SeriesStore
  readonly #kept = new Map<string, Kept>()
  #reading: Promise<void> = Promise.resolve()

  constructor(series: SeriesStore) {
    this.#series = series
  }

  /** Brings what is known of these checks up to date, from `fromMs` on; at most 31 days are kept. */
  refresh(checks: readonly Remembered[], fromMs: number, nowMs: number): Promise<void> {
    // One after the other: whoever asks meanwhile finds the work done.
    const reading = this.#reading.then(() => this.#refresh(checks, fromMs, nowMs))
    this.#reading = reading.catch(() => {})
    return reading
  }

  /** Forgets all other checks. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#kept.keys()) if (!names.has(name)) this.#kept.delete(name)
  }

  /** What is known of a check from `fromSlot` to before `toSlot`; `refresh` has to have read it. */
  past(name: string, fromSlot: number, toSlot = fromSlot + 1): Past {
    const kept = this.#kept.get(name)
    if (kept === undefined) return NOTHING
    let ups = 0
    let downs = 0
    let held = 0
    let knownMs = 0
    for (let slot = Math.max(fromSlot, kept.fromSlot, toSlot - MOST_SLOTS); slot < toSlot; slot++) {
      const at = slot % MOST_SLOTS
      ups += kept.ups[at] as number
      downs += kept.downs[at] as number
      held += kept.held[at] as number
      knownMs += kept.knownMs[at] as number
    }
    return { ups, downs, held, knownMs }
  }

  async #refresh(checks: readonly Remembered[], fromMs: number, nowMs: number): Promise<void> {
    const newest = slotOf(nowMs)
    const oldest = Math.max(slotOf(fromMs), newest - MOST_SLOTS + 1)
    const settled = slotOf(nowMs - SETTLED_AFTER_MS)
    const spans = new Map<string, { from: number; to: number; checks: Remembered[] }>()
    const want = (check: Remembered, from: number, to: number) => {
      if (from > to) return
      const key = `${from} ${to}`
      const span = spans.get(key)
      if (span === undefined) spans.set(key, { from, to, checks: [check] })
      else span.checks.push(check)
    }
    for (const check of checks) {
      const kept = this.#kept.get(check.name) ?? new Kept(newest + 1)
      this.#kept.set(check.name, kept)
      // What has left the ring, because nobody looked for a month, is read anew.
      if (kept.settledSlot <= newest - MOST_SLOTS) kept.fromSlot = newest + 1
      if (kept.fromSlot > newest) want(check, oldest, newest)
      else {
        want(check, oldest, kept.fromSlot - 1)
        want(check, kept.settledSlot, newest)
      }
    }
    for (const span of spans.values()) {
      await this.#read(span.checks, span.from, span.to, nowMs)
      for (const { name } of span.checks) {
        const kept = this.#kept.get(name)
        if (kept === undefined) continue
        kept.fromSlot = Math.min(kept.fromSlot, span.from)
        if (span.to === newest) kept.settledSlot = settled
      }
    }
  }

  async #read(checks: readonly Remembered[], from: number, to: number, nowMs: number): Promise<void> {
    const [only] = checks
    const isOne = only !== undefined && checks.length === 1
    const matchersOf = (metric: string) => [
      createMatcher(METRIC_NAME, '=', metric),
      createMatcher('job', '=', 'probe'),
      ...(isOne ? [createMatcher('check', '=', only.name)] : []),
    ]
    const tallies = new Map(checks.map(({ name }) => [name, new Tally(from, to - from + 1)]))
    const everyMs = new Map(checks.map((check) => [check.name, check.everyMs]))
    const startMs = from * SLOT_MS - 1
    const endMs = Math.min((to + 1) * SLOT_MS - 1, nowMs)
    const turns = new Turns()
    const held = new Map<string, Set<number>>()
    for (const series of this.#series.select({ matchers: matchersOf('midwatch_check_maintenance'), startMs, endMs })) {
      const { length, timesMs, stale } = series.samples(startMs, endMs)
      const name = series.labels.get('check')
      const times = held.get(name) ?? new Set<number>()
      for (let i = 0; i < length; i++) if (stale?.[i] !== 1) times.add(timesMs[i] as number)
      held.set(name, times)
      if (turns.isOver()) await turns.next()
    }
    for (const series of this.#series.select({ matchers: matchersOf('probe_success'), startMs, endMs })) {
      const name = series.labels.get('check')
      tallies.get(name)?.add(series.samples(startMs, endMs), everyMs.get(name) ?? 0, nowMs, held.get(name))
      if (turns.isOver()) await turns.next()
    }
    for (const [name, tally] of tallies) this.#kept.get(name)?.take(tally)
  }
}

const books = new WeakMap<Store, HistoryBook>()

/** The one book of a store, whoever asks. */
export function historyBook(store: Store): HistoryBook {
  const known = books.get(store)
  if (known !== undefined) return known
  const made = new HistoryBook(store.series)
  books.set(store, made)
  return made
}
