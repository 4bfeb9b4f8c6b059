import { z } from 'zod'
import { show } from '../../lib/show.ts'
import { createMatcher, type Matcher } from '../../model/matcher.ts'
import { MatcherTextError, parseMatchers } from '../../model/matcher-text.ts'
import { compileRegex } from '../../model/regex.ts'
import { refuse } from '../../probe/fields.ts'
import { labelMap, textOrNothing } from './fields.ts'

const EXAMPLE = `'severity="critical"'`

const matcherText = z
  .string({
    error: ({ input }) =>
      `is ${typeof input === 'object' ? 'no text' : show(input)}; write a matcher in quotes, such as ${EXAMPLE}`,
  })
  .transform((text, context): Matcher[] => {
    try {
      return parseMatchers(text)
    } catch (error) {
      if (error instanceof MatcherTextError) return refuse(context, error.message)
      throw error
    }
  })

/** A list of matchers, or several of them in one text: `{severity="critical", team=~"a|b"}`. */
const matcherList = z
  .union([matcherText, z.array(matcherText)], { error: `is neither a list of matchers nor a text; write [${EXAMPLE}]` })
  .transform((written): Matcher[] => written.flat())

/** Where nothing is written, nobody can know what was meant; a value may be empty, a pattern may not. */
const writtenPattern = z
  .string()
  .nullable()
  .transform((value, context) => value ?? refuse(context, 'is empty; write a pattern such as "shop|pay"'))

const equalTo = labelMap('{severity: critical}', textOrNothing).transform((record): Matcher[] =>
  Object.entries(record).map(([name, value]) => createMatcher(name, '=', value)),
)

const matchedBy = labelMap('{service: "shop|pay"}', writtenPattern).transform((record, context): Matcher[] =>
  Object.entries(record).flatMap(([name, pattern]) => {
    try {
      compileRegex(pattern)
      // As it stands in Alertmanager's group keys, by which PagerDuty knows an incident again.
      return [createMatcher(name, '=~', `^(?:${pattern})$`)]
    } catch (error) {
      const message = `${show(pattern)} is ${(error as Error).message}; write one such as "shop|pay"`
      context.issues.push({ code: 'custom', message, input: pattern, path: [name] })
      return []
    }
  }),
)

interface MatcherKeys {
  readonly matchers: z.ZodOptional<typeof matcherList>
  readonly match: z.ZodOptional<typeof equalTo>
  readonly match_re: z.ZodOptional<typeof matchedBy>
}

/** The keys that hold matchers, of which all have to be satisfied. */
export const matcherKeys: MatcherKeys = {
  matchers: matcherList.optional().describe('What an alert has to satisfy: `severity="critical"`, `team=~"shop|pay"`.'),
  match: equalTo.optional().describe('Deprecated: label values that have to be equal.'),
  match_re: matchedBy.optional().describe('Deprecated: patterns that label values have to match.'),
}

/** All of them together. */
export function allMatchers(...lists: readonly (readonly Matcher[] | undefined)[]): readonly Matcher[] {
  return lists.flatMap((list) => list ?? [])
}
