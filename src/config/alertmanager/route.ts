import { z } from 'zod'
import type { RouteSpec } from '../../notify/route.ts'
import { duration, flag, labelName, positive, refused, text } from './fields.ts'
import { allMatchers, matcherKeys } from './matchers.ts'

const groupBy = z
  .array(labelName, { error: 'is not a list; write label names such as [alertname]' })
  .superRefine((names, context) => {
    if (names.includes('...') && names.some((name) => name !== '...')) {
      const message = 'has `...`, which is all labels, beside others; write one or the other'
      context.addIssue({ code: 'custom', message, input: names })
    }
    for (const [i, name] of names.entries()) {
      if (name === '...' || names.indexOf(name) === i) continue
      context.addIssue({
        code: 'custom',
        message: `${JSON.stringify(name)} stands there twice; remove one`,
        path: [i],
        input: name,
      })
    }
  })

const intervals = z.array(text, { error: 'is not a list; write names of time intervals' })

/** A node of the tree, as somebody wrote it. */
export const route: z.ZodType<RouteSpec> = z
  .strictObject(
    {
      receiver: text.optional().describe("Who is told: a receiver's name. From its parent unless told."),
      ...matcherKeys,
      continue: flag.default(false).describe('Whether the routes behind it are looked at as well.'),
      group_by: groupBy
        .optional()
        .describe('Labels by which alerts come together in one message; `...` is all of them.'),
      group_wait: duration
        .optional()
        .describe('How long the first message of a group waits for others; 30s unless told.'),
      group_interval: positive('5m').optional().describe('How soon a change in a group is told; 5m unless told.'),
      repeat_interval: positive('4h').optional().describe('How often alerts that stay are told again; 4h unless told.'),
      mute_time_intervals: intervals.optional().describe('When nothing is told.'),
      active_time_intervals: intervals.optional().describe('When something is told; always unless told.'),
      routes: z.array(z.lazy(() => route)).optional(),
      labels: refused('labels of a route are told to nobody here; remove them'),
    },
    { error: 'is not a route; write {receiver: …, matchers: […]}' },
  )
  .transform((written): RouteSpec => {
    const spec = {
      receiver: written.receiver || undefined,
      matchers: allMatchers(written.match, written.match_re, written.matchers),
      continue: written.continue,
      groupBy: written.group_by,
      groupWaitMs: written.group_wait,
      groupIntervalMs: written.group_interval,
      repeatIntervalMs: written.repeat_interval,
      muteTimeIntervals: written.mute_time_intervals,
      activeTimeIntervals: written.active_time_intervals,
      routes: written.routes,
    }
    return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined))
  })
