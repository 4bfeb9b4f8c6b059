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
