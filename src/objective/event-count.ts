import { type Expr, walk } from '../promql/index.ts'
import type { EventCount, Sli } from './slo.ts'

const A_SECOND = new Set(['rate', 'irate', 'deriv', 'avg_over_time'])
const WITHIN = new Set(['increase', 'delta', 'count_over_time', 'sum_over_time', 'changes'])

/** What two queries for events measure; undefined expressions are those that are not PromQL. */
export function eventsSli(
  error: { readonly text: string; readonly expr: Expr | undefined },
  total: { readonly text: string; readonly expr: Expr | undefined },
): Sli {
  return {
    kind: 'events',
    errorQuery: error.text,
    totalQuery: total.text,
    counts: countedBy(total.expr),
    isZeroWhenAbsent: error.expr !== undefined && !hasDifference(error.expr),
  }
}

/** Where all minus good is asked for, missing good ones would not be no errors. */
function hasDifference(expr: Expr): boolean {
  return [...walk(expr)].some((one) => one.kind === 'binary' && one.op === '-')
}

/** Whether a query for events counts those within its window or those of a second, by the functions that it calls. */
function countedBy(expr: Expr | undefined): EventCount {
  if (expr === undefined) return 'unknown'
  const names = [...walk(expr)].flatMap((one) => (one.kind === 'call' ? [one.name] : []))
  const isRate = names.some((name) => A_SECOND.has(name))
  const isCount = names.some((name) => WITHIN.has(name))
  if (isRate === isCount) return 'unknown'
  return isRate ? 'events a second' : 'events'
}
