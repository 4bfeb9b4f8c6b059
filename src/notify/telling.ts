import { type Acknowledgement, describeAcknowledgement } from '../model/acknowledgement.ts'
import type { AlertEvent } from '../model/alert.ts'
import { formatDuration } from '../model/duration.ts'
import type { Labels } from '../model/labels.ts'
import type { FlushChange, NotifyChange, NotifyGroupRow, NotifyLogRow } from '../store/notify.ts'
import type { AckLinks } from './ack-links.ts'
import type { Group } from './alert-groups.ts'
import { dedup } from './dedup.ts'
import { notificationOf } from './notification.ts'
import { isResolved, type NotifyAlert } from './notify-alert.ts'
import { type NotifyLog, toldTimes } from './notify-log.ts'
import type { Integration, Routing } from './routing.ts'

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
  readonly externalUrl: string
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
  readonly nowMs: number
  readonly log: NotifyLog
  readonly options: TellingOptions
}

/** One integration, and what it is to know of a group. */
export interface Addressee {
  readonly integration: Integration
  /** By which step of an escalation it is told; undefined for who is told at once. */
  readonly escalation?: { readonly step: number; readonly afterMs: number }
  readonly firing: readonly NotifyAlert[]
  readonly resolved: readonly NotifyAlert[]
  /** Whether somebody has taken on all that fires. */
  readonly isAcknowledged: boolean
}

/** Decides for each integration of a group's receiver whether it is told of the group now, and makes the messages. */
export function tellGroup(telling: Telling, decisions: Decisions): void {
  const { group, alerts, nowMs, options } = telling
  const firing = alerts.filter((alert) => !isResolved(alert, nowMs))
  const resolved = alerts.filter((alert) => isResolved(alert, nowMs))
  const { acknowledgements } = options
  const isAcknowledged = firing.length > 0 && firing.every((alert) => acknowledgements?.of(alert, nowMs) !== undefined)
  for (const integration of options.routing.receivers.get(group.route.receiver) ?? []) {
    tellIntegration(telling, { integration, firing, resolved, isAcknowledged }, decisions)
  }
}

/** Tells one integration what it does not know yet. */
export function tellIntegration(telling: Telling, addressee: Addressee, decisions: Decisions): void {
  const { group, nowMs, log } = telling
  const { integration, escalation, firing, resolved, isAcknowledged } = addressee
  const { route, key: groupKey } = group
  const { channel, sendResolved } = integration
  const place = { groupKey, receiver: route.receiver, step: escalation?.step ?? 0, integration: channel }
  const known = log.get(place, nowMs)
  const toldMs = toldTimes(known)
  const keep = (row: NotifyLogRow) => {
    log.put(row)
    decisions.log.push(row)
  }
  const hashes = { firing: firing.map(fingerprintOf), resolved: resolved.map(fingerprintOf) }
  const decision = dedup({
    entry: known !== undefined && escalation !== undefined ? withoutEarlier(known, firing) : known,
    ...hashes,
    sendResolved,
    isAcknowledged,
    // A step is told once; the next one comes in place of a repetition.
    repeatIntervalMs: escalation === undefined ? route.repeatIntervalMs : Number.POSITIVE_INFINITY,
    nowMs,
  })
  if (decision.notify) {
    const validMs = escalation === undefined ? 2 * route.repeatIntervalMs : longValidMs(group)
    keep({
      ...place,
      ...hashes,
      toldMs: firing.map((alert) => toldMs(alert) ?? Math.max(nowMs, alert.startsAtMs)),
      atMs: nowMs,
      expiresMs: nowMs + validMs,
    })
    if (decision.say) say(telling, addressee, decision.reason, decisions)
    return
  }
  if (known === undefined || firing.length === 0) return
  // Whoever is not told again must not be taken for one who was never told.
  const isQuiet = isAcknowledged || escalation !== undefined
  const validMs = longValidMs(group)
  if (isQuiet && known.expiresMs - nowMs < validMs / 2) keep({ ...known, expiresMs: nowMs + validMs })
  if (decision.isHeld === true) noteHeld(telling, addressee, known, decisions)
}

/** Makes the message, and the lines in the stories of its alerts. */
function say(telling: Telling, addressee: Addressee, reason: string, decisions: Decisions): void {
  const { group, nowMs, options } = telling
  const { integration, escalation, firing, resolved } = addressee
  const { channel, sendResolved } = integration
  const told = new Set(sendResolved ? [...firing, ...resolved] : firing)
  const notification = notificationOf({
    receiver: group.route.receiver,
    groupKey: group.key,
    groupLabels: group.labels,
    alerts: telling.alerts.filter((alert) => told.has(alert)),
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
    const isStep = escalation !== undefined && status === 'firing'
    const why = isStep ? `not acknowledged for ${formatDuration(escalation.afterMs)}` : reason
    const kind = isStep ? 'escalated' : 'queued'
    decisions.events.push({ fingerprint, atMs: nowMs, kind, detail: `for ${channel}: ${why}` })
  }
}

/** Says once, when a repetition would be due, why there is none. */
function noteHeld(
  { group, nowMs, options }: Telling,
  { integration, firing }: Addressee,
  { atMs }: NotifyLogRow,
  decisions: Decisions,
): void {
  const { repeatIntervalMs, groupIntervalMs } = group.route
  if (nowMs - atMs - repeatIntervalMs > groupIntervalMs) return
  for (const alert of firing) {
    const acknowledgement = options.acknowledgements?.of(alert, nowMs)
    if (acknowledgement === undefined) continue
    const detail = `not repeated for ${integration.channel}: ${describeAcknowledgement(acknowledgement)}`
    decisions.events.push({ fingerprint: alert.fingerprint, atMs: nowMs, kind: 'suppressed', detail })
  }
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
