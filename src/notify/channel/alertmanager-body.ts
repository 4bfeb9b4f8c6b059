import { GO_ZERO_TIME, goJson, goTime, sortedMap } from '../../lib/go-json.ts'
import type { Notification, NotifiedAlert } from '../../model/notification.ts'
import { common } from '../notification.ts'

/**
 * The body of Alertmanager's webhooks, version 4, byte for byte as Alertmanager 0.32 writes it.
 *
 * @param maxAlerts how many alerts at most, the first ones; 0 is all of them
 * @see https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
export function alertmanagerBody(notification: Notification, maxAlerts: number): string {
  const { receiver, reason, groupLabels, groupKey, externalUrl } = notification
  const alerts = maxAlerts === 0 ? notification.alerts : notification.alerts.slice(0, maxAlerts)
  return goJson({
    receiver: quoteMeta(receiver),
    // Of the alerts that are in it, as is all that they have in common.
    status: alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
    alerts: alerts.map(alertBody),
    notification_reason: reason,
    groupLabels: sortedMap(groupLabels),
    commonLabels: sortedMap(common(alerts.map(({ labels }) => labels))),
    commonAnnotations: sortedMap(common(alerts.map(({ annotations }) => annotations))),
    externalURL: externalUrl,
    version: '4',
    groupKey,
    truncatedAlerts: notification.alerts.length - alerts.length,
  })
}

function alertBody(alert: NotifiedAlert): Record<string, unknown> {
  return {
    status: alert.status,
    labels: sortedMap(alert.labels),
    annotations: sortedMap(alert.annotations),
    startsAt: goTime(alert.startsAtMs),
    endsAt: alert.endsAtMs === undefined ? GO_ZERO_TIME : goTime(alert.endsAtMs),
    generatorURL: alert.generatorUrl,
    fingerprint: alert.fingerprint,
  }
}

/** As Go's `regexp.QuoteMeta`, through which Alertmanager sends the receiver's name. */
function quoteMeta(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')
}
