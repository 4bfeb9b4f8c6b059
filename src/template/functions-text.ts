import { compileRegex, type Regex, RegexError } from '../model/regex.ts'
import type { TemplateFunction } from './function.ts'
import { CallError } from './humanize.ts'

/** What Prometheus and Alertmanager both add for working on texts. */
export const textFunctions: readonly TemplateFunction[] = [
  {
    name: 'match',
    parameters: ['string', 'string'],
    costOfCharacter: 1,
    call: ([pattern, text]) => regex(pattern as string).test(text as string),
  },
  {
    name: 'reReplaceAll',
    parameters: ['string', 'string', 'string'],
    costOfCharacter: 1,
    call: ([pattern, replacement, text], { maxLength }) =>
      replaceAll(regex(pattern as string), replacement as string, text as string, maxLength),
  },
]

/** The patterns of templates are few and the same at every evaluation. */
const compiled = new Map<string, Regex>()
const MAX_COMPILED = 200

function regex(pattern: string): Regex {
  const known = compiled.get(pattern)
  if (known !== undefined) return known
  try {
    const made = compileRegex(pattern)
    if (compiled.size >= MAX_COMPILED) compiled.clear()
    compiled.set(pattern, made)
    return made
  } catch (error) {
    if (error instanceof RegexError) throw new CallError(`${JSON.stringify(pattern)} is ${error.message}`)
    throw error
  }
}

const REFERENCE = /\$(?:\$|\{([_\p{L}\p{Nd}]+)\}|([_\p{L}\p{Nd}]+))/gu

/** `$1`, `${1}` and `${name}` in the replacement are groups, `$$` is a dollar sign; unknown ones are empty. */
function replaceAll(pattern: Regex, replacement: string, text: string, maxLength: number): string {
  let result = ''
  let at = 0
  for (const { start, end, groups } of pattern.matches(text)) {
    const expanded = replacement.replace(REFERENCE, (reference, braced?: string, bare?: string) => {
      if (reference === '$$') return '$'
      const name = (braced ?? bare) as string
      const number = /^[0-9]+$/.test(name) ? Number(name) : pattern.groupNumbers.get(name)
      return number === undefined ? '' : (groups[number] ?? '')
    })
    result += text.slice(at, start) + expanded
    at = end
    if (result.length > maxLength) throw new CallError(`the text is longer than ${maxLength} characters`)
  }
  return result + text.slice(at)
}
