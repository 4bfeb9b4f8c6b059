import type { Regex } from '../../model/regex.ts'

const NAME = /[\p{L}\p{Nd}_]+/uy

/** Whether Go's `Expand` would replace something in `template`. */
export function hasReference(template: string): boolean {
  return template.includes('$')
}

/**
 * Fills `$1`, `${1}`, `$name` and `${name}` with the groups of a match, `$$` with a dollar sign, as Go's
 * `Regexp.Expand`: a name is taken as long as it goes (`$1x` is the group `1x`), a group that is not there is empty, and
 * a `$` that begins no reference stays.
 */
export function expandTemplate(template: string, groups: readonly string[], { groupNumbers }: Regex): string {
  let text = ''
  let from = 0
  for (;;) {
    const dollar = template.indexOf('$', from)
    if (dollar === -1) return text + template.slice(from)
    text += template.slice(from, dollar)
    const next = template[dollar + 1]
    if (next === '$') {
      text += '$'
      from = dollar + 2
      continue
    }
    const inBraces = next === '{'
    NAME.lastIndex = dollar + (inBraces ? 2 : 1)
    const name = NAME.exec(template)?.[0]
    const end = NAME.lastIndex
    if (name === undefined || (inBraces && template[end] !== '}')) {
      text += '$'
      from = dollar + 1
      continue
    }
    const number = /^\d+$/.test(name) ? Number(name) : groupNumbers.get(name)
    text += (number === undefined ? undefined : groups[number]) ?? ''
    from = inBraces ? end + 1 : end
  }
}
