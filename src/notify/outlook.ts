import type { Labels } from '../model/labels.ts'
import type { AlertGroups, Group } from './alert-groups.ts'
import { type DedupDecision, dedup } from './dedup.ts'
import { type StepOutlook, stepOutlooks } from './escalation.ts'
import type { Inhibitor } from './inhibition.ts'
import { isResolved, type NotifyAlert } from './notify-alert.ts'
import { groupKey, groupLabels, matchersText, type Route, routePaths } from './route.ts'
import type { Integration } from './routing.ts'
import { runStages, type Stage, type StageContext, type Suppressed } from './stage.ts'
import type { Telling } from './telling.ts'

/** Whether and when one channel hears of an alert next, if nothing changes. */
export interface ChannelOutlook {
  readonly channel: string
  /** When it was last told of the group; undefined where it never was, or so long ago that it does not count. */
  readonly toldMs: number | undefined
  /** Undefined where it is not told. */
  readonly nextMs: number | undefined
  /** Why it is told then, or why it is not. */
  readonly reason: string
}

/** A route that an alert takes, and what comes of it. */
export interface RouteOutlook {
  readonly receiver: string
  /** The matchers of every route on the way, from the first one down. */
  readonly path: readonly string[]
  readonly groupKey: string
  readonly groupLabels: Labels
  readonly groupWaitMs: number
  readonly groupIntervalMs: number
  readonly repeatIntervalMs: number
  /** When the group is looked at next; undefined where there is no such group yet. */
  readonly nextLookMs: number | undefined
  /** What holds the alert back at this moment. */
  readonly held: Pick<Suppressed, 'by' | 'reason'> | undefined
  readonly channels: readonly ChannelOutlook[]
  readonly steps: readonly StepOutlook[]
}

export interface OutlookInput {
  readonly alert: NotifyAlert
  /** When it fires; for one that fires already that is in the past. Undefined: only who would be told is asked for. */
  readonly firesMs: number | undefined
  readonly groups: AlertGroups
  readonly membersOf: (group: Group) => readonly NotifyAlert[]
  readonly telling: Omit<Telling, 'group' | 'alerts'>
  readonly stages: readonly Stage[]
  readonly inhibitor: () => Inhibitor
}

/** So many looks ahead are tried, and so far; what comes later than that is too far away to be said. */
const MOST_LOOKS = 3000
const FARTHEST_MS = 8 * 24 * 3_600_000

/**
 * Who is told of an alert next, when, and why: the decisions of the coming looks at its groups are taken in advance, as things
 * stand now. A silence that ends, a night that is over and a repetition come at the look at which they count.
 */
export function outlookOf(input: OutlookInput): readonly RouteOutlook[] {
  return routePaths(input.telling.options.routing.root, input.alert.labels).map((path) => routeOutlook(path, input))
}

function routeOutlook(path: readonly Route[], input: OutlookInput): RouteOutlook {
  const { alert, firesMs, groups, telling } = input
  const route = path.at(-1) as Route
  const labels = groupLabels(route, alert.labels)
  const key = groupKey(route, labels)
  const known = groups.find({ routeId: route.id, groupKey: key })
  const group = known ?? emptyGroup(route, key, labels)
  const firstMs = firesMs === undefined ? undefined : firstLook(known, route, Math.max(firesMs, telling.nowMs))
  const [held] = runStages(
    input.stages,
    [lasting(alert, telling.nowMs)],
    contextAt(telling.nowMs, group, input),
  ).suppressed
  const isMember = known?.members.has(alert.fingerprint) ?? false
  return {
    receiver: route.receiver,
    path: path.map(matchersText),
    groupKey: key,
    groupLabels: labels,
    groupWaitMs: route.groupWaitMs,
    groupIntervalMs: route.groupIntervalMs,
    repeatIntervalMs: route.repeatIntervalMs,
    nextLookMs: known?.nextFlushMs,
    held,
    channels: channelOutlooks(group, firstMs, input),
    steps: isMember ? stepOutlooks({ ...telling, group, alerts: [alert] }, alert) : [],
  }
}

