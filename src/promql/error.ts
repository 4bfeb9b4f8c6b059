/**
 * What went wrong: `parse` (the text is no valid query), `execution` (the query cannot be answered on this data),
 * `limit` (it would cost more than allowed), `timeout`, `canceled` (the caller's signal).
 */
export type PromqlErrorKind = 'parse' | 'execution' | 'limit' | 'timeout' | 'canceled'

/** A query that cannot be parsed or answered; where the text is to blame, `line` and `column` (1-based) say where. */
export class PromqlError extends Error {
  override readonly name = 'PromqlError'
  readonly kind: PromqlErrorKind
  readonly line: number | undefined
  readonly column: number | undefined
  /** The message without its position. */
  readonly detail: string

  constructor(kind: PromqlErrorKind, detail: string, at?: { readonly line: number; readonly column: number }) {
    super(at === undefined ? detail : `${at.line}:${at.column}: ${kind === 'parse' ? 'parse error: ' : ''}${detail}`)
    this.kind = kind
    this.detail = detail
    this.line = at?.line
    this.column = at?.column
  }
}
