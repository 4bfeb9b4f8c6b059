import { createMatcher, type Matcher, type MatchOp } from '../../model/matcher.ts'
import { type Silence, silenceState } from '../../model/silence.ts'
import type { SilenceRequest } from '../../notify/silences.ts'
import { BadRequest, timeOf, timeText } from './answer.ts'

export function silenceJson(silence: Silence, nowMs: number) {
  const { id, matchers, startsAtMs, endsAtMs, updatedAtMs, createdBy, comment } = silence
  return {
    id,
    status: { state: silenceState(silence, nowMs) },
    updatedAt: timeText(updatedAtMs),
    comment,
    createdBy,
    endsAt: timeText(endsAtMs),
    matchers: matchers.map(({ name, op, value }) => ({
      isEqual: op === '=' || op === '=~',
      isRegex: op === '=~' || op === '!~',
      name,
      value,
    })),
    startsAt: timeText(startsAtMs),
  }
}

/** @throws BadRequest, RegexError */
export function readSilence(body: unknown, nowMs: number): SilenceRequest {
  if (body === null || typeof body !== 'object') throw new BadRequest('the body is not a silence; send a JSON object')
  const fields = body as Record<string, unknown>
  const matchers = fields.matchers
  if (!Array.isArray(matchers))
    throw new BadRequest('matchers is not a list; send [{"name": …, "value": …, "isRegex": false}]')
  const endsAtMs = timeOf(fields.endsAt, 'endsAt')
  if (endsAtMs === undefined) throw new BadRequest('endsAt is missing; say until when')
  return {
    id: textOf(fields.id, 'id'),
    matchers: matchers.map(readMatcher),
    startsAtMs: timeOf(fields.startsAt, 'startsAt') ?? nowMs,
    endsAtMs,
    createdBy: textOf(fields.createdBy, 'createdBy'),
    comment: textOf(fields.comment, 'comment'),
  }
}

function readMatcher(value: unknown, i: number): Matcher {
  const { name, value: text, isRegex = false, isEqual = true } = (value ?? {}) as Record<string, unknown>
  if (typeof name !== 'string' || name === '') throw new BadRequest(`matchers[${i}].name is missing; name a label`)
  if (typeof text !== 'string') throw new BadRequest(`matchers[${i}].value is not a text`)
  const op: MatchOp = isRegex === true ? (isEqual === false ? '!~' : '=~') : isEqual === false ? '!=' : '='
  return createMatcher(name, op, text)
}

function textOf(value: unknown, field: string): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw new BadRequest(`${field} is not a text`)
  return value
}
