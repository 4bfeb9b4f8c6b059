import type { z } from 'zod'
import { kindOf, show } from '../lib/show.ts'
import type { Collector } from './collector.ts'
import { suggest } from './suggest.ts'
import { placeAt, type Written } from './written.ts'

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/** What schemas that say nothing themselves complain with; pass it to every `safeParse` here. */
export const sayPlainly: z.core.$ZodErrorMap = (issue) => {
  const { input } = issue
  switch (issue.code) {
    case 'invalid_type':
      return notOfType(issue.expected, input)
    case 'invalid_value': {
      const choices = issue.values.map(String)
      if (choices.length === 1) return `${show(input)} is not known here; write ${choices[0]}`
      const near = typeof input === 'string' ? suggest(input, choices) : undefined
      return `${show(input)} is not one of ${choices.join(', ')}${near === undefined ? '; write one of these' : `; did you mean "${near}"?`}`
    }
    case 'too_small':
      if (issue.origin === 'array' || issue.origin === 'string') return `is empty; write at least ${issue.minimum}`
      return `${show(input)} is too small; write ${issue.inclusive ? `${issue.minimum} or more` : `more than ${issue.minimum}`}`
    case 'too_big':
      if (issue.origin === 'array' || issue.origin === 'string') return `is too long; write at most ${issue.maximum}`
      return `${show(input)} is too large; write ${issue.inclusive ? `${issue.maximum} or less` : `less than ${issue.maximum}`}`
    case 'invalid_union':
      return `${show(input)} is of a kind that can't stand here`
    default:
      return undefined
  }
}

function notOfType(expected: string, input: unknown): string {
  switch (expected) {
    case 'string':
      return `is ${kindOf(input)}; write a text`
    case 'number':
      return typeof input === 'string' && input.trim() !== '' && Number.isFinite(Number(input))
        ? `${show(input)} is a text; write ${input} without quotes`
        : `${show(input)} is not a number`
    case 'int':
      return `${show(input)} is not a whole number`
    case 'boolean':
      return `${show(input)} is not a switch; write true or false`
    case 'array':
      return typeof input === 'string'
        ? `${show(input)} is not a list; write [${input}]`
        : `is ${kindOf(input)}; write a list`
    case 'object':
    case 'record':
      return `is ${kindOf(input)}; write keys with their values`
    default:
      return `${show(input)} is not what can stand here`
  }
}

/** Adds a problem for every issue, at the place where its value was written. */
export function explain(
  issues: readonly Issue[],
  { root, value, path, collector }: { root: Written; value: unknown; path: Path; collector: Collector },
): void {
  for (const issue of issues.flatMap((one) => unfold(one))) {
    const here = [...path, ...issue.path]
    const isMissing = issue.path.length > 0 && at(value, issue.path) === undefined && issue.code !== 'custom'
    const isKey = issue.code === 'invalid_key'
    collector.add(
      placeAt(root, here, isKey ? 'key' : 'value'),
      here,
      isMissing ? missing(issue.message) : issue.message,
    )
  }
}

/** Of alternatives, the one whose type fits tells what is wrong inside; when none fits, the union speaks itself. */
function unfold(issue: Issue): Issue[] {
  if (issue.code === 'invalid_key') {
    const inner = issue.issues[0]
    return [inner === undefined ? issue : { ...issue, message: inner.message }]
  }
  if (issue.code !== 'invalid_union') return [issue]
  const fitting = issue.errors
    .filter(
      (issues) => issues.length > 0 && !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
    )
    .sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0]
  if (fitting === undefined) return [issue]
  return fitting.flatMap((inner) => unfold({ ...inner, path: [...issue.path, ...inner.path] }))
}

function depth(issues: readonly Issue[]): number {
  return Math.max(...issues.map(({ path }) => path.length))
}

/** Schemas say `is not a duration; write 30s` for what is absent, too; the second half still holds. */
function missing(message: string): string {
  const instead = message.indexOf('; ')
  return instead === -1 ? 'is missing' : `is missing${message.slice(instead)}`
}

function at(value: unknown, path: Path): unknown {
  let inner = value
  for (const step of path) {
    inner = typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[step] : undefined
  }
  return inner
}
