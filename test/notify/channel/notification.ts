import type { Notification, NotifiedAlert } from '../../../src/model/notification.ts'
import type { SendContext } from '../../../src/notify/channel/channel.ts'

export const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)

/** An alert of the check `shop`, twelve minutes old. */
export function alert(overrides: Partial<NotifiedAlert> = {}): NotifiedAlert {
  return {
    status: 'firing',
    labels: { alertname: 'Down', check: 'shop', severity: 'critical' },
    annotations: { summary: 'The shop is down' },
    startsAtMs: NOW - 12 * 60_000,
    endsAtMs: undefined,
    generatorUrl: '',
    fingerprint: 'f'.repeat(16),
    ...overrides,
  }
}

export function notification(alerts: readonly NotifiedAlert[]): Notification {
  const isFiring = alerts.some(({ status }) => status === 'firing')
  return {
    receiver: 'team',
    status: isFiring ? 'firing' : 'resolved',
    reason: 'first notification',
    groupKey: '{}:{alertname="Down"}',
    groupLabels: { alertname: 'Down' },
    commonLabels: alerts[0]?.labels ?? {},
    commonAnnotations: {},
    externalUrl: 'https://watch.example.org',
    alerts,
  }
}

export function sendContext(signal = AbortSignal.timeout(50_000), overrides: Partial<SendContext> = {}): SendContext {
  return { signal, nowMs: NOW, messageId: 'msg_1', done: [], ...overrides }
}
