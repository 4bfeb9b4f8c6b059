import type { Option } from './options.ts'
import { code, table } from './page.ts'

/** Options as a table: key, what may be written, default, what it means. */
export function optionTable(options: readonly Option[], extra?: (option: Option) => string): string {
  const head = ['key', 'value', 'default', ...(extra === undefined ? [] : ['variable']), 'what']
  return table(
    head,
    options
      .filter(isTold)
      .map((option) => [
        code(option.path),
        option.kind,
        option.default === undefined ? (option.isRequired ? 'needed' : '') : code(option.default),
        ...(extra === undefined ? [] : [extra(option)]),
        option.isSecret
          ? `${option.description} A secret: \`${lastKey(option)}_file\` names a file instead.`.trim()
          : option.description,
      ]),
  )
}

/** Keys that only hold others say nothing by themselves. */
function isTold({ kind, description }: Option): boolean {
  return kind !== 'keys' || description !== ''
}

function lastKey({ path }: Option): string {
  return path.split('.').at(-1) as string
}
