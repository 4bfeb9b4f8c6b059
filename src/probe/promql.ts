import { z } from 'zod'
import { degraded, down, type Finding, type ProbeMetric, type Reason, unknown, up } from '../model/finding.ts'
import type { Labels } from '../model/labels.ts'
import { PromqlError, parse, print, typeOf } from '../promql/index.ts'
import { refuse } from './fields.ts'
import { defineProbe, type ProbeContext } from './probe.ts'
import { standsIn } from './stand-in.ts'

/** An expression that gives series; the parsed value is its text in one form, whatever its spaces and line breaks were. */
const expression = z
  .string({ error: 'is not a PromQL expression; write one such as "queue_tasks_queued > 50"' })
  .transform((text, context): string => {
    try {
      const parsed = parse(text)
      if (typeOf(parsed) === 'vector') return print(parsed)
    } catch (error) {
      if (!(error instanceof PromqlError)) throw error
      return refuse(
        context,
        `is not a PromQL expression: ${error.message}; write one such as "queue_tasks_queued > 50"`,
      )
    }
    return refuse(
      context,
      'gives no series that could be there or not; write a comparison of series, such as "sum(queue_tasks_queued) > 50"',
    )
  })

const config = z.strictObject({
  promql: expression.describe('An expression over the series that midwatch has.'),
  warning: expression
    .optional()
    .describe(
      'A second expression that is judged in the same way when the first one is fine, and makes the check degraded.',
    ),
  expect: z
    .enum(['nothing', 'something'], { error: 'is not an expectation; write nothing or something' })
    .default('nothing')
    .describe(
      "`nothing`: the expression describes trouble, as an alert's does, so each series that it gives is one. `something`: it describes what has to be there.",
    ),
})

type Series = Awaited<ReturnType<ProbeContext['query']>>

const MOST_SHOWN = 5

/**
 * Up when a query over the series that midwatch has gives nothing, or something where that is expected.
 *
 * Series that are not there at all give nothing either. Where they have to be there, write a second check with
 * `absent(…)`, or one that expects something.
 */
export const promql = defineProbe({
  key: 'promql',
  summary: "Up when a PromQL query over midwatch's own series gives nothing (or something, where that is expected).",
  config,
  example: { promql: 'sum(queue_tasks_queued) > 50', warning: 'sum(queue_tasks_queued) > 20' },
  metrics: { probe_promql_result_count: { help: 'Series that the query gave.' } },
  instance: ({ promql }) => shorten(promql, 100),
  standIn: ({ promql }) => standsIn(`an alerting rule over ${promql}`),

  async run({ promql, warning, expect }, context) {
    try {
      const found = await answerOf(promql, context)
      const metrics = [{ name: 'probe_promql_result_count', value: found.length }]
      const trouble = judge(promql, found, expect)
      if (trouble !== undefined) return down(...trouble, { metrics, details: detailsOf(found), phase: 'query' })
      return await judgeWarning(warning, expect, context, { metrics, details: detailsOf(found) })
    } catch (error) {
      if (context.signal.aborted) return unknown('timeout', 'the query was not answered in time', { phase: 'query' })
      if (!(error instanceof PromqlError)) throw error
      return unknown('internal', `the query could not be answered: ${error.message}`, { phase: 'query' })
    }
  },
})

async function judgeWarning(
  warning: string | undefined,
  expect: 'nothing' | 'something',
  context: ProbeContext,
  measured: { readonly metrics: readonly ProbeMetric[]; readonly details: Readonly<Record<string, number>> },
): Promise<Finding> {
  if (warning === undefined) return up(measured)
  const found = await answerOf(warning, context)
  const trouble = judge(warning, found, expect)
  if (trouble === undefined) return up(measured)
  return degraded(...trouble, { metrics: measured.metrics, details: detailsOf(found), phase: 'query' })
}

/** @returns undefined when the answer is as expected */
function judge(
  query: string,
  found: Series,
  expect: 'nothing' | 'something',
): readonly [reason: Reason, message: string] | undefined {
  if (expect === 'something') {
    return found.length > 0 ? undefined : ['threshold', `expected a series, and there is none: ${shorten(query, 200)}`]
  }
  if (found.length === 0) return undefined
  const shown = found
    .toSorted((a, b) => b.value - a.value)
    .slice(0, MOST_SHOWN)
    .map(({ labels, value }) => `${nameOf(labels, query)} is ${Number(value.toPrecision(6))}`)
  const rest = found.length > MOST_SHOWN ? `, and ${found.length - MOST_SHOWN} more` : ''
  return ['threshold', `${shown.join(', ')}${rest}`]
}

/** What is left of `sum(x) > 5` has no name and no labels; the query says then what it is. */
function nameOf(labels: Labels, query: string): string {
  return labels.size === 0 ? shorten(query, 200) : labels.toString()
}

function detailsOf(found: Series): Readonly<Record<string, number>> {
  const [only] = found
  return { series: found.length, ...(found.length === 1 && only !== undefined ? { value: only.value } : {}) }
}

/** @throws the signal's reason as soon as it is aborted, whatever becomes of the query */
async function answerOf(query: string, { signal, query: ask }: ProbeContext): Promise<Series> {
  signal.throwIfAborted()
  const over = Promise.withResolvers<never>()
  const abort = () => over.reject(signal.reason)
  signal.addEventListener('abort', abort)
  try {
    return await Promise.race([ask(query), over.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
