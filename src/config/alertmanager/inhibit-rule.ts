import { z } from 'zod'
import { createMatcher } from '../../model/matcher.ts'
import type { InhibitRule } from '../../notify/inhibition.ts'
import { labelName, text } from './fields.ts'
import { allMatchers, matcherKeys } from './matchers.ts'

/**
 * What counts where nobody writes inhibit rules: the page about an objective makes the ticket about the same one superfluous.
 * Rules that are made of SLO specs carry these labels.
 */
export const DEFAULT_INHIBIT_RULES: readonly InhibitRule[] = [
  {
    source: [createMatcher('sloth_severity', '=', 'page')],
    target: [createMatcher('sloth_severity', '=', 'ticket')],
    equal: ['sloth_id'],
  },
]

const { matchers, match, match_re } = matcherKeys

export const inhibitRule = z
  .strictObject(
    {
      name: text.optional().describe('For people only.'),
      source_matchers: matchers.describe('While an alert fires that satisfies these …'),
      source_match: match,
      source_match_re: match_re,
      target_matchers: matchers.describe('… those that satisfy these are not told.'),
      target_match: match,
      target_match_re: match_re,
      equal: z.array(labelName).default([]).describe('Labels that have to be the same in both.'),
    },
    { error: 'is not an inhibit rule; write {source_matchers: […], target_matchers: […], equal: […]}' },
  )
  .transform(
    (written): InhibitRule => ({
      source: allMatchers(written.source_match, written.source_match_re, written.source_matchers),
      target: allMatchers(written.target_match, written.target_match_re, written.target_matchers),
      equal: written.equal,
    }),
  )
