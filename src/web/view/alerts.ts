import { type CurrentAlert, currentAlerts } from '../alerts/current.ts'
import type { WebContext } from '../context.ts'
import { acknowledgedOf } from '../page/acknowledge.tsx'
import type { AlertView } from '../page/alerts.tsx'

const SHOWN_APART = new Set(['alertname', 'severity'])
/** The page of its check tells these. */
const OF_CHECK = new Set([...SHOWN_APART, 'job', 'check', 'instance', 'probe', 'category', 'critical'])

/** Every alert that is pending or firing, or those of one check. */
export function alertViews(context: WebContext, checkName?: string): readonly AlertView[] {
  return currentAlerts(context)
    .filter(({ labels }) => checkName === undefined || labels.get('check') === checkName)
    .map((alert) => alertView(context, alert))
}

function alertView(context: WebContext, alert: CurrentAlert): AlertView {
  const { labels, annotations, acknowledgement } = alert
  const check = labels.get('check')
  const hasPage = context.board.find(check) !== undefined
  return {
    fingerprint: alert.fingerprint,
    name: labels.get('alertname'),
    state: alert.state,
    severity: labels.get('severity') || undefined,
    sinceMs: alert.sinceMs,
    summary: annotations.summary ?? '',
    description: annotations.description ?? '',
    value: alert.value,
    condition: alert.condition,
    labels: labels.drop(hasPage ? OF_CHECK : SHOWN_APART).toObject(),
    runbookUrl: annotations.runbook_url || undefined,
    checkName: hasPage ? check : undefined,
    notes: alert.notes,
    acknowledged: acknowledgement && acknowledgedOf(acknowledgement),
  }
}
