import type { z } from 'zod'
import { type FieldError, HttpProblem } from './problem.ts'

const MAX_ERRORS = 20

/**
 * Takes a parsed body through its schema.
 *
 * @throws HttpProblem 422 with one entry for everything that is wrong
 */
export function validate<Output>(schema: z.ZodType<Output>, value: unknown): Output {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw invalid(parsed.error.issues.slice(0, MAX_ERRORS).map(toFieldError))
}

/** A 422 that names every field and what is wrong with it. */
export function invalid(errors: readonly FieldError[]): HttpProblem {
  const detail = errors.map(({ field, message }) => `${field || 'the body'}: ${message}`).join('; ')
  return new HttpProblem(422, 'Invalid content', detail, { errors })
}

function toFieldError(issue: z.core.$ZodIssue): FieldError {
  const field = issue.path
    .map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? String(part) : `.${String(part)}`))
    .join('')
  return { field, message: issue.message }
}
