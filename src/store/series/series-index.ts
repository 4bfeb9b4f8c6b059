import { Labels, METRIC_NAME } from '../../model/labels.ts'
import type { Matcher } from '../../model/matcher.ts'
import { Answers } from './index/answers.ts'
import { LabelRecords } from './index/label-records.ts'
import { LabelSetTable } from './index/label-set-table.ts'
import { PostingLists } from './index/posting-lists.ts'
import { RecentLabels } from './index/recent-labels.ts'
import { Selection } from './index/selection.ts'
import { StoredLabels } from './index/stored-labels.ts'
import { TermTable } from './index/term-table.ts'

/**
 * Finds series by labels, and labels by series, in memory.
 *
 * Every pair of a name and a value is kept once, as a term with a number; a series is a short list of such numbers, and
 * everything else is columns of numbers, about 100 bytes a series. `Labels` are made when somebody asks for them.
 */
export class SeriesIndex {
  readonly #terms = new TermTable()
  readonly #records = new LabelRecords()
  readonly #sets = new LabelSetTable(this.#records)
  readonly #postings = new PostingLists()
  readonly #selection = new Selection(this.#terms, this.#postings, this.#records)
  readonly #answers = new Answers()
  readonly #recent = new RecentLabels()
  /** The terms of the label set that is looked at. */
  #set = new Uint32Array(32)
  readonly #isThere = (ref: number) => this.#records.has(ref)

  get size(): number {
    return this.#records.size
  }

  /** What its columns of numbers hold in memory; texts of names and values, and label sets, come on top. */
  get byteLength(): number {
    return this.#records.byteLength + this.#sets.byteLength + this.#postings.byteLength
  }

  /** The number of the series with these labels. */
  refOf(labels: Labels): number | undefined {
    const count = this.#find(labels)
    if (count === -1) return undefined
    const ref = this.#sets.find(this.#set, count)
    return ref === 0 ? undefined : ref
  }

  /** The labels of a series; the same object as the last time if that was not long ago. */
  labelsOf(ref: number): Labels | undefined {
    const known = this.#recent.get(ref)
    if (known !== undefined) return known
    const place = this.#records.place(ref)
    if (place === 0) return undefined
    const { words } = this.#records
    const count = words[place] as number
    const pairs = new Array<string>(count * 2)
    for (let i = 0; i < count; i++) {
      const term = words[place + 1 + i] as number
      pairs[i * 2] = this.#terms.nameOf(term)
      pairs[i * 2 + 1] = this.#terms.valueOf(term)
    }
    const labels = Labels.fromSortedPairs(pairs)
    this.#recent.set(ref, labels)
    return labels
  }

  /** How many series a metric name has. */
  countOf(metricName: string): number {
    return this.#postings.count(this.#terms.find(METRIC_NAME, metricName))
  }

