import { SeriesTable } from '../../../wire/series-table.ts'
import type { TermTable } from './term-table.ts'

const QUOTE = 34
const COMMA = 44
const OPEN = 91
const BACKSLASH = 92
const CLOSE = 93

/**
 * Reads label sets as they are stored, `["__name__","m","job","a"]`, one behind the other. Parsing 100,000 of them as JSON,
 * each with texts of its own, takes several times as long.
 *
 * Neighbours have most pairs in common: a pair is first compared with the one at its place in the set before, then looked
 * up by its bytes, and only one that is new becomes text.
 */
export class StoredLabels {
  /** Terms of the set that `next` has read, from place 0 on. */
  terms = new Uint32Array(32)

  readonly #terms: TermTable
  readonly #known = new SeriesTable()
  /** By number in `#known`. */
  readonly #termOf: number[] = [0]
  /** By place in a set: where the pair of the set before stands. */
  #starts = new Uint32Array(32)
  #ends = new Uint32Array(32)
  #bytes: Buffer = Buffer.alloc(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #places = 0
  #at = 0

  constructor(terms: TermTable) {
    this.#terms = terms
  }

  /** What `next` reads from now on. */
  open(bytes: Buffer): void {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#places = 0
    this.#at = 0
  }

  /**
   * Reads a set; its terms are taken up where they are new.
   *
   * @returns how many it has
   * @throws SyntaxError when it is not an array of texts
   */
  next(): number {
    const bytes = this.#bytes
    if (bytes[this.#at] !== OPEN) throw this.#malformed()
    this.#at++
    let place = 0
    if (bytes[this.#at] !== CLOSE) {
      for (;;) {
        if (place >= this.terms.length) this.#grow()
        if (place >= this.#places || !this.#isAsBefore(place)) this.#readPair(place)
        place++
        const after = bytes[this.#at]
        if (after === CLOSE) break
        if (after !== COMMA) throw this.#malformed()
        this.#at++
      }
    }
    this.#at++
    this.#places = Math.max(place, this.#places)
    return place
  }

  /** Passes the pair when it is the one of the set before; its term is in its place already. */
  #isAsBefore(place: number): boolean {
    const before = this.#starts[place] as number
    const length = (this.#ends[place] as number) - before
    const at = this.#at
    if (at + length > this.#bytes.length) return false
    // Four bytes at a time, the last four overlapping those before: a pair has no less than five.
    const view = this.#view
    const last = length - 4
    for (let i = 0; i < last; i += 4) if (view.getInt32(before + i) !== view.getInt32(at + i)) return false
    if (view.getInt32(before + last) !== view.getInt32(at + last)) return false
    this.#starts[place] = at
    this.#ends[place] = at + length
    this.#at = at + length
    return true
  }

  #readPair(place: number): void {
    const bytes = this.#bytes
    const start = this.#at
    const nameEnd = this.#skipText(start)
    if (bytes[nameEnd] !== COMMA) throw this.#malformed()
    const end = this.#skipText(nameEnd + 1)
    let known = this.#known.find(bytes, start, end)
    if (known === 0) {
      const [name, value] = JSON.parse(`[${bytes.toString('utf8', start, end)}]`) as [string, string]
      known = this.#known.add(bytes, start, end)
      this.#termOf[known] = this.#terms.take(name, value)
    }
    this.terms[place] = this.#termOf[known] as number
    this.#starts[place] = start
    this.#ends[place] = end
    this.#at = end
  }

  /** The place behind the text in quotes. */
  #skipText(start: number): number {
    const bytes = this.#bytes
    if (bytes[start] !== QUOTE) throw this.#malformed()
    for (let at = start + 1; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte === QUOTE) return at + 1
      if (byte === BACKSLASH) at++
    }
    throw this.#malformed()
  }

  #grow(): void {
    const widened = (column: Uint32Array) => {
      const wider = new Uint32Array(column.length * 2)
      wider.set(column)
      return wider
    }
    this.terms = widened(this.terms) as Uint32Array<ArrayBuffer>
    this.#starts = widened(this.#starts) as Uint32Array<ArrayBuffer>
    this.#ends = widened(this.#ends) as Uint32Array<ArrayBuffer>
  }

  #malformed(): SyntaxError {
    return new SyntaxError(`not the labels of a series: ${this.#bytes.toString('utf8', this.#at, this.#at + 40)}`)
  }
}
