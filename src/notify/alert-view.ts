import { compareText, type Labels } from '../model/labels.ts'
import type { Group } from './alert-groups.ts'
import type { Inhibitor } from './inhibition.ts'
import { byImportance, compareSets, isResolved, type NotifyAlert } from './notify-alert.ts'
import { matchRoutes, type Route } from './route.ts'
import type { Routing } from './routing.ts'
import { mutedByTime } from './stage.ts'

/** An alert that fires, who is to be told of it and what keeps that from happening. */
export interface AlertView {
  readonly alert: NotifyAlert
  /** One for each route that it takes. */
  readonly receivers: readonly string[]
  /** Ids of silences. */
  readonly silencedBy: readonly string[]
  /** Fingerprints of alerts. */
  readonly inhibitedBy: readonly string[]
  /** Names of time intervals; empty while one of its routes tells. */
  readonly mutedBy: readonly string[]
}

export interface GroupView {
  readonly key: string
  readonly labels: Labels
  readonly receiver: string
  readonly nextFlushMs: number
  /** Names of time intervals that keep it from being told. */
  readonly mutedBy: readonly string[]
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
  const mutedBy = muting(scene)
  return [...scene.alerts.values()]
    .filter((alert) => !isResolved(alert, scene.nowMs))
    .map((alert) => viewAlert(alert, mutedBy, scene))
}

/** The groups in which alerts are told, ordered by their labels and receivers, with what fires in them. */
export function viewGroups(groups: Iterable<Group>, scene: Scene): GroupView[] {
  const mutedBy = muting(scene)
  return [...groups]
    .filter(({ members }) => members.size > 0)
    .map(({ route, key, labels, members, nextFlushMs }) => ({
      key,
      labels,
      receiver: route.receiver,
      nextFlushMs,
      mutedBy: mutedBy(route),
      alerts: [...members]
        .flatMap((id) => scene.alerts.get(id) ?? [])
        .filter((alert) => !isResolved(alert, scene.nowMs))
        .sort(byImportance)
        // Of a group only its own route counts.
        .map((alert) => ({ ...viewAlert(alert, mutedBy, scene), mutedBy: mutedBy(route) })),
    }))
    .sort((a, b) => compareSets(a.labels, b.labels) || compareText(a.receiver, b.receiver))
}

function viewAlert(
  alert: NotifyAlert,
  mutedBy: (route: Route) => readonly string[],
  { nowMs, routing, inhibitor, silences }: Scene,
): AlertView {
  const routes = matchRoutes(routing.root, alert.labels)
  const source = inhibitor.sourceOf(alert)
  const mutes = routes.map(mutedBy)
  return {
    alert,
    receivers: routes.map(({ receiver }) => receiver),
    silencedBy: silences.silencesOf(alert.labels, nowMs).map(({ id }) => id),
    inhibitedBy: source === undefined ? [] : [source.fingerprint],
    mutedBy: mutes.every((names) => names.length > 0) ? [...new Set(mutes.flat())] : [],
  }
}

/** The names of the time intervals that mute a route; each route is looked at once. */
function muting({ routing, nowMs }: Scene): (route: Route) => readonly string[] {
  const known = new Map<Route, readonly string[]>()
  return (route) => {
    const names = known.get(route) ?? mutedByTime(route, routing.timeIntervals ?? new Map(), nowMs)?.names ?? []
    known.set(route, names)
    return names
  }
}
