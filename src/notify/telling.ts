import { type Acknowledgement, describeAcknowledgement } from '../model/acknowledgement.ts'
import type { AlertEvent } from '../model/alert.ts'
import { formatDuration } from '../model/duration.ts'
import type { Labels } from '../model/labels.ts'
import type { FlushChange, NotifyChange, NotifyGroupRow, NotifyLogRow } from '../store/notify.ts'
import { tellersOf } from './about-channels.ts'
import type { AckLinks } from './ack-links.ts'
import { type Group, groupId } from './alert-groups.ts'
import { type DedupDecision, dedup } from './dedup.ts'
import { notificationOf } from './notification.ts'
import { byImportance, isResolved, type NotifyAlert } from './notify-alert.ts'
import { type LogPlace, type NotifyLog, toldTimes } from './notify-log.ts'
import type { Integration, Routing } from './routing.ts'
import type { Decision, StandingDecisions, Verdict } from './standing.ts'

/** What looking at due groups has decided so far. */
export interface Decisions {
  readonly messages: FlushChange['messages'][number][]
  readonly log: NotifyLogRow[]
  readonly events: AlertEvent[]
  readonly groups: NotifyGroupRow[]
  readonly goneGroups: NotifyChange['goneGroups'][number][]
}

export interface TellingOptions {
  readonly routing: Routing
  /** What the check behind an alert last found, for the message. */
  readonly findingOf: (labels: Labels) => string | undefined
  /** Trace ids of errors that an alert of these labels may be about, since it became true at `sinceMs`. */
  readonly tracesOf?: (labels: Labels, sinceMs: number) => readonly string[]
  readonly externalUrl: string
  /** What else is held back because of what an alert is about, for the message. */
  readonly heldBackBy?: (labels: Labels, nowMs: number) => string | undefined
  /** How long a message is worth delivering. */
  readonly expiryMs: number
  /** Who has taken an alert on; nobody ever where it is left out. */
  readonly acknowledgements?: { of(alert: NotifyAlert, nowMs: number): Acknowledgement | undefined }
  /** Makes the links by which a message is acknowledged; there are none where it is left out. */
  readonly ackLinks?: Pick<AckLinks, 'pathTo'>
}

export interface Telling {
  readonly group: Group
  /** Those that no stage holds back. */
  readonly alerts: readonly NotifyAlert[]
  /** Those that are held back, and are told as long as and until they are over where they were told before. */
  readonly owed: readonly NotifyAlert[]
  readonly nowMs: number
  readonly log: NotifyLog
  readonly standing: StandingDecisions
  readonly options: TellingOptions
}

/** One integration, and what it is to know of a group. */
export interface Addressee {
  readonly integration: Integration
  /** By which step of an escalation it is told; undefined for who is told at once. */
  readonly escalation?: { readonly step: number; readonly afterMs: number } | undefined
  readonly firing: readonly NotifyAlert[]
  readonly resolved: readonly NotifyAlert[]
  /** Whether somebody has taken on all that fires. */
  readonly isAcknowledged: boolean
}

type Place = Pick<Addressee, 'integration' | 'escalation'>

/** Decides for each integration of a group's receiver whether it is told of the group now, and makes the messages. */
export function tellGroup(telling: Telling, decisions: Decisions): void {
  const addressees = addresseesOf(telling)
  if (addressees.length === 0) noteNobody(telling, decisions)
  for (const addressee of addressees) {
    const { integration, firing, resolved } = addressee
    if (firing.length + resolved.length > 0) tellIntegration(telling, addressee, decisions)
    else telling.standing.settle(groupId(telling.group), integration.channel, [], telling.nowMs, decisions.events)
  }
}

/** The integrations of a group's receiver, and what each is to know of it now; that may be nothing. */
export function addresseesOf(telling: Telling): readonly Addressee[] {
  const { group, nowMs, log, options } = telling
  const { route, key: groupKey } = group
  const { routing } = options
  const integrations = tellersOf(telling.alerts, routing.receivers.get(route.receiver) ?? [], routing.receivers)
  return integrations.map((integration) => {
    const place = { groupKey, receiver: route.receiver, step: 0, integration: integration.channel }
    const alerts = withOwed(telling, log.get(place, nowMs)?.firing)
    const firing = alerts.filter((alert) => !isResolved(alert, nowMs))
    const resolved = alerts.filter((alert) => isResolved(alert, nowMs))
    const isAcknowledged = firing.length > 0 && firing.every((alert) => isTakenOn(alert, telling))
    return { integration, firing, resolved, isAcknowledged }
  })
}

