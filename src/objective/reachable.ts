import { formatFloat } from '../lib/go-format.ts'
import { formatDuration } from '../model/duration.ts'
import { burnPairs } from './burn-policy.ts'
import { SEVERITIES, type Slo } from './slo.ts'
import type { AlertWindows } from './windows.ts'

/** What is odd about the windows of an SLO: alerts that can never fire, and those that fire without need. */
export function windowRemarks(slo: Slo, windows: AlertWindows): readonly string[] {
  const budget = (100 - slo.objective) / 100
  const objective = `${formatFloat(slo.objective, 'f')} %`
  const remarks: string[] = []
  for (const severity of SEVERITIES) {
    if (slo[severity] === undefined) continue
    for (const { name, shortMs, longMs, shortFactor, longFactor } of burnPairs(windows, severity, slo.policy)) {
      const pair = `${severity}.${name}`
      const factor = Math.max(shortFactor, longFactor)
      const text = formatFloat(factor, 'g', 4)
      if (factor * budget >= 1) {
        remarks.push(
          `${pair} can never fire at ${objective}: ${text} times a budget of ${formatFloat(100 * budget, 'g', 4)} % is more errors than there can be`,
        )
      } else if (Math.min(shortFactor, longFactor) < 0.9) {
        remarks.push(
          `${pair} has the factor ${text}: it fires though the budget lasts longer than ${formatDuration(windows.periodMs)}; give it a larger errorBudgetPercent or a shorter longWindow`,
        )
      }
      if (shortMs >= longMs) {
        remarks.push(`${pair} has a short window (${formatDuration(shortMs)}) that is not shorter than the long one`)
      }
      if (longMs > windows.periodMs) {
        remarks.push(`${pair} looks at ${formatDuration(longMs)}, which is longer than the period`)
      }
    }
  }
  return remarks
}
