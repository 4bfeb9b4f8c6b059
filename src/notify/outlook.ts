import type { Labels } from '../model/labels.ts'
import type { AlertGroups, Group } from './alert-groups.ts'
import type { DedupDecision } from './dedup.ts'
import { type StepOutlook, stepOutlooks } from './escalation.ts'
import type { Inhibitor } from './inhibition.ts'
import { isResolved, type NotifyAlert } from './notify-alert.ts'
import { groupKey, groupLabels, matchersText, type Route, routePaths } from './route.ts'
import { runStages, type Stage, type StageContext, type Suppressed } from './stage.ts'
import { addresseesOf, decide, entryOf, type Telling } from './telling.ts'

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
  readonly telling: Omit<Telling, 'group' | 'alerts' | 'owed'>
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
    steps: isMember ? stepOutlooks({ ...telling, group, alerts: [alert], owed: [] }, alert) : [],
  }
}

/** The first look at the group at which the alert fires. */
function firstLook(known: Group | undefined, { groupWaitMs, groupIntervalMs }: Route, firesMs: number): number {
  if (known === undefined) return firesMs + groupWaitMs
  const lateMs = Math.max(firesMs - known.nextFlushMs, 0)
  return known.nextFlushMs + Math.ceil(lateMs / groupIntervalMs) * groupIntervalMs
}

function channelOutlooks(group: Group, firstMs: number | undefined, input: OutlookInput): readonly ChannelOutlook[] {
  const { alert, telling } = input
  const now = { ...telling, group, alerts: [lasting(alert, telling.nowMs)], owed: [] }
  const addressees = addresseesOf(now)
  const found = new Map(addressees.map(({ integration }) => [integration.channel, NOTHING]))
  const open = () => [...found.values()].some(({ nextMs }) => nextMs === undefined)
  let atMs = firstMs
  for (let look = 0; atMs !== undefined && look < MOST_LOOKS && open(); look++) {
    if (atMs - telling.nowMs > FARTHEST_MS) break
    const { decisions, nextLookMs } = lookAt(atMs, look === 0, group, input)
    for (const [channel, decision] of decisions) {
      if (found.get(channel)?.nextMs !== undefined) continue
      if (decision.notify && decision.say) found.set(channel, { nextMs: atMs, reason: decision.reason })
      else if (look === 0) found.set(channel, { nextMs: undefined, reason: silenceOf(decision) })
    }
    // Once it is over and told, the group forgets it.
    atMs = isResolved(alert, telling.nowMs) ? undefined : nextLookMs
  }
  return addressees.map((addressee) => {
    const { channel } = addressee.integration
    return { channel, toldMs: entryOf(now, addressee)?.atMs, ...(found.get(channel) ?? NOTHING) }
  })
}

const NOTHING: Pick<ChannelOutlook, 'nextMs' | 'reason'> = { nextMs: undefined, reason: 'it does not fire' }

function silenceOf(decision: DedupDecision): string {
  return decision.notify ? 'it is not told of what is over' : decision.reason
}

/** What a look at the group would decide for each channel: the first one of all its alerts, later ones of this alert alone. */
function lookAt(atMs: number, isFirst: boolean, group: Group, input: OutlookInput) {
  const { telling, stages } = input
  const alert = lasting(input.alert, telling.nowMs)
  const others = isFirst ? input.membersOf(group).filter(({ fingerprint }) => fingerprint !== alert.fingerprint) : []
  const members = [alert, ...others.map((one) => lasting(one, telling.nowMs))]
  const { pass, suppressed, owed } = runStages(stages, members, contextAt(atMs, group, input))
  const held = suppressed.find((one) => one.alert === alert)
  const then: Telling = { ...telling, nowMs: atMs, group, alerts: pass, owed }
  const decisions = addresseesOf(then).map((addressee) => {
    const isMeant = [...addressee.firing, ...addressee.resolved].includes(alert)
    const decision: DedupDecision =
      isMeant || held === undefined ? decide(then, addressee) : { notify: false, reason: held.reason }
    return [addressee.integration.channel, decision] as const
  })
  const turnMs = atMs + group.route.groupIntervalMs
  const untilMs = held?.untilMs ?? turnMs
  return { decisions, nextLookMs: untilMs > atMs ? Math.min(turnMs, untilMs) : turnMs }
}

/** The alert as if it went on: that it is said again in time is not the question. */
function lasting(alert: NotifyAlert, nowMs: number): NotifyAlert {
  return isResolved(alert, nowMs) ? alert : { ...alert, endsAtMs: Number.POSITIVE_INFINITY }
}

function contextAt(nowMs: number, { route }: Group, { inhibitor }: OutlookInput): StageContext {
  return { nowMs, route, inhibitor }
}

function emptyGroup(route: Route, key: string, labels: Labels): Group {
  return { route, key, labels, members: new Set(), nextFlushMs: 0, flushed: false, escalateAtMs: undefined }
}