/** Whether an integration has to be told of what it is to know, and why. */
export function decide(telling: Telling, addressee: Addressee): DedupDecision {
  const { group, nowMs } = telling
  const { integration, escalation, firing, resolved, isAcknowledged } = addressee
  const known = entryOf(telling, addressee)
  return dedup({
    entry: known !== undefined && escalation !== undefined ? withoutEarlier(known, firing) : known,
    firing: firing.map(fingerprintOf),
    resolved: resolved.map(fingerprintOf),
    sendResolved: integration.sendResolved,
    isAcknowledged,
    // A step is told once; the next one comes in place of a repetition.
    repeatIntervalMs: escalation === undefined ? group.route.repeatIntervalMs : Number.POSITIVE_INFINITY,
    nowMs,
    quietBy: () => quietReason(telling),
  })
}

/** Whether somebody sees to an alert. */
export function isTakenOn(alert: NotifyAlert, { options, nowMs }: Telling): boolean {
  return options.acknowledgements?.of(alert, nowMs) !== undefined
}

function placeOf({ group }: Telling, { integration, escalation }: Place): LogPlace {
  const { route, key: groupKey } = group
  return { groupKey, receiver: route.receiver, step: escalation?.step ?? 0, integration: integration.channel }
}

/** What an integration was last told of the group. */
export function entryOf(telling: Telling, addressee: Place): NotifyLogRow | undefined {
  return telling.log.get(placeOf(telling, addressee), telling.nowMs)
}

/** Tells one integration what it does not know yet. */
export function tellIntegration(telling: Telling, addressee: Addressee, decisions: Decisions): void {
  const { group, nowMs, log } = telling
  const { integration, escalation, firing, resolved, isAcknowledged } = addressee
  const { route } = group
  const { channel } = integration
  const known = entryOf(telling, addressee)
  const toldMs = toldTimes(known)
  const keep = (row: NotifyLogRow) => {
    log.put(row)
    decisions.log.push(row)
  }
  const decision = decide(telling, addressee)
  if (escalation === undefined) {
    const verdicts = untold(telling, addressee, decision)
    telling.standing.settle(groupId(group), channel, verdicts, nowMs, decisions.events)
  }
  if (decision.notify) {
    const validMs =
      escalation === undefined ? 2 * Math.max(route.repeatIntervalMs, route.groupIntervalMs) : longValidMs(group)
    keep({
      ...placeOf(telling, addressee),
      firing: firing.map(fingerprintOf),
      resolved: resolved.map(fingerprintOf),
      toldMs: firing.map((alert) => toldMs(alert) ?? Math.max(nowMs, alert.startsAtMs)),
      atMs: nowMs,
      expiresMs: nowMs + validMs,
    })
    if (decision.say) say(telling, addressee, decision.reason, decisions)
    return
  }
  if (known === undefined || firing.length === 0) return
  // Whoever is not told again must not be taken for one who was never told.
  const isQuiet = () => isAcknowledged || escalation !== undefined || quietReason(telling) !== undefined
  const validMs = longValidMs(group)
  if (known.expiresMs - nowMs < validMs / 2 && isQuiet()) keep({ ...known, expiresMs: nowMs + validMs })
}

/** Makes the message, and the lines in the stories of its alerts. */
export function say(telling: Telling, addressee: Addressee, reason: string, decisions: Decisions): void {
  const { group, nowMs, options } = telling
  const { integration, escalation, firing, resolved, isAcknowledged } = addressee
  const { channel, sendResolved } = integration
  const told = new Set(sendResolved ? [...firing, ...resolved] : firing)
  const notification = notificationOf({
    receiver: group.route.receiver,
    groupKey: group.key,
    groupLabels: group.labels,
    alerts: [...telling.alerts, ...telling.owed].filter((alert) => told.has(alert)).sort(byImportance),
    reason,
    escalation,
    nowMs,
    ...options,
  })
  decisions.messages.push({
    channel,
    groupKey: group.key,
    body: JSON.stringify(notification),
    createdMs: nowMs,
    expiresMs: nowMs + options.expiryMs,
  })
  for (const { fingerprint, status } of notification.alerts) {
    const isStep = escalation !== undefined && status === 'firing' && !isAcknowledged
    const why = isStep ? `not acknowledged for ${formatDuration(escalation.afterMs)}` : reason
    const kind = isStep ? 'escalated' : 'queued'
    const detail = `for ${channel}: ${why}`
    decisions.events.push({ fingerprint, atMs: nowMs, kind, detail, subject: `channel/${channel}` })
  }
}

