import { compareText, type Labels, quoteLabelValue } from './labels.ts'
import { readPlainPattern } from './plain-pattern.ts'
import { compileAnchoredRegex, type Regex } from './regex.ts'

export type MatchOp = '=' | '!=' | '=~' | '!~'

/** One condition on one label; an absent label has the value ''. */
export interface Matcher {
  readonly name: string
  readonly op: MatchOp
  readonly value: string
  /** The only values of which `value` speaks, where they can be counted out: one for `=` and `!=`, three for `=~"a|b|c"`. */
  readonly words: readonly string[] | undefined
  /** Whether a label value satisfies the condition. */
  matches(value: string): boolean
}

/**
 * @throws RegexError when the operator takes a pattern and RE2 refuses it
 */
export function createMatcher(name: string, op: MatchOp, value: string): Matcher {
  switch (op) {
    case '=':
      return { name, op, value, words: [value], matches: (text) => text === value }
    case '!=':
      return { name, op, value, words: [value], matches: (text) => text !== value }
    case '=~': {
      const { words, test } = anchoredTest(value)
      return { name, op, value, words, matches: test }
    }
    case '!~': {
      const { words, test } = anchoredTest(value)
      return { name, op, value, words, matches: (text) => !test(text) }
    }
  }
}

interface AnchoredTest {
  readonly words: readonly string[] | undefined
  readonly test: (text: string) => boolean
}

/** Most patterns in rules are `a|b|c`, `.+` or `abc.*`: those need no regex engine. */
function anchoredTest(pattern: string): AnchoredTest {
  if (pattern === '.*') return { words: undefined, test: () => true }
  if (pattern === '.+') return { words: undefined, test: (text) => text !== '' }
  const plain = readPlainPattern(pattern)
  if (plain === undefined) {
    const regex = compileAnchoredRegex(pattern)
    return { words: undefined, test: (text) => regex.test(text) }
  }
  let regex: Regex | undefined
  const byEngine = (text: string) => {
    regex ??= compileAnchoredRegex(pattern)
    return regex.test(text)
  }
  return { words: plain.words, test: (text) => plain.test(text) ?? byEngine(text) }
}

export function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matcher.matches(labels.get(matcher.name)))
}

/** As Prometheus and Alertmanager print it: `severity="page"`, and `"a b"="c"` where the name could not be read otherwise. */
export function formatMatcher({ name, op, value }: Matcher): string {
  const shown = /[\s{}!=~,\\"'`]/u.test(name) ? quoteLabelValue(name) : name
  return `${shown}${op}${quoteLabelValue(value)}`
}

/** As Alertmanager sorts the matchers of a route, whose key they become: by name, value and kind. */
export function compareMatchers(a: Matcher, b: Matcher): number {
  return compareText(a.name, b.name) || compareText(a.value, b.value) || ORDER.indexOf(a.op) - ORDER.indexOf(b.op)
}

const ORDER: readonly MatchOp[] = ['=', '!=', '=~', '!~']
