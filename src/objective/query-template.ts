import type { GoMap, GoValue } from '../lib/go-value.ts'
import { TemplateError } from '../template/error.ts'
import { execute } from '../template/execute.ts'
import { goFunctions } from '../template/functions-go.ts'
import { CallError } from '../template/humanize.ts'
import { parseTree } from '../template/parse.ts'

const WINDOW = /\{\{ *\.window *\}\}/
const EACH_WINDOW = new RegExp(WINDOW, 'g')
const MAX_STEPS = 10_000
const MAX_LENGTH = 262_144
const functions = new Map(goFunctions.map((one) => [one.name, one]))
const functionNames: ReadonlySet<string> = new Set(functions.keys())

/** Whether the window stands in a query, as Sloth looks for it. */
export function hasWindow(query: string): boolean {
  return WINDOW.test(query)
}

/** The window in a query of one's own making. */
export const WINDOW_TEXT = '{{.window}}'

/**
 * Puts the window into a query. A query is a Go template that knows `.window` and nothing else.
 *
 * @throws TemplateError
 */
export function withWindow(query: string, window: string): string {
  // What nearly all queries are, without a template's machinery.
  const plain = query.replace(EACH_WINDOW, window)
  if (!plain.includes('{{')) return plain
  const data: GoMap = {
    kind: 'map',
    elements: 'any',
    size: 1,
    keys: () => ['window'],
    get: (key) => known(key, window),
  }
  const context = { nowMs: 0, maxLength: MAX_LENGTH }
  const surroundings = { functions, context, budget: { steps: MAX_STEPS }, data, variables: new Map<string, GoValue>() }
  return execute(parseTree(query, functionNames, []), surroundings)
}

function known(key: string, window: string): string {
  if (key === 'window') return window
  throw new CallError(`map has no entry for key "${key}"; a query knows ${WINDOW_TEXT} and nothing else`)
}

export { TemplateError }
