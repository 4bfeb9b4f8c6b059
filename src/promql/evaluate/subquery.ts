import type { Samples } from '../../model/sample.ts'
import type { Subquery } from '../syntax/ast.ts'
import type { Evaluation, RangeSeries, RangeVector } from './evaluation.ts'
import type { Vector } from './vector.ts'
import type { Work } from './work.ts'

/** Evaluates the inner expression once over the whole span, at multiples of the subquery's step. */
export function* subqueryRange(
  { expr, rangeMs, stepMs: ownStepMs }: Subquery,
  ends: Float64Array,
  defaultStepMs: number,
  evaluation: Evaluation,
): Work<RangeVector> {
  const stepMs = ownStepMs ?? defaultStepMs
  const firstMs = (Math.floor(((ends[0] as number) - rangeMs) / stepMs) + 1) * stepMs
  const lastMs = ends[ends.length - 1] as number
  const count = Math.floor((lastMs - firstMs) / stepMs) + 1
  if (count <= 0) return { rangeMs, ends, isNameless: false, series: [] }
  evaluation.charge(count)
  const inner = yield* evaluation.vector(expr, { startMs: firstMs, stepMs, count })
  evaluation.charge(inner.size * (count + ends.length))
  const series: RangeSeries[] = []
  for (let i = 0; i < inner.size; i++) {
    series.push({
      labels: inner.labels[i] as RangeSeries['labels'],
      typed: inner.typed?.[i],
      samples: () => compact(inner, i, firstMs, stepMs),
    })
  }
  return { rangeMs, ends, isNameless: inner.isNameless, series }
}

/** The steps that have a value, as samples. */
function compact({ steps, values, present }: Vector, series: number, startMs: number, stepMs: number): Samples {
  const timesMs = new Float64Array(steps)
  const kept = new Float64Array(steps)
  const from = series * steps
  let length = 0
  for (let i = 0; i < steps; i++) {
    if (present[from + i] === 0) continue
    timesMs[length] = startMs + i * stepMs
    kept[length] = values[from + i] as number
    length++
  }
  return { length, timesMs, values: kept, stale: undefined }
}
