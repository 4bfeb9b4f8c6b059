/** One thing wrong with a file that somebody wrote: where, what, and what to write instead. */
export interface Problem {
  readonly file: string
  /** 1-based; undefined when the problem is the file itself. */
  readonly line?: number
  /** 1-based. */
  readonly column?: number
  /** The path to the field: `checks[0].http`. */
  readonly field?: string
  /** What is wrong and, where we know it, what to write instead. */
  readonly message: string
  /** `error` keeps the file from being used; `warning` is shown. */
  readonly severity: 'error' | 'warning'
}

/** `midwatch.yml:3:5: checks[0].every: "30 s" is not a duration; write 30s` */
export function formatProblem({ file, line, column, field, message, severity }: Problem): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':')
  const where = field === undefined || field === '' ? place : `${place}: ${field}`
  return `${where}: ${severity === 'warning' ? 'warning: ' : ''}${message}`
}
