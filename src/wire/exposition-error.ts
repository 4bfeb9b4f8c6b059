/** A text in an exposition format can't be read; the message begins with the line. */
export class ExpositionError extends Error {
  override readonly name = 'ExpositionError'
  /** 1-based. */
  readonly line: number

  constructor(line: number, what: string) {
    super(`line ${line}: ${what}`)
    this.line = line
  }
}

/** What is wrong with a line, from those who do not know its number; the reader makes an `ExpositionError` of it. */
export class LineError extends Error {
  override readonly name = 'LineError'
}
