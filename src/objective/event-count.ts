import { type Expr, walk } from '../promql/index.ts'
import type { EventCount } from './slo.ts'

const A_SECOND = new Set(['rate', 'irate', 'deriv', 'avg_over_time'])
const WITHIN = new Set(['increase', 'delta', 'count_over_time', 'sum_over_time', 'changes'])

/** Whether a query for events counts those within its window or those of a second, by the functions that it calls. */
export function countedBy(expr: Expr | undefined): EventCount {
  if (expr === undefined) return 'unknown'
  const names = [...walk(expr)].flatMap((one) => (one.kind === 'call' ? [one.name] : []))
  const isRate = names.some((name) => A_SECOND.has(name))
  const isCount = names.some((name) => WITHIN.has(name))
  if (isRate === isCount) return 'unknown'
  return isRate ? 'events a second' : 'events'
}
