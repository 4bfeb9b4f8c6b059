import { ByteTable } from '../../../wire/byte-table.ts'
import { NeighbourParts } from '../../../wire/neighbour-parts.ts'
import { type Column, resized } from './column.ts'
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
  terms: Column = new Uint32Array(32)

  readonly #terms: TermTable
  readonly #known = new ByteTable()
  readonly #pairs = new NeighbourParts()
  /** By number in `#known`. */
  readonly #termOf: number[] = [0]
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0

  constructor(terms: TermTable) {
    this.#terms = terms
  }

  /** What `next` reads from now on. */
  open(bytes: Buffer): void {
    this.#bytes = bytes
    this.#pairs.open(bytes)
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
        if (place >= this.terms.length) this.terms = resized(this.terms, place * 2)
        const end = this.#pairs.end(place, this.#at)
        if (end === -1) this.#readPair(place)
        else this.#at = end
        place++
        const after = bytes[this.#at]
        if (after === CLOSE) break
        if (after !== COMMA) throw this.#malformed()
        this.#at++
      }
    }
    this.#at++
    return place
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
    this.#pairs.note(place, start, end)
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

  #malformed(): SyntaxError {
    return new SyntaxError(`not the labels of a series: ${this.#bytes.toString('utf8', this.#at, this.#at + 40)}`)
  }
}
