/** Where a node stands in the query's text. */
export interface Span {
  /** Offset of the first character, in UTF-16 code units. */
  readonly start: number
  /** Offset behind the last character. */
  readonly end: number
  /** 1-based. */
  readonly line: number
  /** 1-based, in bytes of UTF-8, as Prometheus counts. */
  readonly column: number
}

const encoder = new TextEncoder()

/** Turns offsets of one text into spans. */
export class Positions {
  readonly #text: string
  readonly #singleLine: boolean
  readonly #isAscii: boolean

  constructor(text: string) {
    this.#text = text
    this.#singleLine = !text.includes('\n')
    this.#isAscii = !/[^\0-\x7f]/.test(text)
  }

  span(start: number, end: number): Span {
    if (this.#singleLine) return { start, end, line: 1, column: this.#width(0, start) + 1 }
    let line = 1
    let lineStart = 0
    for (let at = this.#text.indexOf('\n'); at !== -1 && at < start; at = this.#text.indexOf('\n', at + 1)) {
      line++
      lineStart = at + 1
    }
    return { start, end, line, column: this.#width(lineStart, start) + 1 }
  }

  #width(start: number, end: number): number {
    return this.#isAscii ? end - start : encoder.encode(this.#text.slice(start, end)).length
  }
}
