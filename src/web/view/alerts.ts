import type { AlertInstance } from '../../model/alert.ts'
import { fingerprint } from '../../model/labels.ts'
import { dependsText } from '../../notify/stage.ts'
import type { WebContext } from '../context.ts'
import type { AlertView } from '../page/alerts.tsx'
import { acknowledgedView } from './acknowledge.ts'

const SHOWN_APART = new Set(['alertname', 'severity'])
/** The page of its check tells these. */
const OF_CHECK = new Set([...SHOWN_APART, 'job', 'check', 'instance', 'probe', 'category', 'critical'])

/** Every alert that is pending or firing, or those of one check. */
export function alertViews(context: WebContext, checkName?: string): readonly AlertView[] {
  const views: AlertView[] = []
  for (const { alert } of context.rules.alerts()) {
    if (checkName === undefined || alert.labels.get('check') === checkName) views.push(alertView(context, alert))
  }
  return views
}

function alertView(context: WebContext, alert: AlertInstance): AlertView {
  const { labels, annotations, value } = alert
  const isFiring = alert.state === 'firing'
  const check = labels.get('check')
  const told = isFiring ? context.dispatcher.find(fingerprint(labels)) : undefined
  const hasPage = context.board.find(check) !== undefined
  return {
    name: labels.get('alertname'),
    state: isFiring ? 'firing' : 'pending',
    severity: labels.get('severity') || undefined,
    sinceMs: isFiring ? (alert.firedAtMs ?? alert.activeAtMs) : alert.activeAtMs,
    summary: annotations.summary ?? '',
    description: annotations.description ?? '',
    value,
    labels: labels.drop(hasPage ? OF_CHECK : SHOWN_APART).toObject(),
    runbookUrl: annotations.runbook_url || undefined,
    checkName: hasPage ? check : undefined,
    notes: notesOf(context, alert),
    fingerprint: told?.fingerprint,
    acknowledged: told === undefined ? undefined : acknowledgedView(context, told),
  }
}

/** Why it is told otherwise than its severity lets one expect. */
function notesOf(context: WebContext, { labels, frozen }: AlertInstance): readonly string[] {
  const cause = context.dependencies().causeOf(labels.get('check'), context.clock.now())
  return [
    ...(frozen === undefined ? [] : [`frozen: ${frozen.reason}`]),
    ...(cause === undefined ? [] : [`held back: ${dependsText(cause)}`]),
  ]
}
