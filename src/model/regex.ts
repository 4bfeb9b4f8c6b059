import { RE2JS } from 're2js'

/** RE2 refused a pattern. The message says why, in words for the person who wrote it. */
export class RegexError extends Error {
  override readonly name = 'RegexError'
}

/** A compiled RE2 pattern: linear time whatever the input, so that a pattern of a user can't hang the process. */
export interface Regex {
  readonly source: string
  /** True when the pattern matches somewhere in `text`. */
  test(text: string): boolean
  /** Group texts of the first match ('' for a group that took no part), or undefined. Group 0 is the whole match. */
  exec(text: string): readonly string[] | undefined
  /** Every match from left to right; an empty one right behind another match is none, as in Go. */
  matches(text: string): Iterable<RegexMatch>
  /** The numbers of the named groups. */
  readonly groupNumbers: ReadonlyMap<string, number>
}

/** One match: `start` and `end` (behind its last character) in the text, and its groups as `Regex.exec` gives them. */
export interface RegexMatch {
  readonly start: number
  readonly end: number
  readonly groups: readonly string[]
}

/**
 * Compiles an RE2 pattern as it stands, unanchored.
 *
 * @throws RegexError when RE2 would refuse it (look-arounds and back references among others)
 */
export function compileRegex(source: string): Regex {
  return compile(source, source)
}

/**
 * Compiles as Prometheus does for label matchers and `label_replace`: anchored on both ends, `.` matches line breaks.
 *
 * @see https://prometheus.io/docs/prometheus/latest/querying/basics/ "Regex matches are fully anchored"
 */
export function compileAnchoredRegex(source: string): Regex {
  return compile(`^(?s:${source})$`, source)
}

function compile(pattern: string, source: string): Regex {
  let compiled: RE2JS
  try {
    // The pattern alone first: `a)(b` would otherwise become valid inside the group we put around it.
    if (pattern !== source) RE2JS.compile(source)
    compiled = RE2JS.compile(pattern)
  } catch (error) {
    throw new RegexError(`not a regular expression that RE2 accepts: ${(error as Error).message}`, { cause: error })
  }
  return {
    source,
    groupNumbers: new Map(Object.entries(compiled.namedGroups())),
    test: (text) => compiled.matcher(text).find(),
    exec(text) {
      const matcher = compiled.matcher(text)
      return matcher.find() ? groupsOf(matcher) : undefined
    },
    *matches(text) {
      const matcher = compiled.matcher(text)
      let last = -1
      while (matcher.find()) {
        const start = matcher.start()
        const end = matcher.end()
        if (start !== end || start !== last) yield { start, end, groups: groupsOf(matcher) }
        last = end
      }
    },
  }
}

function groupsOf(matcher: ReturnType<RE2JS['matcher']>): string[] {
  return Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i) ?? '')
}
