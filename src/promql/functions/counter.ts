import { NEEDS } from '../../model/summary.ts'
import { quoteText } from '../syntax/text.ts'
import { type Window, type WindowWork, windowFunction } from './window.ts'

/** Names under which a counter may go; `rate` of anything else is probably a mistake. */
const COUNTER_NAME = /_(?:total|sum|count|bucket)$/

const noteNonCounter: NonNullable<WindowWork['note']> = (labels, arg, evaluation) => {
  const { name } = labels
  if (name === '' || COUNTER_NAME.test(name)) return
  evaluation.inform(
    `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${quoteText(name)}`,
    arg.span,
  )
}

/** `last - first` and the value before every drop. */
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

/**
 * Extends what was seen between the first and the last sample to the whole window: to its edge when a sample is missing
 * there by less than 1.1 times the usual distance, by half that distance otherwise, and never to where a counter would
 * have been negative.
 */
function extrapolate(
  grown: number,
  count: number,
  firstMs: number,
  lastMs: number,
  firstValue: number,
  { startMs, endMs, rangeMs }: Window,
  isCounter: boolean,
  perSecond: boolean,
): number {
  const sampled = (lastMs - firstMs) / 1000
  const average = sampled / (count - 1)
  const threshold = average * 1.1
  let toStart = (firstMs - startMs) / 1000
  if (toStart >= threshold) toStart = average / 2
  if (isCounter && grown > 0 && firstValue >= 0) {
    const toZero = sampled * (firstValue / grown)
    if (toZero < toStart) toStart = toZero
  }
  let toEnd = (endMs - lastMs) / 1000
  if (toEnd >= threshold) toEnd = average / 2
  let factor = (sampled + toStart + toEnd) / sampled
  if (perSecond) factor /= rangeMs / 1000
  return grown * factor
}

function extrapolated(isCounter: boolean, perSecond: boolean): WindowWork {
  return {
    leastSamples: 2,
    needs: isCounter ? NEEDS.growth : 0,
    result({ count, firstMs, lastMs, first, last, increase }, window) {
      const grown = isCounter ? increase : last - first
      if (grown === undefined) return undefined
      return extrapolate(grown, count, firstMs, lastMs, first, window, isCounter, perSecond)
    },
    fromSamples(window) {
      const { timesMs, values, from, to } = window
      const firstMs = timesMs[from] as number
      const lastMs = timesMs[to - 1] as number
      return extrapolate(
        growth(window),
        to - from,
        firstMs,
        lastMs,
        values[from] as number,
        window,
        isCounter,
        perSecond,
      )
    },
    ...(isCounter ? { note: noteNonCounter } : {}),
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
  windowFunction('rate', extrapolated(true, true)),
  windowFunction('increase', extrapolated(true, false)),
  windowFunction('delta', extrapolated(false, false)),
  windowFunction('irate', fromLastTwo(true)),
  windowFunction('idelta', fromLastTwo(false)),
  windowFunction('resets', { needs: NEEDS.steps, result: ({ resets }) => resets }),
  windowFunction('changes', { needs: NEEDS.steps, result: ({ changes }) => changes }),
]
