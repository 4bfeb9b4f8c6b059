import { type Column, resized, widened } from './column.ts'
import type { Refs } from './intersect.ts'

const PAGE_BITS = 8
const PAGE = 2 ** PAGE_BITS
const IN_PAGE = PAGE - 1
/** What is reserved by an average is somewhat more. */
const MARGIN = 1.05

/**
 * For each series the terms of its labels.
 *
 * Numbers of series only go up while old series are forgotten, so the way from a number to its record leads over pages
 * that exist only where there are series.
 */
export class LabelRecords {
  /** How many terms, then the terms; one record behind the other. Place 0 is no record. */
  #words: Column = new Uint32Array(256)
  #end = 1
  /** By number of terms: the first free record, whose first word says where the next one is; 0 is none. */
  readonly #free: number[] = []

  /** By the number's upper bits: which page; 0 is the empty one. */
  #pageOf: Column = new Uint32Array(16)
  /** Places of records, page after page. */
  #places: Column = new Uint32Array(PAGE * 2)
  /** By page: how many series it has. */
  #counts: Column = new Uint32Array(2)
  #pages = 1
  readonly #freePages: number[] = []
  #size = 0
  #last = 0

  get size(): number {
    return this.#size
  }

  get byteLength(): number {
    return this.#words.byteLength + this.#pageOf.byteLength + this.#places.byteLength + this.#counts.byteLength
  }

  /** The highest number so far. */
  get last(): number {
    return this.#last
  }

  /** `ref` has to be greater than those before. */
  add(ref: number, terms: Uint32Array, count: number): void {
    this.#last = ref
    this.#size++
    const place = this.#place(count)
    this.#words[place] = count
    for (let i = 0; i < count; i++) this.#words[place + 1 + i] = terms[i] as number
    const upper = ref >>> PAGE_BITS
    if (upper >= this.#pageOf.length) this.#pageOf = widened(this.#pageOf, upper + 1)
    let page = this.#pageOf[upper] as number
    if (page === 0) {
      page = this.#newPage()
      this.#pageOf[upper] = page
    }
    this.#counts[page] = (this.#counts[page] as number) + 1
    this.#places[page * PAGE + (ref & IN_PAGE)] = place
  }

  /** Makes room for so many series, with as many terms each as those before have on average. */
  reserve(series: number): void {
    const words = Math.ceil((this.#end / Math.max(this.#size, 1)) * series * MARGIN)
    if (words > this.#words.length) this.#words = resized(this.#words, words)
    const pages = Math.ceil(series / PAGE) + 1
    if (pages > this.#counts.length) {
      this.#counts = resized(this.#counts, pages)
      this.#places = resized(this.#places, pages * PAGE)
    }
  }

  remove(ref: number): void {
    const place = this.place(ref)
    if (place === 0) return
    this.#size--
    const count = this.#words[place] as number
    this.#words[place] = this.#free[count] ?? 0
    this.#free[count] = place
    const upper = ref >>> PAGE_BITS
    const page = this.#pageOf[upper] as number
    this.#places[page * PAGE + (ref & IN_PAGE)] = 0
    const left = (this.#counts[page] as number) - 1
    this.#counts[page] = left
    if (left > 0) return
    this.#pageOf[upper] = 0
    this.#freePages.push(page)
  }

  /** Where the record of a series is, until the next change: `words[place]` terms from `words[place + 1]` on; 0 when there is none. */
  place(ref: number): number {
    const page = this.#pageOf[ref >>> PAGE_BITS] ?? 0
    return this.#places[page * PAGE + (ref & IN_PAGE)] as number
  }

  get words(): Uint32Array {
    return this.#words
  }

  has(ref: number): boolean {
    return this.place(ref) !== 0
  }

  /** Whether the series has these terms and no others. */
  equals(ref: number, terms: Uint32Array, count: number): boolean {
    const words = this.#words
    const place = this.place(ref)
    if (words[place] !== count) return false
    for (let i = 0; i < count; i++) if (words[place + 1 + i] !== terms[i]) return false
    return true
  }

  /** All numbers of series, ascending. */
  refs(): Uint32Array {
    const refs = new Uint32Array(this.#size)
    const places = this.#places
    let length = 0
    for (const [upper, page] of this.#pageOf.entries()) {
      if (page === 0) continue
      for (let i = 0; i < PAGE; i++) {
        if (places[page * PAGE + i] !== 0) refs[length++] = upper * PAGE + i
      }
    }
    return refs
  }

  /**
   * Those of the numbers whose terms have, in `marks` together, of the bits of `asked` all those of `wanted` and no other.
   *
   * @param refs numbers of series that are there
   * @param into takes them; may be the array from which they come
   * @returns how many they are
   */
  filter(refs: Refs, marks: Uint32Array, asked: number, wanted: number, into: Uint32Array): number {
    const { array, start, end } = refs
    const words = this.#words
    const places = this.#places
    const pageOf = this.#pageOf
    let length = 0
    for (let i = start; i < end; i++) {
      const ref = array[i] as number
      const place = places[(pageOf[ref >>> PAGE_BITS] as number) * PAGE + (ref & IN_PAGE)] as number
      const last = place + (words[place] as number)
      let bits = 0
      for (let at = place + 1; at <= last; at++) bits |= marks[words[at] as number] as number
      if ((bits & asked) === wanted) into[length++] = ref
    }
    return length
  }

  #place(count: number): number {
    const free = this.#free[count] ?? 0
    if (free !== 0) {
      this.#free[count] = this.#words[free] as number
      return free
    }
    const place = this.#end
    this.#end = place + 1 + count
    if (this.#end > this.#words.length) this.#words = widened(this.#words, this.#end)
    return place
  }

  #newPage(): number {
    const free = this.#freePages.pop()
    if (free !== undefined) return free
    const page = this.#pages++
    if (page >= this.#counts.length) {
      this.#counts = widened(this.#counts, page + 1)
      this.#places = resized(this.#places, this.#counts.length * PAGE)
    }
    return page
  }
}
