import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { redactText } from '../lib/redact.ts'
import type { Reason } from '../model/finding.ts'
import { durationMs, refuse, regex, statusRange } from './fields.ts'
import type { ResponseHead } from './http-response.ts'
import { parseJsonPath, valueAt } from './json-path.ts'

const jsonExpectations = z
  .record(z.string(), z.json(), { error: 'is not a map; write what stands where: {status: ok} or {"$.db.state": up}' })
  .transform((record, context) =>
    Object.entries(record).map(([text, expected]) => {
      const path = parseJsonPath(text)
      if (path !== undefined) return { path, expected }
      return refuse(context, `"${text}" is not a place in JSON; write a key, or a path such as $.checks[0].state`)
    }),
  )

/** What an HTTP answer has to be like. */
export const httpExpect = z.strictObject({
  status: statusRange
    .prefault('2xx')
    .describe('Status codes that are fine: `2xx`, `200`, `"200-299"` or a list of these.'),
  json: jsonExpectations
    .optional()
    .describe(
      'Values that have to stand in a JSON body, each by its place: a key of the outermost object, or a path of the form ' +
        "`$.checks[0].state` or `$['any key']`. A path names exactly one value; there are no wildcards and no filters.",
    ),
  header: z
    .record(z.string().toLowerCase(), regex, { error: 'is not a map; write {Content-Type: json}' })
    .optional()
    .describe('Patterns by name of the header; one of its values has to match.'),
  body: regex.optional().describe('A pattern that the body has to match somewhere.'),
  body_not: regex.optional().describe('A pattern that the body must not match anywhere.'),
  latency: durationMs.optional().describe('How long the whole answer may take; beyond it the check is degraded.'),
  certificate: durationMs
    .optional()
    .describe('How long every certificate of the chain has to be valid; below it the check is degraded.'),
})

export type HttpExpect = z.output<typeof httpExpect>

/** What an answer is not like. */
export interface Mismatch {
  readonly reason: Reason
  readonly message: string
  /** For `probe_failed_due_to_regex`. */
  readonly isRegex: boolean
}

/** Whether the content has to be looked at. */
export function looksAtBody({ json, body, body_not }: HttpExpect): boolean {
  return json !== undefined || body !== undefined || body_not !== undefined
}

/** The first thing that is not as expected: status, then headers, then the body. */
export function findMismatch(expect: HttpExpect, head: ResponseHead, body: Buffer): Mismatch | undefined {
  if (!expect.status.includes(head.status)) {
    return { reason: 'status', message: `status ${head.status}, expected ${expect.status.text}`, isRegex: false }
  }
  return headerMismatch(expect, head) ?? (looksAtBody(expect) ? bodyMismatch(expect, body.toString('utf8')) : undefined)
}

function headerMismatch({ header = {} }: HttpExpect, { headers }: ResponseHead): Mismatch | undefined {
  for (const [name, pattern] of Object.entries(header)) {
    const values = headers.get(name)
    if (values?.some((value) => pattern.test(value))) continue
    const what = values === undefined ? 'is missing' : `is ${excerpt(values.join(', '))}`
    return { reason: 'header', message: `header ${name} ${what}, expected to match /${pattern.source}/`, isRegex: true }
  }
  return undefined
}

function bodyMismatch({ json, body, body_not }: HttpExpect, text: string): Mismatch | undefined {
  if (body !== undefined && !body.test(text)) {
    return { reason: 'body', message: `the body does not match /${body.source}/`, isRegex: true }
  }
  if (body_not?.test(text)) {
    return { reason: 'body', message: `the body matches /${body_not.source}/, which it must not`, isRegex: true }
  }
  return json === undefined ? undefined : jsonMismatch(json, text)
}

function jsonMismatch(expectations: NonNullable<HttpExpect['json']>, text: string): Mismatch | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { reason: 'body', message: `the body is not JSON: ${excerpt(text)}`, isRegex: false }
  }
  for (const { path, expected } of expectations) {
    const found = valueAt(value, path)
    if (isDeepStrictEqual(found, expected)) continue
    const what = found === undefined ? 'is not in the body' : `is ${inWords(found)}`
    return { reason: 'body', message: `${path.text} ${what}, expected ${JSON.stringify(expected)}`, isRegex: false }
  }
  return undefined
}

/** Lists and objects by their kind only: they may be nested deeper than anything that walks through them can bear. */
function inWords(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === 'object' && value !== null ? 'an object' : excerpt(JSON.stringify(value))
}

/** The beginning of what came, fit for a message. */
function excerpt(text: string): string {
  if (text === '') return 'empty'
  const line = redactText(text.slice(0, 500)).replace(/\s+/g, ' ').trim()
  return line.length <= 100 ? line : `${line.slice(0, 99)}…`
}