  /**
   * Takes up a series whose labels no other series has. Numbers go up from 1, so that every list of the index is in order,
   * and are never used again.
   *
   * @throws RangeError when `ref` is not greater than all before
   */
  add(ref: number, labels: Labels): void {
    if (!(ref > this.#records.last)) throw unordered(ref, this.#records.last)
    const { pairs } = labels
    this.#roomFor(pairs.length / 2)
    let count = 0
    for (let i = 0; i < pairs.length; i += 2) {
      this.#set[count++] = this.#terms.take(pairs[i] as string, pairs[i + 1] as string)
    }
    this.#add(ref, this.#set, count)
  }

  /**
   * Takes up series as they are stored: numbers, going up, and as many label sets as JSON, one behind the other:
   * `["__name__","m","job","a"]["__name__","m","job","b"]`.
   *
   * @param expected about how many there are
   * @throws SyntaxError when the sets are no such text; the series before stay
   */
  load(blocks: Iterable<{ readonly refs: readonly number[]; readonly sets: Buffer }>, expected = 0): void {
    const stored = new StoredLabels(this.#terms)
    let loaded = 0
    for (const { refs, sets } of blocks) {
      // What the first ones take tells what the others will.
      if (loaded++ === 1) this.#reserve(expected)
      stored.open(sets)
      for (const ref of refs) {
        if (!(ref > this.#records.last)) throw unordered(ref, this.#records.last)
        const count = stored.next()
        this.#add(ref, stored.terms, count)
      }
    }
  }

  /** Forgets a series, if it is there; lists that were found before stay as they are. */
  remove(ref: number): void {
    const place = this.#records.place(ref)
    if (place === 0) return
    const { words } = this.#records
    const terms = words.slice(place + 1, place + 1 + (words[place] as number))
    this.#sets.remove(ref)
    this.#records.remove(ref)
    this.#recent.delete(ref)
    const metric = this.#metricOf(terms, terms.length)
    for (const term of terms) if (this.#postings.forget(term, this.#isThere) === 0) this.#terms.drop(term)
    this.#answers.changed(metric, this.countOf(metric) === 0)
  }

  /**
   * Numbers of the series that satisfy every matcher, ascending. Who asks again with the same list of matchers, as rules
   * do, gets the same array as long as no series came or went that the answer could depend on; nobody may write to it.
   */
  find(matchers: readonly Matcher[]): Uint32Array {
    const known = this.#answers.get(matchers)
    if (known !== undefined) return known
    const refs = this.#selection.find(matchers)
    this.#answers.keep(matchers, refs)
    return refs
  }

  /** Names of labels that series have, or that these series have; sorted. No labels are made for it. */
  labelNames(refs?: Uint32Array): string[] {
    if (refs === undefined || refs.length === this.size) return [...this.#terms.names()].sort()
    const names = new Set<string>()
    const seen = this.#termsOf(refs)
    for (let term = 1; term < seen.length; term++) if (seen[term] === 1) names.add(this.#terms.nameOf(term))
    return [...names].sort()
  }

  /** Values of a label that series have, or that these series have; sorted. No labels are made for it. */
  labelValues(name: string, refs?: Uint32Array): string[] {
    const all = this.#terms.valuesOf(name)
    if (all === undefined) return []
    if (refs === undefined || refs.length === this.size) return [...all.keys()].sort()
    const seen = this.#termsOf(refs)
    return [...all].flatMap(([value, term]) => (seen[term] === 1 ? [value] : [])).sort()
  }

  /** Numbers of all series, ascending. */
  refs(): Uint32Array {
    return this.#records.refs()
  }

  /** By term, 1 for those that some of the series have. */
  #termsOf(refs: Uint32Array): Uint8Array {
    const seen = new Uint8Array(this.#terms.end)
    const { words } = this.#records
    for (const ref of refs) {
      const place = this.#records.place(ref)
      const last = place + (words[place] as number)
      for (let at = place + 1; at <= last; at++) seen[words[at] as number] = 1
    }
    return seen
  }

  /** Puts the terms of the labels into `#set`; returns how many, or -1 when no series has one of them. */
  #find({ pairs }: Labels): number {
    this.#roomFor(pairs.length / 2)
    let count = 0
    for (let i = 0; i < pairs.length; i += 2) {
      const term = this.#terms.find(pairs[i] as string, pairs[i + 1] as string)
      if (term === 0) return -1
      this.#set[count++] = term
    }
    return count
  }

  #add(ref: number, terms: Uint32Array, count: number): void {
    this.#records.add(ref, terms, count)
    this.#sets.add(ref)
    for (let i = 0; i < count; i++) this.#postings.add(terms[i] as number, ref)
    this.#answers.changed(this.#metricOf(terms, count), false)
  }

  #reserve(series: number): void {
    if (series <= this.size) return
    this.#records.reserve(series)
    this.#sets.reserve(series)
  }

  #metricOf(terms: Uint32Array, count: number): string {
    const metric = this.#terms.numberOf(METRIC_NAME)
    const names = this.#terms.nameNumbers
    for (let i = 0; i < count; i++) {
      const term = terms[i] as number
      if (names[term] === metric) return this.#terms.valueOf(term)
    }
    return ''
  }

  #roomFor(count: number): void {
    if (count > this.#set.length) this.#set = new Uint32Array(count * 2)
  }
}

function unordered(ref: number, last: number): RangeError {
  return new RangeError(`series ${ref} does not come after series ${last}`)
}
