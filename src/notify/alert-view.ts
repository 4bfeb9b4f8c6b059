import { compareText, type Labels } from '../model/labels.ts'
import type { Group } from './alert-groups.ts'
import type { Inhibitor } from './inhibition.ts'
import { byImportance, isResolved, type NotifyAlert } from './notify-alert.ts'
import { matchRoutes } from './route.ts'
import type { Routing } from './routing.ts'

/** An alert that fires, who is to be told of it and what keeps that from happening. */
export interface AlertView {
  readonly alert: NotifyAlert
  readonly receivers: readonly string[]
  /** Ids of silences. */
  readonly silencedBy: readonly string[]
  /** Fingerprints of alerts. */
  readonly inhibitedBy: readonly string[]
  /** Names of time intervals. */
  readonly mutedBy: readonly string[]
}

export interface GroupView {
  readonly key: string
  readonly labels: Labels
  readonly receiver: string
  readonly nextFlushMs: number
  readonly alerts: readonly AlertView[]
}

export interface SilencesOf {
  silencesOf(labels: Labels, nowMs: number): readonly { readonly id: string }[]
}

/** What is looked at, all at one moment. */
export interface Scene {
  readonly nowMs: number
  readonly alerts: ReadonlyMap<string, NotifyAlert>
  readonly routing: Routing
  readonly inhibitor: Inhibitor
  readonly silences: SilencesOf
}

/** Every alert that fires, and what keeps it from being told. */
export function viewAlerts(scene: Scene): AlertView[] {
  return [...scene.alerts.values()]
    .filter((alert) => !isResolved(alert, scene.nowMs))
    .map((alert) => viewAlert(alert, scene))
}

/** The groups in which alerts are told, ordered by their labels and receivers, with what fires in them. */
export function viewGroups(groups: Iterable<Group>, scene: Scene): GroupView[] {
  return [...groups]
    .map(({ route, key, labels, members, nextFlushMs }) => ({
      key,
      labels,
      receiver: route.receiver,
      nextFlushMs,
      alerts: [...members]
        .flatMap((id) => scene.alerts.get(id) ?? [])
        .filter((alert) => !isResolved(alert, scene.nowMs))
        .sort(byImportance)
        .map((alert) => viewAlert(alert, scene)),
    }))
    .sort((a, b) => compareText(a.labels.key, b.labels.key) || compareText(a.receiver, b.receiver))
}

function viewAlert(alert: NotifyAlert, { nowMs, routing, inhibitor, silences }: Scene): AlertView {
  const routes = matchRoutes(routing.root, alert.labels)
  const source = inhibitor.sourceOf(alert)
  return {
    alert,
    receivers: [...new Set(routes.map(({ receiver }) => receiver))],
    silencedBy: silences.silencesOf(alert.labels, nowMs).map(({ id }) => id),
    inhibitedBy: source === undefined ? [] : [source.fingerprint],
    mutedBy: [],
  }
}