/** What is decided of each alert for a channel that is not told now, or not of all of them. */
function untold(telling: Telling, addressee: Addressee, decision: DedupDecision): readonly Verdict[] {
  const { integration, firing, resolved } = addressee
  const { channel, sendResolved } = integration
  const subject = `channel/${channel}`
  const verdict = (kind: string, detail: string, alerts: readonly NotifyAlert[]): Verdict[] =>
    alerts.length === 0 ? [] : [{ decision: { kind, detail, subject }, alerts: alerts.map(fingerprintOf) }]
  const mute = sendResolved ? [] : verdict('not-told', `${channel} is not told of what is over`, resolved)
  if (decision.notify) return mute
  if (decision.isHeld === true) return [...mute, ...acknowledged(telling, addressee, verdict)]
  const rest = sendResolved ? [...firing, ...resolved] : firing
  return [...mute, ...verdict('deduplicated', `${channel}: ${decision.reason}`, rest)]
}

/** A repetition would be due, and somebody has taken it on. */
function acknowledged(
  { options, nowMs }: Telling,
  { integration, firing }: Addressee,
  verdict: (kind: string, detail: string, alerts: readonly NotifyAlert[]) => Verdict[],
): readonly Verdict[] {
  const byWhom = Map.groupBy(firing, (alert) => {
    const acknowledgement = options.acknowledgements?.of(alert, nowMs)
    return acknowledgement === undefined ? '' : `: ${describeAcknowledgement(acknowledgement)}`
  })
  return [...byWhom].flatMap(([who, alerts]) =>
    verdict('acknowledged', `not repeated for ${integration.channel}${who}`, alerts),
  )
}

function noteNobody({ group, alerts, nowMs, standing }: Telling, { events }: Decisions): void {
  const { receiver } = group.route
  const decision: Decision = {
    kind: 'not-told',
    detail: `${receiver} has no channel: nobody is told`,
    subject: `receiver/${receiver}`,
  }
  standing.settle(groupId(group), '', [{ decision, alerts: alerts.map(fingerprintOf) }], nowMs, events)
}

/** What a step was told of an alert the last time that it fired says nothing of this time. */
function withoutEarlier(known: NotifyLogRow, firing: readonly NotifyAlert[]): NotifyLogRow {
  const toldMs = toldTimes(known)
  const anew = new Set(firing.filter((alert) => toldMs(alert) === undefined).map(fingerprintOf))
  return { ...known, firing: known.firing.filter((hash) => !anew.has(hash)) }
}

/** As long as it is refreshed at every other look. */
function longValidMs({ route }: Group): number {
  return 2 * Math.max(route.repeatIntervalMs, 2 * route.groupIntervalMs)
}

function fingerprintOf({ fingerprint }: NotifyAlert): string {
  return fingerprint
}

/** With those that are held back and that somebody was told of: `told` are their fingerprints. */
export function withOwed({ alerts, owed }: Telling, told: readonly string[] = []): readonly NotifyAlert[] {
  if (owed.length === 0 || told.length === 0) return alerts
  const known = new Set(told)
  const kept = owed.filter((alert) => known.has(fingerprintOf(alert)))
  return kept.length === 0 ? alerts : [...alerts, ...kept].sort(byImportance)
}

/** Why there is nothing to repeat: all that fires is held back or frozen. */
function quietReason({ alerts, nowMs }: Telling): string | undefined {
  const firing = alerts.filter((alert) => !isResolved(alert, nowMs))
  const isQuiet = firing.every(({ frozen }) => frozen !== undefined)
  return isQuiet ? (firing[0]?.frozen ?? 'what fires is held back') : undefined
}
