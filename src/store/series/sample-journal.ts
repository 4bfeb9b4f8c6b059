import { BatchBuilder, type SampleBatch } from '../../model/sample.ts'
import type { Writer } from '../writer.ts'
import { encodeJournal } from './journal.ts'
import { appendJournal, type JournalAppend, type NewSeries } from './operations.ts'
import type { SeriesIndex } from './series-index.ts'

/**
 * How long samples gather before they go to disk. Nobody is told that a probe's sample is safe, so that one commit can carry
 * those of many probes; whoever has to tell asks for `flush`.
 */
const GATHER_MS = 200
/**
 * Texts of so many new series travel to the writer together: those of a large target at once would be dozens of megabytes, and
 * writing them would keep everybody else waiting.
 */
const SERIES_AT_ONCE = 1024
/**
 * An entry has so many samples at most: what is damaged is little then, and a replay has its memory from the C library's heap.
 * Larger ones would each be mapped by the system and given back (`MALLOC_MMAP_THRESHOLD_` in `npm start`), which takes three times
 * as long as all the rest.
 */
const SAMPLES_AN_ENTRY = 8192
/** Room for more samples than this is not kept. */
const LARGEST_KEPT = 1 << 18

type Entry = Omit<JournalAppend, 'series'>

const NO_SAMPLES: Entry = { minMs: 0, maxMs: 0, body: undefined }

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Samples and new series on their way to the disk. */
export class SampleJournal {
  readonly #writer: Writer
  readonly #index: SeriesIndex
  #newSeries: number[] = []
  #samples = new BatchBuilder(1024)
  #waiting: Waiting[] = []
  #isFlushing = false
  #timer: NodeJS.Timeout | undefined

  constructor(writer: Writer, index: SeriesIndex) {
    this.#writer = writer
    this.#index = index
  }

  addSeries(ref: number): void {
    this.#newSeries.push(ref)
  }

  add(ref: number, timeMs: number, value: number, isStale: boolean): void {
    if (isStale) this.#samples.addStale(ref, timeMs)
    else this.#samples.add(ref, timeMs, value)
  }

  /** Resolves when everything added so far is on disk, rejects when it could not be written. */
  written(): Promise<void> {
    const done = new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }))
    this.#timer ??= setTimeout(() => void this.flush(), GATHER_MS)
    return done
  }

  /** Writes what has gathered now. One entry at a time; what arrives meanwhile becomes the next one. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#isFlushing) return
    this.#isFlushing = true
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting
      this.#waiting = []
      try {
        await this.#write(this.#takeEntries())
        for (const { resolve } of waiting) resolve()
      } catch (error) {
        for (const { reject } of waiting) reject(error)
      }
    }
    this.#isFlushing = false
    this.#timer = undefined
  }

  #takeEntries(): Entry[] {
    const samples = this.#samples
    const entries: Entry[] = []
    for (let from = 0; from < samples.length; from += SAMPLES_AN_ENTRY) {
      entries.push(entryOf(samples, from, Math.min(from + SAMPLES_AN_ENTRY, samples.length)))
    }
    if (samples.refs.length > LARGEST_KEPT) this.#samples = new BatchBuilder(1024)
    else samples.clear()
    return entries
  }

  /** The series first, so that no sample is on disk without its own. */
  async #write(entries: readonly Entry[]): Promise<void> {
    while (this.#newSeries.length > SERIES_AT_ONCE) await this.#writeSeries(NO_SAMPLES)
    const [first, ...others] = entries
    if (first === undefined && this.#newSeries.length === 0) return
    await this.#writeSeries(first ?? NO_SAMPLES)
    await Promise.all(others.map((entry) => this.#writer.run(appendJournal, { series: [], ...entry })))
  }

  /** Writes some of the new series, and samples with them. */
  async #writeSeries(entry: Entry): Promise<void> {
    const refs = this.#newSeries.splice(0, SERIES_AT_ONCE)
    try {
      await this.#writer.run(appendJournal, { series: this.#textsOf(refs), ...entry })
    } catch (error) {
      // The series stay known in memory; the next entry has to bring them to disk.
      this.#newSeries = [...refs, ...this.#newSeries]
      throw error
    }
  }

  #textsOf(refs: readonly number[]): NewSeries[] {
    const series: NewSeries[] = []
    for (const id of refs) {
      const labels = this.#index.labelsOf(id)
      // One that was let go meanwhile is known to nobody any more.
      if (labels !== undefined) series.push({ id, labels: JSON.stringify(labels.pairs) })
    }
    return series
  }
}

function entryOf({ refs, timesMs, values, stale }: SampleBatch, from: number, to: number): Entry {
  const times = timesMs.subarray(from, to)
  const body = encodeJournal({
    length: to - from,
    refs: refs.subarray(from, to),
    timesMs: times,
    values: values.subarray(from, to),
    stale: stale?.subarray(from, to),
  })
  let minMs = Number.POSITIVE_INFINITY
  let maxMs = Number.NEGATIVE_INFINITY
  for (const timeMs of times) {
    if (timeMs < minMs) minMs = timeMs
    if (timeMs > maxMs) maxMs = timeMs
  }
  return { minMs, maxMs, body }
}