/** The first look at the group at which the alert fires. */
function firstLook(known: Group | undefined, { groupWaitMs, groupIntervalMs }: Route, firesMs: number): number {
  if (known === undefined) return firesMs + groupWaitMs
  const lateMs = Math.max(firesMs - known.nextFlushMs, 0)
  return known.nextFlushMs + Math.ceil(lateMs / groupIntervalMs) * groupIntervalMs
}

function channelOutlooks(group: Group, firstMs: number | undefined, input: OutlookInput): readonly ChannelOutlook[] {
  const { telling } = input
  const integrations = telling.options.routing.receivers.get(group.route.receiver) ?? []
  const open = new Map(integrations.map((integration) => [integration, 'nothing fires']))
  const next = new Map<Integration, { readonly nextMs: number; readonly reason: string }>()
  if (firstMs !== undefined) {
    for (let look = 0; look < MOST_LOOKS && open.size > 0; look++) {
      const atMs = firstMs + look * group.route.groupIntervalMs
      if (atMs - telling.nowMs > FARTHEST_MS) break
      for (const [integration, decision] of decisionsAt(atMs, look === 0, group, [...open.keys()], input)) {
        if (decision.notify && decision.say) {
          next.set(integration, { nextMs: atMs, reason: decision.reason })
          open.delete(integration)
        } else if (look === 0)
          open.set(integration, decision.notify ? 'it is not told of what is over' : decision.reason)
      }
      // Once it is over and told, the group forgets it.
      if (isResolved(input.alert, telling.nowMs)) break
    }
  }
  return integrations.map((integration) => ({
    channel: integration.channel,
    toldMs: telling.log.get(placeOf(group, integration), telling.nowMs)?.atMs,
    ...(next.get(integration) ?? { nextMs: undefined, reason: open.get(integration) ?? '' }),
  }))
}

/** What a look at the group would decide; the first one of all its alerts, later ones of this alert alone. */
function decisionsAt(
  atMs: number,
  isFirst: boolean,
  group: Group,
  integrations: readonly Integration[],
  input: OutlookInput,
): readonly (readonly [Integration, DedupDecision])[] {
  const { telling, stages } = input
  const { log, options } = telling
  const alert = lasting(input.alert, telling.nowMs)
  const others = isFirst ? input.membersOf(group).filter(({ fingerprint }) => fingerprint !== alert.fingerprint) : []
  const { pass, suppressed } = runStages(
    stages,
    [alert, ...others.map((one) => lasting(one, telling.nowMs))],
    contextAt(atMs, group, input),
  )
  const held = suppressed.find((one) => one.alert === alert)
  if (held !== undefined) return integrations.map((one) => [one, { notify: false, reason: held.reason }])
  const firing = pass.filter((one) => !isResolved(one, atMs))
  const resolved = pass.filter((one) => isResolved(one, atMs))
  const isAcknowledged =
    firing.length > 0 && firing.every((one) => options.acknowledgements?.of(one, atMs) !== undefined)
  return integrations.map((integration) => [
    integration,
    dedup({
      entry: log.get(placeOf(group, integration), atMs),
      firing: firing.map(({ fingerprint }) => fingerprint),
      resolved: resolved.map(({ fingerprint }) => fingerprint),
      sendResolved: integration.sendResolved,
      isAcknowledged,
      repeatIntervalMs: group.route.repeatIntervalMs,
      nowMs: atMs,
    }),
  ])
}

/** The alert as if it went on: that it is said again in time is not the question. */
function lasting(alert: NotifyAlert, nowMs: number): NotifyAlert {
  return isResolved(alert, nowMs) ? alert : { ...alert, endsAtMs: Number.POSITIVE_INFINITY }
}

function contextAt(nowMs: number, { route }: Group, { inhibitor }: OutlookInput): StageContext {
  return { nowMs, route, inhibitor }
}

function placeOf({ key, route }: Group, { channel }: Integration) {
  return { groupKey: key, receiver: route.receiver, step: 0, integration: channel }
}

function emptyGroup(route: Route, key: string, labels: Labels): Group {
  return { route, key, labels, members: new Set(), nextFlushMs: 0, flushed: false, escalateAtMs: undefined }
}
