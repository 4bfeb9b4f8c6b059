import type { Policy, Severity } from './slo.ts'
import { type AlertWindows, burnFactor, type WindowPair } from './windows.ts'

/** A pair of windows with what each has to be above, as a multiple of the budget. */
export interface BurnPair {
  readonly name: 'quick' | 'slow'
  readonly shortMs: number
  readonly longMs: number
  readonly shortFactor: number
  readonly longFactor: number
}

/** The pairs of an alert; one of them is enough. */
export function burnPairs(windows: AlertWindows, severity: Severity, policy: Policy): readonly [BurnPair, BurnPair] {
  const { quick, slow } = windows[severity]
  const pair = (name: BurnPair['name'], one: WindowPair): BurnPair => {
    const factor = burnFactor(one, windows.periodMs)
    const { shortMs, longMs, shortFactor = factor, longFactor = factor } = one
    return { name, shortMs, longMs, shortFactor, longFactor }
  }
  const pairs = [pair('quick', quick), pair('slow', slow)] as const
  switch (policy) {
    case 'workbook':
      return pairs
    case 'fast-slow':
      return severity === 'page' ? [{ ...pairs[0], longFactor: pairs[1].shortFactor }, pairs[1]] : pairs
  }
}
