import { createMatcher, type Matcher, type MatchOp } from '../model/matcher.ts'
import { RegexError } from '../model/regex.ts'
import { CommandError } from './command-error.ts'

/** A list as midwatch's own addresses give it. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly total: number
  readonly total_is?: 'exact' | 'at_least'
}

/** An op is what comes first, the longer one of two. */
const MATCHER = /^([^=!~]+)(=~|!~|!=|=)(.*)$/s

/**
 * Reads matchers as a shell leaves them, without quotes: `check=shop`, `severity=~critical|high`.
 *
 * @throws CommandError for what is none
 */
export function matchersOf(words: readonly string[]): readonly Matcher[] {
  return words.map((word) => {
    const [, name, op, value = ''] = MATCHER.exec(word) ?? []
    if (name === undefined || op === undefined) {
      throw new CommandError(2, `${JSON.stringify(word)} is no matcher; write name=value, such as severity=critical`)
    }
    try {
      return createMatcher(name, op as MatchOp, value)
    } catch (error) {
      if (!(error instanceof RegexError)) throw error
      throw new CommandError(2, `${JSON.stringify(value)} is ${error.message}`)
    }
  })
}
