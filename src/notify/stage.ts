import type { Labels } from '../model/labels.ts'
import { momentText } from '../model/moment.ts'
import type { Inhibitor } from './inhibition.ts'
import type { NotifyAlert } from './notify-alert.ts'
import type { Route } from './route.ts'
import { containsTime, type TimeInterval } from './time-interval.ts'

/** What a stage may look at besides the alerts of the group. */
export interface StageContext {
  readonly nowMs: number
  /** The route that brought the alerts together. */
  readonly route: Route
  /** Who inhibits whom among all alerts there are; made when first asked for. */
  readonly inhibitor: () => Inhibitor
}

export type SuppressedBy = 'dependency' | 'inhibited' | 'muted' | 'maintenance' | 'silenced' | 'waiting'

export interface Suppressed {
  readonly alert: NotifyAlert
  readonly by: SuppressedBy
  /** For the alert's story: by what, and until when where that is known. */
  readonly reason: string
  /** What it is held back by, as in `AlertEvent.subject`. */
  readonly subject?: string
  /** When it has to be looked at again; undefined at the group's next turn. */
  readonly untilMs?: number
}

/** Why an alert is held back: in words, or with what holds it back besides. */
export type Hold = string | { readonly reason: string; readonly subject: string }

export interface StageResult {
  readonly pass: readonly NotifyAlert[]
  readonly suppressed: readonly Suppressed[]
}

export interface PipelineResult extends StageResult {
  /** Held back, and what was told of them stays owed: see `Stage.keepsOwed`. */
  readonly owed: readonly NotifyAlert[]
}

/** One step between a due group and its channels. Every stage has this one shape; their order is the pipeline. */
export interface Stage {
  readonly name: string
  /**
   * Whoever was told of an alert before it was held back here is told when it is over, and it counts as firing until then.
   * Silences and the like do not do so, as in Alertmanager.
   */
  readonly keepsOwed?: boolean
  run(alerts: readonly NotifyAlert[], context: StageContext): StageResult
}

/** A stage that looks at each alert by itself; `reasonOf` says why one is held back. */
export function eachAlert(
  name: string,
  by: SuppressedBy,
  reasonOf: (alert: NotifyAlert, context: StageContext) => Hold | undefined,
): Stage {
  return {
    name,
    run(alerts, context) {
      const pass: NotifyAlert[] = []
      const suppressed: Suppressed[] = []
      for (const alert of alerts) {
        const hold = reasonOf(alert, context)
        if (hold === undefined) pass.push(alert)
        else suppressed.push({ alert, by, ...(typeof hold === 'string' ? { reason: hold } : hold) })
      }
      return { pass, suppressed }
    },
  }
}

/** Holds back alerts about something that depends on something that is down: the root cause is told instead. */
export function dependencyStage(
  causeOf: (
    check: string,
    nowMs: number,
  ) => { readonly name: string; readonly recoveredMs: number | undefined } | undefined,
): Stage {
  const stage = eachAlert('dependency', 'dependency', ({ labels }, { nowMs }) => {
    const cause = causeOf(labels.get('check'), nowMs)
    return cause === undefined ? undefined : { reason: dependsText(cause), subject: `check/${cause.name}` }
  })
  return { ...stage, keepsOwed: true }
}

/** `it depends on database, which is down`, or is up again while its dependents have not been looked at since. */
export function dependsText({
  name,
  recoveredMs,
}: {
  readonly name: string
  readonly recoveredMs: number | undefined
}): string {
  const how =
    recoveredMs === undefined ? 'down' : `up again since ${new Date(recoveredMs).toISOString()}; it is looked at first`
  return `it depends on ${name}, which is ${how}`
}

export function maintenanceText(name: string, untilMs: number): string {
  return `in maintenance window ${name} until ${new Date(untilMs).toISOString()}`
}

/** Holds alerts back until the maintenance window is over in which they are; `windowOf` says which one that is. */
export function maintenanceStage(
  windowOf: (labels: Labels, nowMs: number) => { readonly name: string; readonly endsAtMs: number } | undefined,
): Stage {
  return {
    name: 'maintenance',
    keepsOwed: true,
    run(alerts, { nowMs }) {
      const pass: NotifyAlert[] = []
      const suppressed: Suppressed[] = []
      for (const alert of alerts) {
        const window = windowOf(alert.labels, nowMs)
        if (window === undefined) pass.push(alert)
        else {
          const { name, endsAtMs: untilMs } = window
          const reason = maintenanceText(name, untilMs)
          suppressed.push({ alert, by: 'maintenance', reason, subject: `maintenance/${name}`, untilMs })
        }
      }
      return { pass, suppressed }
    },
  }
}

/** Leaves out what another alert makes superfluous. */
export const inhibitionStage = eachAlert('inhibition', 'inhibited', (alert, { inhibitor }) => {
  const source = inhibitor().sourceOf(alert)
  if (source === undefined) return undefined
  return { reason: `inhibited by ${source.labels} (${source.fingerprint})`, subject: `alert/${source.fingerprint}` }
})

/** Why a route tells nothing at a moment: it is outside of its active times or within its mute times; else undefined. */
export function mutedByTime(
  { activeTimeIntervals: active, muteTimeIntervals: mute }: Route,
  intervals: ReadonlyMap<string, TimeInterval>,
  nowMs: number,
): { readonly names: readonly string[]; readonly reason: string } | undefined {
  const holds = (name: string) => {
    const interval = intervals.get(name)
    return interval !== undefined && containsTime(interval, nowMs)
  }
  if (active.length > 0 && !active.some(holds))
    return { names: active, reason: `muted: outside of ${active.join(', ')}` }
  const names = mute.filter(holds)
  return names.length === 0 ? undefined : { names, reason: `muted: within ${names.join(', ')}` }
}

/** Holds a whole group back outside of its route's active times and within its mute times. */
export function timeStage(intervals: ReadonlyMap<string, TimeInterval>): Stage {
  return {
    name: 'time',
    run(alerts, { route, nowMs }) {
      const muted = mutedByTime(route, intervals, nowMs)
      if (muted === undefined) return { pass: alerts, suppressed: [] }
      const { reason } = muted
      return { pass: [], suppressed: alerts.map((alert) => ({ alert, by: 'muted' as const, reason })) }
    },
  }
}

/** Holds alerts back that somebody silenced; `silenceOf` says by which silence. */
export function silenceStage(
  silenceOf: (
    labels: Labels,
    nowMs: number,
  ) => { id: string; createdBy: string; endsAtMs: number; comment: string } | undefined,
): Stage {
  return eachAlert('silence', 'silenced', ({ labels }, { nowMs }) => {
    const silence = silenceOf(labels, nowMs)
    if (silence === undefined) return undefined
    const { id, createdBy, comment, endsAtMs } = silence
    const why = comment === '' ? '' : `: ${comment}`
    return { reason: `silenced by ${createdBy} until ${momentText(endsAtMs)}${why} (${id})`, subject: `silence/${id}` }
  })
}

export function runStages(
  stages: readonly Stage[],
  alerts: readonly NotifyAlert[],
  context: StageContext,
): PipelineResult {
  const suppressed: Suppressed[] = []
  const owed: NotifyAlert[] = []
  let pass = alerts
  for (const stage of stages) {
    if (pass.length === 0) break
    const result = stage.run(pass, context)
    suppressed.push(...result.suppressed)
    if (stage.keepsOwed === true) owed.push(...result.suppressed.map(({ alert }) => alert))
    pass = result.pass
  }
  return { pass, suppressed, owed }
}
