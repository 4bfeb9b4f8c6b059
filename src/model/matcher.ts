import { type Labels, quoteLabelValue } from './labels.ts'
import { compileAnchoredRegex } from './regex.ts'

export type MatchOp = '=' | '!=' | '=~' | '!~'

/** One condition on one label; an absent label has the value ''. */
export interface Matcher {
  readonly name: string
  readonly op: MatchOp
  readonly value: string
  /** Whether a label value satisfies the condition. */
  matches(value: string): boolean
}

const PLAIN_ALTERNATIVES = /^[\w\-:/ %@,~]+(\|[\w\-:/ %@,~]+)*$/

/**
 * @throws RegexError when the operator takes a pattern and RE2 refuses it
 */
export function createMatcher(name: string, op: MatchOp, value: string): Matcher {
  switch (op) {
    case '=':
      return { name, op, value, matches: (text) => text === value }
    case '!=':
      return { name, op, value, matches: (text) => text !== value }
    case '=~':
      return { name, op, value, matches: anchoredTest(value) }
    case '!~': {
      const test = anchoredTest(value)
      return { name, op, value, matches: (text) => !test(text) }
    }
  }
}

/** Most patterns in rules are `a|b|c`, `.+` or `.*`: those need no regex engine. */
function anchoredTest(pattern: string): (text: string) => boolean {
  if (pattern === '.*') return () => true
  if (pattern === '.+') return (text) => text !== ''
  if (PLAIN_ALTERNATIVES.test(pattern)) {
    const words = new Set(pattern.split('|'))
    return (text) => words.has(text)
  }
  const regex = compileAnchoredRegex(pattern)
  return (text) => regex.test(text)
}

export function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matcher.matches(labels.get(matcher.name)))
}

/** As Prometheus and Alertmanager print it: `severity="page"`. */
export function formatMatcher({ name, op, value }: Matcher): string {
  return `${name}${op}${quoteLabelValue(value)}`
}
