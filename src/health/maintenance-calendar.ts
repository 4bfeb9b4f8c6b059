import { Cron } from 'croner'
import { Labels } from '../model/labels.ts'
import type { MaintenanceScope, MaintenanceTimes, MaintenanceWindow, Occurrence } from '../model/maintenance.ts'
import { matchesAll } from '../model/matcher.ts'

/** A check with the labels of its series. */
export interface CheckLabels {
  readonly name: string
  readonly labels: Labels
}

/** Occurrences that were ended before their time, by the name of their window: when they had begun, and when they ended. */
export type Cuts = ReadonlyMap<string, { readonly startsAtMs: number; readonly endedMs: number }>

const NO_CUTS: Cuts = new Map()
/** As the cron lines are looked at anew at least this often. */
const LONGEST_TRUST_MS = 3_600_000

/** Which maintenance windows there are, and what is in one of them at a moment. */
export class MaintenanceCalendar {
  #windows: readonly MaintenanceWindow[] = []
  #cuts: Cuts = NO_CUTS
  #labels: ReadonlyMap<string, Labels> = new Map()
  /** What is active does not change within this time. */
  #known: { readonly fromMs: number; readonly toMs: number; readonly active: readonly Occurrence[] } | undefined

  get windows(): readonly MaintenanceWindow[] {
    return this.#windows
  }

  /** Takes other windows, and what was ended of them before its time. */
  update(windows: readonly MaintenanceWindow[], cuts: Cuts = NO_CUTS): void {
    this.#windows = windows
    this.#cuts = cuts
    this.#known = undefined
  }

  /** Takes another list of checks: an alert may name one and lack its labels. */
  watch(checks: readonly CheckLabels[]): void {
    this.#labels = new Map(checks.map(({ name, labels }) => [name, labels]))
  }

  /** Every window that is active at a moment; the one that ends last comes first. */
  activeAt(nowMs: number): readonly Occurrence[] {
    const known = this.#known
    if (known !== undefined && nowMs >= known.fromMs && nowMs < known.toMs) return known.active
    const active = this.#windows
      .flatMap((window) => this.occurrenceAt(window, nowMs) ?? [])
      .sort((a, b) => b.endsAtMs - a.endsAtMs)
    const starts = this.#windows.map((window) => this.nextStartMs(window, nowMs) ?? Number.POSITIVE_INFINITY)
    const toMs = Math.min(nowMs + LONGEST_TRUST_MS, ...starts, ...active.map(({ endsAtMs }) => endsAtMs))
    this.#known = { fromMs: nowMs, toMs, active }
    return active
  }

  /** The active window in which an alert or a check with these labels is, the one that ends last; undefined when in none. */
  of(labels: Labels, nowMs: number): Occurrence | undefined {
    const active = this.activeAt(nowMs)
    if (active.length === 0) return undefined
    const check = labels.get('check')
    const own = this.#labels.get(check)
    return active.find(({ window }) => isInScope(window.scope, check, labels, own))
  }

  /** The active window in which a check is. */
  ofCheck(name: string, nowMs: number): Occurrence | undefined {
    if (this.activeAt(nowMs).length === 0) return undefined
    const labels = this.#labels.get(name)
    return labels === undefined ? undefined : this.of(labels, nowMs)
  }

  /** Whether a check would be in a window. */
  isFor({ scope }: MaintenanceWindow, check: string): boolean {
    const labels = this.#labels.get(check)
    return labels !== undefined && isInScope(scope, check, labels)
  }

  /** When a window is active at a moment: since when and until when. */
  occurrenceAt(window: MaintenanceWindow, nowMs: number): Occurrence | undefined {
    const { times, name, endedMs = Number.POSITIVE_INFINITY } = window
    const startsAtMs = times.kind === 'once' ? times.fromMs : nextStart(times, nowMs - times.forMs)
    if (startsAtMs === undefined || startsAtMs > nowMs) return undefined
    const plannedMs = times.kind === 'once' ? times.toMs : startsAtMs + times.forMs
    const cut = this.#cuts.get(name)
    const cutMs = cut?.startsAtMs === startsAtMs ? cut.endedMs : Number.POSITIVE_INFINITY
    const endsAtMs = Math.min(plannedMs, endedMs, cutMs)
    return endsAtMs > nowMs ? { window, startsAtMs, endsAtMs } : undefined
  }

  /** When a window begins next after a moment; undefined when it does not begin any more. */
  nextStartMs({ times, endedMs = Number.POSITIVE_INFINITY }: MaintenanceWindow, afterMs: number): number | undefined {
    const startMs = times.kind === 'once' ? times.fromMs : nextStart(times, afterMs)
    return startMs !== undefined && startMs > afterMs && startMs < endedMs ? startMs : undefined
  }
}

function isInScope(
  { everything, checks, categories, matchers }: MaintenanceScope,
  check: string,
  labels: Labels,
  own: Labels = Labels.empty,
): boolean {
  if (everything) return true
  if (check !== '' && checks.includes(check)) return true
  const category = own.get('category') || labels.get('category')
  if (category !== '' && categories.includes(category)) return true
  if (matchers.length === 0) return false
  return matchesAll(matchers, labels) || (own.size > 0 && matchesAll(matchers, own))
}

const crons = new WeakMap<MaintenanceTimes, Cron>()

/** The first beginning after `afterMs`. */
function nextStart(times: MaintenanceTimes & { readonly kind: 'recurring' }, afterMs: number): number | undefined {
  let cron = crons.get(times)
  if (cron === undefined) {
    const { timezone } = times
    const zone = timezone === undefined ? {} : { timezone }
    cron = new Cron(times.cron, { mode: '5-or-6-parts', paused: true, ...zone })
    crons.set(times, cron)
  }
  return cron.nextRun(new Date(afterMs))?.getTime()
}
