import { NEEDS, type Summary } from '../../model/summary.ts'
import type { Evaluation } from '../evaluate/evaluation.ts'
import type { WindowWork } from '../evaluate/window-run.ts'
import type { Window } from '../evaluate/window-walk.ts'
import type { Expr } from '../syntax/ast.ts'
import { quoteText } from '../syntax/text.ts'
import { type WindowOptions, windowFunction } from './window.ts'

/** Names under which a counter may go; `rate` of anything else is probably a mistake. */
const COUNTER_NAME = /_(?:total|sum|count|bucket)$/

function noteNonCounter(name: string, arg: Expr, evaluation: Evaluation): void {
  if (name === '' || COUNTER_NAME.test(name)) return
  evaluation.inform(
    `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${quoteText(name)}`,
    arg.span,
  )
}

/** The ends of a window's samples. */
type Ends = Pick<Summary, 'count' | 'firstMs' | 'lastMs' | 'first'>

/**
 * Extends what was seen between the first and the last sample to the whole window: to its edge when a sample is missing
 * there by less than 1.1 times the usual distance, by half that distance otherwise, and never to where a counter would
 * have been negative.
 */
function extrapolate(grown: number, ends: Ends, window: Window, isCounter: boolean, perSecond: boolean): number {
  const { firstMs, lastMs } = ends
  const sampled = (lastMs - firstMs) / 1000
  const average = sampled / (ends.count - 1)
  const threshold = average * 1.1
  let toStart = (firstMs - window.startMs) / 1000
  if (toStart >= threshold) toStart = average / 2
  if (isCounter && grown > 0 && ends.first >= 0) {
    const toZero = sampled * (ends.first / grown)
    if (toZero < toStart) toStart = toZero
  }
  let toEnd = (window.endMs - lastMs) / 1000
  if (toEnd >= threshold) toEnd = average / 2
  let factor = (sampled + toStart + toEnd) / sampled
  if (perSecond) factor /= window.rangeSeconds
  return grown * factor
}

/** What a counter grew by: `last - first`, and the value before every drop. */
function growth({ values, from, to }: Window): number {
  let grown = (values[to - 1] as number) - (values[from] as number)
  let before = values[from] as number
  for (let i = from + 1; i < to; i++) {
    const value = values[i] as number
    if (value < before) grown += before
    before = value
  }
  return grown
}

function counterWork(perSecond: boolean): WindowOptions {
  return {
    leastSamples: 2,
    needs: NEEDS.growth,
    result(summary, window) {
      const { increase } = summary
      return increase === undefined ? undefined : extrapolate(increase, summary, window, true, perSecond)
    },
    fromSamples(window) {
      const { timesMs, values, from, to } = window
      const ends = {
        count: to - from,
        firstMs: timesMs[from] as number,
        lastMs: timesMs[to - 1] as number,
        first: values[from] as number,
      }
      return extrapolate(growth(window), ends, window, true, perSecond)
    },
    note: noteNonCounter,
  }
}

/** From the last two samples alone. */
function fromLastTwo(isRate: boolean): WindowWork {
  return {
    leastSamples: 2,
    fromSamples({ timesMs, values, to }) {
      const last = values[to - 1] as number
      const before = values[to - 2] as number
      // After a reset the counter started at 0.
      const grown = isRate && last < before ? last : last - before
      return isRate ? grown / (((timesMs[to - 1] as number) - (timesMs[to - 2] as number)) / 1000) : grown
    },
  }
}

export const counterFunctions = [
  windowFunction('rate', counterWork(true)),
  windowFunction('increase', counterWork(false)),
  windowFunction('delta', {
    leastSamples: 2,
    result: (summary, window) => extrapolate(summary.last - summary.first, summary, window, false, false),
  }),
  windowFunction('irate', fromLastTwo(true)),
  windowFunction('idelta', fromLastTwo(false)),
  windowFunction('resets', { needs: NEEDS.steps, result: ({ resets }) => resets }),
  windowFunction('changes', { needs: NEEDS.steps, result: ({ changes }) => changes }),
]
