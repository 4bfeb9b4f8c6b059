import { isResolved, type NotifyAlert } from './notify-alert.ts'
import type { NotifyLog } from './notify-log.ts'
import { toldTimes } from './notify-log.ts'
import type { EscalationStep } from './routing.ts'
import { type Decisions, isTakenOn, type Telling, tellIntegration, withOwed } from './telling.ts'

/**
 * Tells the steps whose time has come of the alerts of a group that nobody has taken on since they were first told, once
 * each, and of the end of what they were told.
 */
export function escalate(telling: Telling, decisions: Decisions): void {
  const { nowMs } = telling
  const steps = stepsOf(telling)
  if (steps.length === 0) return
  const toldMs = firstTold(telling)
  for (const { step, afterMs, integrations } of steps) {
    for (const integration of integrations) {
      const entry = entryOf(telling, step, integration.channel)
      const isTold = toldTimes(entry)
      const alerts = withOwed(telling, entry?.firing)
      const known = new Set([...(entry?.firing ?? []), ...(entry?.resolved ?? [])])
      const isTurn = (alert: NotifyAlert) =>
        isTold(alert) !== undefined || (!isTakenOn(alert, telling) && (toldMs(alert) ?? nowMs) + afterMs <= nowMs)
      const firing = alerts.filter((alert) => !isResolved(alert, nowMs) && isTurn(alert))
      const resolved = alerts.filter((alert) => isResolved(alert, nowMs) && known.has(alert.fingerprint))
      if (firing.length + resolved.length === 0) continue
      const addressee = { integration, escalation: { step, afterMs }, firing, resolved, isAcknowledged: false }
      tellIntegration(telling, addressee, decisions)
    }
  }
}

/**
 * When the next step is due that was not told of an alert yet: in the past where it should have been told already, and is
 * not, since nobody was there or something holds the alert back.
 *
 * @param telling all alerts of the group
 * @param afterMs steps that were due until then do not count
 */
export function nextEscalationMs(telling: Telling, afterMs = Number.NEGATIVE_INFINITY): number | undefined {
  const { alerts, nowMs } = telling
  const steps = stepsOf(telling)
  if (steps.length === 0) return undefined
  const toldMs = firstTold(telling)
  let nextMs: number | undefined
  for (const { step, afterMs: stepMs, integrations } of steps) {
    const isTold = integrations.map(({ channel }) => toldTimes(entryOf(telling, step, channel)))
    for (const alert of alerts) {
      const sinceMs = toldMs(alert)
      if (sinceMs === undefined || sinceMs + stepMs <= afterMs || isResolved(alert, nowMs)) continue
      if (isTakenOn(alert, telling) || isTold.every((told) => told(alert) !== undefined)) continue
      nextMs = Math.min(nextMs ?? Number.POSITIVE_INFINITY, sinceMs + stepMs)
    }
  }
  return nextMs
}

/** A step of an escalation, for those who ask when it comes. */
export interface StepOutlook {
  readonly afterMs: number
  readonly channels: readonly string[]
  readonly toldMs: number | undefined
  /** When it is told, unless somebody takes the alert on before; undefined where it is told already or will not be. */
  readonly dueMs: number | undefined
}

/** What the steps have been told of an alert, and when the others are. */
export function stepOutlooks(telling: Telling, alert: NotifyAlert): readonly StepOutlook[] {
  const sinceMs = firstTold(telling)(alert)
  const isOver = isResolved(alert, telling.nowMs) || isTakenOn(alert, telling)
  return stepsOf(telling).map(({ step, afterMs, integrations }) => {
    const channels = integrations.map(({ channel }) => channel)
    const times = channels.flatMap((channel) => toldTimes(entryOf(telling, step, channel))(alert) ?? [])
    const toldMs = times.length === 0 ? undefined : Math.min(...times)
    const dueMs = toldMs !== undefined || isOver || sinceMs === undefined ? undefined : sinceMs + afterMs
    return { afterMs, channels, toldMs, dueMs }
  })
}

function stepsOf({ group, options }: Telling): readonly (EscalationStep & { readonly step: number })[] {
  const steps = options.routing.escalations?.get(group.route.receiver) ?? []
  return steps.map((step, i) => ({ ...step, step: i + 1 }))
}

function entryOf({ group, log, nowMs }: Telling, step: number, integration: string): ReturnType<NotifyLog['get']> {
  return log.get({ groupKey: group.key, receiver: group.route.receiver, step, integration }, nowMs)
}

/** When an alert was first told to anybody, since it fires. */
function firstTold(telling: Telling): (alert: NotifyAlert) => number | undefined {
  const integrations = telling.options.routing.receivers.get(telling.group.route.receiver) ?? []
  const times = integrations.map(({ channel }) => toldTimes(entryOf(telling, 0, channel)))
  return (alert) => {
    const known = times.flatMap((toldMs) => toldMs(alert) ?? [])
    return known.length === 0 ? undefined : Math.min(...known)
  }
}
