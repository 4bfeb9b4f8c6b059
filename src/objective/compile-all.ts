import { formatDuration } from '../model/duration.ts'
import type { Problem } from '../model/problem.ts'
import type { RuleGroup } from '../model/rule.ts'
import { type CompileOptions, compileSlo } from './compile.ts'
import { elsewhere } from './elsewhere.ts'
import { windowRemarks } from './reachable.ts'
import type { Slo } from './slo.ts'
import { type AlertWindows, DEFAULT_PERIOD_MS, SLOTH_PERIODS_MS, scaledWindows, slothWindows } from './windows.ts'

export interface CompileAllOptions extends CompileOptions {
  /** The period of SLOs that do not say theirs; 30 days unless told. Milliseconds. */
  readonly periodMs?: number | undefined
  /** Windows that the operator has written, by the length of their period. */
  readonly windows?: ReadonlyMap<number, AlertWindows>
  /** Exactly what Sloth makes, without what midwatch adds. */
  readonly isSlothExact?: boolean
  /** For other programs than midwatch, which do not have its own series. */
  readonly isElsewhere?: boolean
}

/** An SLO with its rules. */
export interface CompiledSlo {
  readonly slo: Slo
  readonly windows: AlertWindows
  readonly groups: readonly RuleGroup[]
}

/** An SLO that can be compiled. */
export type PlannedSlo = Pick<CompiledSlo, 'slo' | 'windows'>

/** Compiles SLOs; one with an error among its problems is left out. */
export function compileSlos(
  slos: readonly Slo[],
  options: CompileAllOptions,
): { readonly compiled: readonly CompiledSlo[]; readonly problems: readonly Problem[] } {
  const { planned, problems } = planSlos(slos, options)
  const compiled = planned.map((one) => ({ ...one, groups: compileSlo(one.slo, one.windows, options) }))
  return { compiled, problems }
}

/** Finds out which SLOs can be compiled, and how; for whoever can't hold the rules of all of them at once. */
export function planSlos(
  slos: readonly Slo[],
  options: CompileAllOptions,
): { readonly planned: readonly PlannedSlo[]; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const planned = slos.flatMap((written): PlannedSlo[] => {
    const slo = meant(written, options)
    const periodMs = slo.periodMs ?? options.periodMs ?? DEFAULT_PERIOD_MS
    const windows = windowsFor(slo, periodMs, options)
    const tell = (message: string, severity: Problem['severity']) => {
      const { file, line, column } = slo.origin
      problems.push({ file, line, column, message: `SLO ${slo.id}: ${message}`, severity })
    }
    if (windows === undefined) {
      tell(unknownPeriod(periodMs, options), 'error')
      return []
    }
    if (windows.page.quick.shortMs === periodMs) {
      tell('the short window of page.quick is the period itself; write a shorter one', 'error')
      return []
    }
    for (const remark of windowRemarks(slo, windows)) tell(remark, 'warning')
    return [{ slo, windows }]
  })
  return { planned, problems }
}

function meant(slo: Slo, { isSlothExact, isElsewhere }: CompileAllOptions): Slo {
  if (isSlothExact) return { ...elsewhere(slo), guards: undefined }
  return isElsewhere ? elsewhere(slo) : slo
}

function windowsFor(
  slo: Slo,
  periodMs: number,
  { windows, isSlothExact }: CompileAllOptions,
): AlertWindows | undefined {
  if (slo.windows !== undefined) return { ...slo.windows, periodMs }
  // Sloth forgets its own windows when it is given some.
  const own = windows?.get(periodMs)
  if (isSlothExact) return windows === undefined || windows.size === 0 ? slothWindows(periodMs) : own
  return own ?? scaledWindows(periodMs)
}

function unknownPeriod(periodMs: number, { windows, isSlothExact }: CompileAllOptions): string {
  const known = windows === undefined || windows.size === 0 ? SLOTH_PERIODS_MS : [...windows.keys()]
  const list = known.map((ms) => formatDuration(ms)).join(', ')
  const reason = isSlothExact ? `there are windows for ${list}` : 'windows of their own are needed for less than 7d'
  return `there are no alert windows for the period ${formatDuration(periodMs)} (${reason}); write them as AlertWindows, or windows: {page, ticket} in the SLO`
}
