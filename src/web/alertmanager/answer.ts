import type { Context, Handler } from 'hono'
import type { Labels } from '../../model/labels.ts'
import { type Matcher, matchesAll } from '../../model/matcher.ts'
import { MatcherTextError, parseMatchers } from '../../model/matcher-text.ts'
import { RegexError } from '../../model/regex.ts'
import { SilenceError } from '../../notify/silences.ts'
import type { WebEnv } from '../auth.ts'
import { HttpProblem } from '../problem.ts'

/** A request that Alertmanager would refuse, with its text. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest'
}

/** Answers as Alertmanager's API does: an error is a JSON text. */
export function alertmanagerStyle(handle: (c: Context<WebEnv>) => Response | Promise<Response>): Handler<WebEnv> {
  return async (c) => {
    try {
      return await handle(c)
    } catch (error) {
      if (error instanceof SilenceError) return c.json(error.message, error.isUnknown ? 404 : 400)
      const isBad = error instanceof BadRequest || error instanceof MatcherTextError || error instanceof RegexError
      if (isBad) return c.json((error as Error).message, 400)
      if (error instanceof HttpProblem && error.status < 500) return c.json(error.message, error.status)
      throw error
    }
  }
}

/** Words of Alertmanager's API, in any case. */
const YES = /^(?:true|1|yes|ok|y|on|selected|checked|t|enabled)$/i
const NO = /^(?:false|0|no|n|off|f|disabled)$/i

/** A parameter that is true unless it says otherwise. */
export function isWanted(c: Context, name: string): boolean {
  const text = c.req.query(name)
  if (text === undefined || text === '' || YES.test(text)) return true
  if (NO.test(text)) return false
  throw new BadRequest(`parameter ${name} is ${JSON.stringify(text)}; write true or false`)
}

/** The matchers of all `filter` parameters. */
export function filterOf(c: Context): Matcher[] {
  return (c.req.queries('filter') ?? []).flatMap((text) => parseMatchers(text))
}

export function satisfies(filter: readonly Matcher[], labels: Labels): boolean {
  return matchesAll(filter, labels)
}

/** How Go prints a time that nobody set; some clients send it. */
const UNSET = /^0001-01-01T00:00:00/

/**
 * A time of a request.
 *
 * @returns epoch milliseconds, undefined when it is absent or Go's zero
 */
export function timeOf(value: unknown, field: string): number | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const timeMs = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T/.test(value) ? Date.parse(value) : Number.NaN
  if (typeof value === 'string' && UNSET.test(value)) return undefined
  if (Number.isNaN(timeMs)) throw new BadRequest(`${field} is ${JSON.stringify(value)}; write a time as in RFC 3339`)
  return timeMs
}

/** A time as Alertmanager's API has it. */
export function timeText(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
