/** A generated page of the documentation. */
export interface Page {
  /** Below the root of the project. */
  readonly file: string
  text(): string | Promise<string>
}

/** A table; cells may not hold line breaks. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

export function code(text: string): string {
  return text === '' ? '' : `\`${text}\``
}

/** Parts with an empty line between them, and the remark that hands should stay off. */
export function page(title: string, ...parts: readonly string[]): string {
  const remark = '<!-- Written by `npm run docs`; change what it is made of instead. -->'
  return `${[`# ${title}`, remark, ...parts].join('\n\n')}\n`
}

/** A heading's address inside its page, as forges make it. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}
