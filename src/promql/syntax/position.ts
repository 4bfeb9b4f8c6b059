/** Where a node stands in the query's text. */
export interface Span {
  /** Offset of the first character, in UTF-16 code units. */
  readonly start: number
  /** Offset behind the last character. */
  readonly end: number
  /** 1-based. */
  readonly line: number
  /** 1-based, in UTF-16 code units. */
  readonly column: number
}

/** Turns offsets of one text into spans. */
export class Positions {
  readonly #text: string
  readonly #singleLine: boolean

  constructor(text: string) {
    this.#text = text
    this.#singleLine = !text.includes('\n')
  }

  span(start: number, end: number): Span {
    if (this.#singleLine) return { start, end, line: 1, column: start + 1 }
    let line = 1
    let lineStart = 0
    for (let at = this.#text.indexOf('\n'); at !== -1 && at < start; at = this.#text.indexOf('\n', at + 1)) {
      line++
      lineStart = at + 1
    }
    return { start, end, line, column: start - lineStart + 1 }
  }
}
