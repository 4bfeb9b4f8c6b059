import type { NotifyAlert } from '../../notify/notify-alert.ts'
import { isResolved } from '../../notify/notify-alert.ts'
import type { WebContext } from '../context.ts'
import { type AckAlertView, type AcknowledgedView, acknowledgedOf } from '../page/acknowledge.tsx'
import { HttpProblem } from '../problem.ts'

/** Who has taken an alert on, as pages show it. */
export function acknowledgedView(
  { acknowledgements, clock }: WebContext,
  alert: NotifyAlert,
): AcknowledgedView | undefined {
  const known = acknowledgements.of(alert, clock.now())
  return known && acknowledgedOf(known)
}

/**
 * The alerts that a link in a message is about, as far as they still fire: never one that began to fire after the message.
 *
 * @throws HttpProblem 404 for what is no link of ours, 410 for one that is too old
 */
export function ackAlertsOf(
  context: WebContext,
  token: string,
): readonly { readonly fingerprint: string; readonly view: AckAlertView }[] {
  const nowMs = context.clock.now()
  const link = context.ackLinks.read(token, nowMs)
  switch (link?.kind) {
    case undefined:
      throw new HttpProblem(404, 'Not a link', 'this is not a link of a message of this midwatch; open it whole')
    case 'expired':
      throw new HttpProblem(410, 'Too old', 'this link is too old; acknowledge the alert on its page')
    case 'alert': {
      const alert = context.dispatcher.find(link.fingerprint)
      return alert === undefined
        ? []
        : [alert].filter((one) => isMeant(one, link.startsAtMs, nowMs)).map(viewOf(context))
    }
    case 'group': {
      const groups = context.dispatcher.groupViews(nowMs, context.silences)
      const group = groups.find(
        ({ receiver, key }) => context.ackLinks.groupId({ receiver, groupKey: key }) === link.groupId,
      )
      return (group?.alerts ?? [])
        .map(({ alert }) => alert)
        .filter((one) => isMeant(one, link.sentMs, nowMs))
        .map(viewOf(context))
    }
  }
}

function isMeant(alert: NotifyAlert, beganByMs: number, nowMs: number): boolean {
  return !isResolved(alert, nowMs) && alert.startsAtMs <= beganByMs
}

function viewOf(context: WebContext) {
  return (alert: NotifyAlert) => ({
    fingerprint: alert.fingerprint,
    view: {
      name: alert.labels.get('alertname') || 'alert',
      severity: alert.labels.get('severity') || undefined,
      summary: alert.annotations.summary ?? '',
      sinceMs: alert.startsAtMs,
      acknowledged: acknowledgedView(context, alert),
    },
  })
}
