import type { Acknowledgement } from '../../model/acknowledgement.ts'
import type { SentAlert } from '../../model/alert.ts'
import { Labels } from '../../model/labels.ts'
import type { AlertView } from '../../notify/alert-view.ts'
import type { NotifyAlert } from '../../notify/notify-alert.ts'
import { BadRequest, timeOf, timeText } from './answer.ts'

/** @param acknowledgementOf who has taken it on, which Alertmanager does not know and its clients leave aside */
export function alertJson(
  { alert, receivers, silencedBy, inhibitedBy, mutedBy }: AlertView,
  acknowledgementOf: (alert: NotifyAlert) => Acknowledgement | undefined,
) {
  const acknowledgement = acknowledgementOf(alert)
  const isSuppressed = silencedBy.length + inhibitedBy.length + mutedBy.length > 0
  return {
    annotations: alert.annotations,
    endsAt: timeText(alert.endsAtMs),
    fingerprint: alert.fingerprint,
    receivers: receivers.map((name) => ({ name })),
    startsAt: timeText(alert.startsAtMs),
    status: {
      inhibitedBy,
      mutedBy,
      silencedBy,
      // Whoever asks is answered with what holds now: nothing is left unprocessed.
      state: isSuppressed ? 'suppressed' : 'active',
    },
    updatedAt: timeText(alert.updatedAtMs),
    ...(alert.generatorUrl === '' ? {} : { generatorURL: alert.generatorUrl }),
    labels: alert.labels.toObject(),
    ...(acknowledgement === undefined ? {} : { acknowledgement: acknowledgementJson(acknowledgement) }),
  }
}

function acknowledgementJson({ by, reason, atMs, endsAtMs }: Acknowledgement) {
  return { by, reason, at: timeText(atMs), until: timeText(endsAtMs) }
}

/** An alert that somebody posted; without an end it is over `resolveTimeoutMs` after it was last heard of. */
export interface PostedAlert extends SentAlert {
  readonly timedOut: boolean
}

/**
 * Reads what is posted: all that can be read, and what is wrong with the others.
 *
 * @throws BadRequest when the body is no list
 */
export function readAlerts(
  body: unknown,
  nowMs: number,
  resolveTimeoutMs: number,
): { readonly alerts: PostedAlert[]; readonly errors: string[] } {
  if (!Array.isArray(body)) throw new BadRequest('the body is not a list of alerts; send [{"labels": {…}}]')
  const alerts: PostedAlert[] = []
  const errors: string[] = []
  for (const [i, item] of body.entries()) {
    try {
      alerts.push(readAlert(item, nowMs, resolveTimeoutMs))
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error
      errors.push(`[${i}]: ${error.message}`)
    }
  }
  return { alerts, errors }
}

function readAlert(item: unknown, nowMs: number, resolveTimeoutMs: number): PostedAlert {
  const fields = (item ?? {}) as Record<string, unknown>
  const labels = Labels.of(textsOf(fields.labels, 'labels'))
  if (labels.size === 0) throw new BadRequest('at least one label pair required')
  const endMs = timeOf(fields.endsAt, 'endsAt')
  const startsAtMs = timeOf(fields.startsAt, 'startsAt') ?? endMs ?? nowMs
  const endsAtMs = endMs ?? nowMs + resolveTimeoutMs
  if (endsAtMs < startsAtMs) throw new BadRequest('start time must be before end time')
  return {
    labels,
    annotations: textsOf(fields.annotations ?? {}, 'annotations'),
    startsAtMs,
    endsAtMs,
    generatorUrl: typeof fields.generatorURL === 'string' ? fields.generatorURL : '',
    timedOut: endMs === undefined,
  }
}

function textsOf(value: unknown, field: string): Record<string, string> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new BadRequest(`${field} is not a map; send {"alertname": "…"}`)
  }
  for (const [name, text] of Object.entries(value)) {
    if (name === '') throw new BadRequest(`${field} has a name that is empty; name it`)
    if (typeof text !== 'string') throw new BadRequest(`${field}.${name} is not a text`)
  }
  return value as Record<string, string>
}
