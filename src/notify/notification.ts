import type { Labels } from '../model/labels.ts'
import { measureText } from '../model/measure.ts'
import type { Notification, NotifiedAlert } from '../model/notification.ts'
import { HELD_BACK } from './held-back.ts'
import { isResolved, type NotifyAlert } from './notify-alert.ts'
import type { TellingOptions } from './telling.ts'

interface NotificationInput
  extends Pick<
    TellingOptions,
    'externalUrl' | 'findingOf' | 'tracesOf' | 'heldBackBy' | 'acknowledgements' | 'ackLinks'
  > {
  readonly receiver: string
  readonly groupKey: string
  readonly groupLabels: Labels
  readonly alerts: readonly NotifyAlert[]
  readonly reason: string
  readonly escalation?: Notification['escalation']
  readonly nowMs: number
}

/** A group as it stands at `nowMs`, with everything that a message about it may say. */
export function notificationOf(input: NotificationInput): Notification {
  const { receiver, groupKey, groupLabels, alerts, reason, escalation, nowMs, externalUrl, findingOf, heldBackBy } =
    input
  const notified = alerts.map((alert): NotifiedAlert => {
    const finding = findingOf(alert.labels)
    const heldBack = isResolved(alert, nowMs) ? undefined : heldBackBy?.(alert.labels, nowMs)
    return {
      status: isResolved(alert, nowMs) ? 'resolved' : 'firing',
      labels: alert.labels.toObject(),
      annotations: heldBack === undefined ? alert.annotations : { ...alert.annotations, [HELD_BACK]: heldBack },
      startsAtMs: alert.startsAtMs,
      endsAtMs: isResolved(alert, nowMs) ? alert.endsAtMs : undefined,
      generatorUrl: alert.generatorUrl,
      fingerprint: alert.fingerprint,
      ...(finding === undefined ? {} : { finding }),
      ...(isResolved(alert, nowMs) ? {} : { ...measureOf(alert), ...tracesOf(alert, input) }),
      ...(isResolved(alert, nowMs) ? {} : acknowledgementOf(alert, input)),
    }
  })
  const isOpen = ({ ackUrl }: NotifiedAlert) => ackUrl !== undefined
  const ackPath =
    notified.filter(isOpen).length > 1
      ? input.ackLinks?.pathTo({ kind: 'group', receiver, groupKey, sentMs: nowMs }, nowMs)
      : undefined
  return {
    receiver,
    status: notified.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
    reason,
    groupKey,
    groupLabels: groupLabels.toObject(),
    commonLabels: common(notified.map(({ labels }) => labels)),
    commonAnnotations: common(notified.map(({ annotations }) => annotations)),
    externalUrl,
    ...(ackPath === undefined ? {} : { ackUrl: `${externalUrl}${ackPath}` }),
    ...(escalation === undefined ? {} : { escalation }),
    alerts: notified,
  }
}

function measureOf({ origin }: NotifyAlert): Pick<NotifiedAlert, 'measure'> {
  const measure = origin && measureText(Number(origin.value), origin.condition)
  return measure === undefined ? {} : { measure }
}

function tracesOf(alert: NotifyAlert, input: NotificationInput): Pick<NotifiedAlert, 'traceIds'> {
  const traceIds = input.tracesOf?.(alert.labels, alert.origin?.activeAtMs ?? alert.startsAtMs) ?? []
  return traceIds.length === 0 ? {} : { traceIds }
}

function acknowledgementOf(
  alert: NotifyAlert,
  { acknowledgements, ackLinks, externalUrl, nowMs }: NotificationInput,
): Pick<NotifiedAlert, 'acknowledged' | 'ackUrl'> {
  const known = acknowledgements?.of(alert, nowMs)
  if (known !== undefined) return { acknowledged: { by: known.by, reason: known.reason, untilMs: known.endsAtMs } }
  const { fingerprint, startsAtMs } = alert
  const path = ackLinks?.pathTo({ kind: 'alert', fingerprint, startsAtMs }, nowMs)
  return path === undefined ? {} : { ackUrl: `${externalUrl}${path}` }
}

/** The entries that all records share; one that is missing counts as empty, as in Alertmanager. */
export function common(records: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...others] = records
  const valueIn = (record: Readonly<Record<string, string>>, name: string) =>
    Object.hasOwn(record, name) ? record[name] : ''
  const shared = Object.entries(first).filter(([name, value]) =>
    others.every((other) => valueIn(other, name) === value),
  )
  return Object.assign(Object.create(null) as Record<string, string>, Object.fromEntries(shared))
}
