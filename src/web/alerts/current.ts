import type { Acknowledgement } from '../../model/acknowledgement.ts'
import { compareText, fingerprint, type Labels } from '../../model/labels.ts'
import type { Condition } from '../../model/measure.ts'
import { dependsText, maintenanceText } from '../../notify/stage.ts'
import type { WebContext } from '../context.ts'

/** An alert that is pending or fires, whoever says so. */
export interface CurrentAlert {
  readonly fingerprint: string
  readonly labels: Labels
  readonly annotations: Readonly<Record<string, string>>
  readonly state: 'pending' | 'firing'
  /** Since when it is in its state, epoch milliseconds. */
  readonly sinceMs: number
  /** Undefined where it was posted without one. */
  readonly value: number | undefined
  readonly condition: Condition | undefined
  readonly acknowledgement: Acknowledgement | undefined
  /** Why it is told otherwise than one would expect, each in a few words. */
  readonly notes: readonly string[]
}

/** Every alert that is pending or fires, those of rules first in the order of the rules. */
export function currentAlerts(context: WebContext): readonly CurrentAlert[] {
  const { rules, dispatcher, clock } = context
  const nowMs = clock.now()
  const held = dispatcher.holds(nowMs)
  const found: CurrentAlert[] = []
  const seen = new Set<string>()
  for (const { alert, condition } of rules.alerts()) {
    const { labels, annotations, value, activeAtMs, firedAtMs = activeAtMs } = alert
    const id = fingerprint(labels)
    seen.add(id)
    const isFiring = alert.state === 'firing'
    const known = isFiring ? dispatcher.find(id) : undefined
    found.push({
      fingerprint: id,
      labels,
      annotations,
      state: isFiring ? 'firing' : 'pending',
      sinceMs: isFiring ? firedAtMs : activeAtMs,
      value,
      condition,
      acknowledgement: known && dispatcher.acknowledgementOf(known, nowMs),
      notes: notesOf(context, labels, { held: held.get(id), frozen: alert.frozen?.reason }),
    })
  }
  for (const alert of dispatcher.alerts) {
    if (seen.has(alert.fingerprint) || alert.endsAtMs <= nowMs) continue
    const { labels, annotations, startsAtMs, origin } = alert
    found.push({
      fingerprint: alert.fingerprint,
      labels,
      annotations,
      state: 'firing',
      sinceMs: startsAtMs,
      value: origin === undefined ? undefined : Number(origin.value),
      condition: origin?.condition,
      acknowledgement: dispatcher.acknowledgementOf(alert, nowMs),
      notes: notesOf(context, labels, { held: held.get(alert.fingerprint), frozen: alert.frozen }),
    })
  }
  return found
}

/** Firing ones first, then by severity, then the newest. */
export function compareAlerts(a: CurrentAlert, b: CurrentAlert): number {
  return (
    compareText(a.state, b.state) ||
    severityRank(a.labels) - severityRank(b.labels) ||
    b.sinceMs - a.sinceMs ||
    compareText(a.labels.key, b.labels.key)
  )
}

const SEVERITY_ORDER: readonly string[] = ['critical', 'high', 'medium', 'low']

function severityRank(labels: Labels): number {
  const index = SEVERITY_ORDER.indexOf(labels.get('severity'))
  return index === -1 ? SEVERITY_ORDER.length : index
}

interface Known {
  readonly held: readonly { readonly reason: string }[] | undefined
  readonly frozen: string | undefined
}

/** What a dependency or a maintenance window would hold back shows before the alert is in any group, too. */
function notesOf(context: WebContext, labels: Labels, { held = [], frozen }: Known): readonly string[] {
  const { dependencies, maintenance, clock } = context
  const reasons = new Set(held.map(({ reason }) => reason))
  if (reasons.size === 0) {
    const cause = dependencies().causeOf(labels.get('check'), clock.now())
    if (cause !== undefined) reasons.add(dependsText(cause))
    const window = maintenance.of(labels, clock.now())
    if (window !== undefined) reasons.add(maintenanceText(window.window.name, window.endsAtMs))
  }
  return [
    ...(frozen === undefined ? [] : [`frozen: ${frozen}`]),
    ...[...reasons].map((reason) => `held back: ${reason}`),
  ]
}
