/** A template can't be read, or can't be expanded; `line` and `column` count from 1 within its text. */
export class TemplateError extends Error {
  override readonly name: string = 'TemplateError'
  readonly line: number
  readonly column: number

  constructor(source: string, at: number, message: string, options?: ErrorOptions) {
    super(message, options)
    const before = source.slice(0, at)
    this.line = before.split('\n').length
    this.column = at - before.lastIndexOf('\n')
  }
}

/** A template calls another by a name that nothing defines. */
export class UndefinedTemplateError extends TemplateError {
  override readonly name = 'UndefinedTemplateError'
}
