import { formatDuration } from '../../model/duration.ts'
import type { SloEntry } from '../../objective/book.ts'
import { burnPairs } from '../../objective/burn-policy.ts'
import { sliMetric } from '../../objective/names.ts'
import { totalMetric } from '../../objective/sli-rules.ts'
import { SEVERITIES, type Severity, type Slo } from '../../objective/slo.ts'
import { distinctWindows } from '../../objective/windows.ts'
import type { WebContext } from '../context.ts'
import { instant } from '../instant.ts'

/** How it stands with an SLO; undefined is what nothing is known of. */
export interface SloStatus {
  /** The share of the period's budget that is left, 1 at most; below 0 when more than all of it is gone. */
  readonly budgetLeft: number | undefined
  /** Over the shortest window, as a multiple of what the budget lasts for; 1 uses it up exactly within the period. */
  readonly burnRate: number | undefined
  /** The share of errors over the period, 0 to 1. */
  readonly errorRatio: number | undefined
  /** When the budget is used up if it goes on burning like this; undefined when it does not burn. Milliseconds from now. */
  readonly exhaustedInMs: number | undefined
  /** Alerts of it that fire. */
  readonly firing: readonly Severity[]
}

/** How it stands with every SLO, by id. Where an SLO has several series, the worst counts. */
export async function sloStatuses(
  context: WebContext,
  entries: readonly SloEntry[],
): Promise<ReadonlyMap<string, SloStatus>> {
  if (entries.length === 0) return new Map()
  const atMs = context.clock.now()
  const [left, periodBurn, current] = await Promise.all([
    worst(context, 'min by (sloth_id) (slo:period_error_budget_remaining:ratio)', atMs),
    worst(context, 'max by (sloth_id) (slo:period_burn_rate:ratio)', atMs),
    worst(context, 'max by (sloth_id) (slo:current_burn_rate:ratio)', atMs),
  ])
  return new Map(
    entries.map(({ slo, windows }) => {
      const budgetLeft = left.get(slo.id)
      const burnRate = current.get(slo.id)
      const burnt = periodBurn.get(slo.id)
      const status: SloStatus = {
        budgetLeft,
        burnRate,
        errorRatio: burnt === undefined ? undefined : burnt * budgetOf(slo),
        exhaustedInMs: exhaustion(budgetLeft, burnRate, windows.periodMs),
        firing: SEVERITIES.filter((severity) => stateOf(context, slo, severity) === 'firing'),
      }
      return [slo.id, status]
    }),
  )
}

/** The share of events that may be errors. */
export function budgetOf({ objective }: Slo): number {
  return (100 - objective) / 100
}

/** When a budget of which `left` is there is used up. */
export function exhaustion(
  left: number | undefined,
  burnRate: number | undefined,
  periodMs: number,
): number | undefined {
  if (left === undefined) return undefined
  if (left <= 0) return 0
  if (burnRate === undefined || !(burnRate > 0)) return undefined
  return (left * periodMs) / burnRate
}

/** One window of an SLO, now. */
export interface WindowStatus {
  readonly windowMs: number
  readonly errorRatio: number | undefined
  readonly burnRate: number | undefined
  /** What alerts compare it with. */
  readonly limits: readonly {
    /** `page.quick` */
    readonly alert: string
    readonly factor: number
    readonly isExceeded: boolean
  }[]
  /** Whether both windows of a pair that this one belongs to are above their factors, so that its alert fires. */
  readonly isFiring: boolean
}

export interface PairStatus {
  readonly name: string
  readonly short: { readonly windowMs: number; readonly factor: number; readonly burnRate: number | undefined }
  readonly long: { readonly windowMs: number; readonly factor: number; readonly burnRate: number | undefined }
  /** Undefined: it does not matter how many events there were. */
  readonly events: { readonly least: number; readonly found: number | undefined } | undefined
  readonly isMet: boolean
}

