/** Text that others wrote, safe for a terminal: control characters, which could move the cursor or worse, become visible. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (sign) => {
    const code = sign.codePointAt(0) as number
    return sign === '\t' ? ' ' : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

/** As `plain`, for a text of lines whose breaks are ours. */
export function plainLines(text: string): string {
  return text.split('\n').map(plain).join('\n')
}

/** Rows in columns that are as wide as their longest text; no spaces at the ends of lines. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] as number))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}
