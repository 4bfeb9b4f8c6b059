import { quoteGo } from '../lib/go-quote.ts'
import { formatDuration } from '../model/duration.ts'
import { compareText } from '../model/labels.ts'
import type { Slo } from './slo.ts'
import type { AlertWindows } from './windows.ts'

/** An SLO with all that its rules are made of. Names of series and labels are Sloth's, since its dashboards read them. */
export interface Target {
  readonly slo: Slo
  readonly windows: AlertWindows
  /** The labels that tell its series from all others. */
  readonly identity: Readonly<Record<string, string>>
  /** What the operator adds. */
  readonly labels: Readonly<Record<string, string>>
}

/** The share of errors within a window, 0 to 1. */
export function sliMetric(windowMs: number): string {
  return `slo:sli_error:ratio_rate${formatDuration(windowMs)}`
}

/** A selector of one of the SLO's series. */
export function seriesOf({ identity }: Pick<Target, 'identity'>, metric: string): string {
  let conditions = written.get(identity)
  if (conditions === undefined) {
    conditions = Object.entries(identity)
      .sort(([a], [b]) => compareText(a, b))
      .map(([name, value]) => `${name}=${quoteGo(value)}`)
      .join(', ')
    written.set(identity, conditions)
  }
  return `${metric}{${conditions}}`
}

/** The conditions of an SLO stand in dozens of its rules. */
const written = new WeakMap<Target['identity'], string>()