export interface BurnStatus {
  readonly windows: readonly WindowStatus[]
  readonly alerts: readonly {
    readonly severity: Severity
    readonly name: string
    readonly state: 'inactive' | 'pending' | 'firing'
    readonly pairs: readonly PairStatus[]
  }[]
}

/** How fast an SLO's budget burns over each of its windows, and what its alerts make of it. */
export async function burnStatus(context: WebContext, { slo, windows }: SloEntry): Promise<BurnStatus> {
  const atMs = context.clock.now()
  const found = await worst(
    context,
    `max by (__name__) ({__name__=~"slo:(sli_error:ratio_rate|sli_total:events).+", sloth_id=${JSON.stringify(slo.id)}})`,
    atMs,
    '__name__',
  )
  const budget = budgetOf(slo)
  const burnOver = (windowMs: number) => {
    const ratio = found.get(sliMetric(windowMs))
    return ratio === undefined ? undefined : ratio / budget
  }
  const minEvents = slo.guards?.minEvents ?? 0
  const alerts = SEVERITIES.flatMap((severity) => {
    const alert = slo[severity]
    if (alert === undefined) return []
    const pairs = burnPairs(windows, severity, slo.policy).map(
      ({ name, shortMs, longMs, shortFactor, longFactor }): PairStatus => {
        const short = { windowMs: shortMs, factor: shortFactor, burnRate: burnOver(shortMs) }
        const long = { windowMs: longMs, factor: longFactor, burnRate: burnOver(longMs) }
        const events = minEvents === 0 ? undefined : { least: minEvents, found: found.get(totalMetric(longMs)) }
        const isMet = isAbove(short) && isAbove(long) && (events === undefined || (events.found ?? 0) >= events.least)
        return { name: `${severity}.${name}`, short, long, events, isMet }
      },
    )
    return [{ severity, name: alert.name, state: stateOf(context, slo, severity, 'burn'), pairs }]
  })
  const pairs = alerts.flatMap((alert) => alert.pairs)
  const all = [...distinctWindows(windows), windows.periodMs].map((windowMs): WindowStatus => {
    const sides = pairs.flatMap((pair) =>
      [pair.short, pair.long].filter((side) => side.windowMs === windowMs).map((side) => ({ pair, side })),
    )
    return {
      windowMs,
      errorRatio: found.get(sliMetric(windowMs)),
      burnRate: burnOver(windowMs),
      limits: sides.map(({ pair, side }) => ({
        alert: pair.name,
        factor: side.factor,
        isExceeded: isAbove(side),
      })),
      isFiring: sides.some(({ pair }) => pair.isMet),
    }
  })
  return { windows: all, alerts }
}

function isAbove({ factor, burnRate }: { readonly factor: number; readonly burnRate: number | undefined }): boolean {
  return burnRate !== undefined && burnRate > factor
}

/** The state of an SLO's alert; `burn` leaves out the one for times with little traffic. */
function stateOf(
  { rules }: WebContext,
  slo: Slo,
  severity: Severity,
  kind: 'any' | 'burn' = 'any',
): 'inactive' | 'pending' | 'firing' {
  let state: 'inactive' | 'pending' = 'inactive'
  for (const { alert } of rules.alerts()) {
    const { labels } = alert
    if (labels.get('sloth_id') !== slo.id || labels.get('sloth_severity') !== severity) continue
    if (kind === 'burn' && labels.has('slo_condition')) continue
    if (alert.state === 'firing') return 'firing'
    state = 'pending'
  }
  return state
}

async function worst(
  context: WebContext,
  text: string,
  atMs: number,
  label = 'sloth_id',
): Promise<ReadonlyMap<string, number>> {
  const samples = await instant(context, text, atMs)
  return new Map(
    samples.flatMap(({ labels, value: number }) => (Number.isNaN(number) ? [] : [[labels.get(label), number]])),
  )
}

/** `5m` as people write it; a period of whole days stays in days. */
export function windowText(ms: number): string {
  return ms % DAY_MS === 0 ? `${ms / DAY_MS}d` : formatDuration(ms)
}

const DAY_MS = 86_400_000
