import { spanText } from '../model/moment.ts'
import type { Notification, NotifiedAlert, NotifiedGroup } from '../model/notification.ts'
import type { StandIn } from '../store/outbox-stand-in.ts'
import { clockTime } from './message.ts'
import { common } from './notification.ts'
import type { Owed } from './sender.ts'
import { bySeverity } from './severity.ts'

/** A message that goes out this long after it was owed says so. */
const LATE_MS = 5 * 60_000
const MOST_NOTES = 3

/**
 * One notification of what a channel owes: mostly of one message; of several where it may not send so many. Each alert is
 * told as its last message has it, and one that began anew in between for both times.
 *
 * @param owed of each group in the order in which it was owed
 */
export function foldNotifications(owed: readonly Owed[], nowMs: number): Notification {
  const parts = owed.map((each) => ({ ...each, notification: JSON.parse(each.body) as Notification }))
  const notes = notesOf(parts, nowMs)
  const [first] = parts
  if (first === undefined) throw new RangeError('a message of nothing')
  if (parts.length === 1) return notes.length === 0 ? first.notification : { ...first.notification, notes }
  return { ...together(parts.map(({ notification }) => notification)), ...(notes.length === 0 ? {} : { notes }) }
}

function together(notifications: readonly Notification[]): Notification {
  const byGroup = Map.groupBy(notifications, ({ receiver, groupKey }) => `${receiver}\n${groupKey}`)
  const groups = [...byGroup.values()]
    .map(groupOf)
    .sort((a, b) => bySeverity(worst(a), worst(b)) || firing(b).length - firing(a).length)
  const alerts = [...new Map(groups.flatMap((group) => group.alerts.map((one) => [keyOf(one), one] as const))).values()]
  const receivers = new Set(notifications.map(({ receiver }) => receiver))
  const [{ receiver, externalUrl }] = notifications as [Notification]
  return {
    receiver: receivers.size === 1 ? receiver : [...receivers].join(', '),
    status: alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
    reason: `${notifications.length} messages in one`,
    groupKey: `{}:{groups="${groups.length}"}`,
    groupLabels: {},
    commonLabels: common(alerts.map(({ labels }) => labels)),
    commonAnnotations: common(alerts.map(({ annotations }) => annotations)),
    externalUrl,
    alerts,
    groups,
  }
}

/** Each alert as its last message has it, and the link of that message. */
function groupOf(messages: readonly Notification[]): NotifiedGroup {
  const { groupLabels: labels = {}, ackUrl } = messages.at(-1) ?? {}
  const alerts = new Map(
    messages.flatMap((message) => message.alerts).map((alert) => [`${alert.fingerprint} ${alert.startsAtMs}`, alert]),
  )
  return { labels, ...(ackUrl === undefined ? {} : { ackUrl }), alerts: [...alerts.values()] }
}

function keyOf({ fingerprint, startsAtMs, status }: NotifiedAlert): string {
  return `${fingerprint} ${startsAtMs} ${status}`
}

function firing({ alerts }: NotifiedGroup): readonly NotifiedAlert[] {
  return alerts.filter(({ status }) => status === 'firing')
}

/** The severity that counts; groups in which nothing fires come last. */
function worst(group: NotifiedGroup): string | undefined {
  const severities = firing(group).map(({ labels }) => labels.severity ?? '')
  return severities.sort(bySeverity)[0]
}

function notesOf(owed: readonly Owed[], nowMs: number): readonly string[] {
  const texts = owed.flatMap((one) => noteOf(one, nowMs) ?? [])
  const notes = [...new Set(texts)]
  if (notes.length <= MOST_NOTES) return notes
  return [...notes.slice(0, MOST_NOTES - 1), 'More of this is late, or comes in place of another channel.']
}

function noteOf({ standIn, toldBy, createdMs }: Owed, nowMs: number): string | undefined {
  if (standIn !== undefined) return standInNote(standIn, nowMs)
  if (nowMs - createdMs < LATE_MS) return undefined
  const late = `Late: this was to be told at ${clockTime(createdMs, nowMs)}`
  return toldBy === undefined ? `${late}.` : `${late}; ${toldBy} told it meanwhile.`
}

function standInNote({ of, sinceMs, error }: StandIn, nowMs: number): string {
  if (sinceMs !== undefined) {
    const since = `${clockTime(sinceMs, nowMs)} (${spanText(nowMs - sinceMs)})`
    return `${of} has been failing since ${since}, because: ${error ?? 'unknown'}`
  }
  if (error !== undefined) return `${of} could not take this: ${error}`
  return `This is owed to ${of}, too; you were told of its beginning while ${of} was failing.`
}
