import { spanText } from '../model/moment.ts'
import { ACKNOWLEDGED, type Notification, type NotifiedAlert, type NotifiedGroup } from '../model/notification.ts'
import { HELD_BACK } from './held-back.ts'
import { bySeverity } from './severity.ts'

/** What a message about one alert says, in parts that every channel sets in its own way. */
export interface AlertText {
  readonly status: 'firing' | 'resolved'
  readonly summary: string
  readonly description: string
  /** `since 02:14:05 UTC (12 m)`, or from when to when. */
  readonly when: string
  /** Which part failed and why, as the check saw it; undefined when there is no check behind the alert. */
  readonly finding: string | undefined
  /** `0.32 (threshold > 0.1)`; undefined where it fires no more, or the value says nothing. */
  readonly measure: string | undefined
  /** What else is held back because of it: `3 alerts of cart, search and shop, which depend on database`. */
  readonly heldBack: string | undefined
  readonly severity: string
  /** The labels that are not said already. */
  readonly labels: string
  /** Absolute http(s) URL, or undefined. */
  readonly runbookUrl: string | undefined
  /** The page of the check behind the alert. */
  readonly checkUrl: string | undefined
  /** The page of the alert: what was decided of it and why. */
  readonly alertUrl: string
  /** The pages of journeys on which errors happened that it may be about. */
  readonly traceUrls: readonly string[]
  /** Who has taken it on, until when and why: `Acknowledged by maya until 14:05:00 UTC: looking at it`. */
  readonly acknowledged: string | undefined
  /** How to take it on; undefined where nobody has to. */
  readonly ack: Ack | undefined
}

/** How a reader acknowledges: by a link where others than this machine can open it, or by a command. */
export interface Ack {
  readonly url: string | undefined
  /** `midwatch ack af90b7bec0c95108`; undefined for a whole group. */
  readonly command: string | undefined
}

export interface MessageText {
  /** One line without line breaks: `[FIRING:2] DatabaseDown, critical: shop-db, stock-db`. */
  readonly title: string
  readonly status: 'firing' | 'resolved'
  /** What has to be said before all else: that it is late, or comes in place of another message. */
  readonly notes: readonly string[]
  /** Alerts, or groups of them in a message about several. */
  readonly alerts: readonly AlertText[]
  /** How many of them the message leaves out. */
  readonly omitted: number
  readonly url: string
  readonly reason: string
  /** Where all that fire are acknowledged at once. */
  readonly ackUrl: string | undefined
}

/** More alerts than this are counted, not listed: the page has them all. */
const MAX_ALERTS = 15
export const MAX_TITLE = 200
const MAX_SUMMARY = 1000
const MAX_DESCRIPTION = 4000
const MAX_FINDING = 2000
const MAX_LABELS = 2000
const MAX_NOTE = 500
const SUBJECTS_OF_A_GROUP = 5
const MAX_ACKNOWLEDGED = 500
const SAID_LABELS = new Set(['alertname', 'severity', 'job', 'probe', 'critical', 'category'])

/** The words of a notification: what, since when, the value and threshold, which phase failed, the runbook. */
export function composeMessage(notification: Notification, nowMs: number): MessageText {
  const { alerts, groups, externalUrl, status, reason, ackUrl, notes = [] } = notification
  const firing = alerts.filter((alert) => alert.status === 'firing')
  const ordered = [...firing, ...alerts.filter((alert) => alert.status === 'resolved')]
  const told: readonly AlertText[] =
    groups === undefined
      ? ordered.slice(0, MAX_ALERTS).map((alert) => alertText(alert, externalUrl, nowMs))
      : groups.slice(0, MAX_ALERTS).map((group) => groupText(group, externalUrl, nowMs))
  return {
    title: titleOf(notification, firing.length),
    status,
    notes: [...escalationNote(notification, firing.length), ...notes].map((note) => oneLine(note, MAX_NOTE)),
    alerts: told,
    omitted: Math.max((groups ?? ordered).length - MAX_ALERTS, 0),
    url: externalUrl,
    reason,
    ackUrl: ackUrl !== undefined && isReachable(ackUrl) ? ackUrl : undefined,
  }
}

/** Why somebody is told who is not told at first. */
function escalationNote({ escalation, reason }: Notification, firing: number): string[] {
  if (escalation === undefined || firing === 0 || reason === ACKNOWLEDGED) return []
  return [`Nobody has acknowledged ${firing === 1 ? 'it' : 'them'} for ${spanText(escalation.afterMs)}`]
}

/** Whether others than this machine can open an address: a telephone, say. */
export function isReachable(url: string): boolean {
  if (!URL.canParse(url)) return false
  return !/^(?:localhost|127\.|\[::1\]|0\.0\.0\.0)/.test(new URL(url).hostname)
}

function titleOf(notification: Notification, firing: number): string {
  const { alerts, commonLabels, groupLabels, status, reason, groups } = notification
  const names = commonLabels.alertname ?? groupLabels.alertname ?? distinct(alerts, 'alertname')
  if (groups !== undefined) {
    return oneLine(`${countsHead(firing, alerts.length - firing)} ${groups.length} groups: ${names}`, MAX_TITLE)
  }
  const severity = commonLabels.severity === undefined ? '' : `, ${commonLabels.severity}`
  const subjects = [distinct(alerts, 'check') || distinct(alerts, 'instance')].filter((text) => text !== '')
  const about = subjects.length === 0 ? '' : `: ${subjects.join(', ')}`
  const word = reason === ACKNOWLEDGED ? 'ACKNOWLEDGED' : 'FIRING'
  const head = status === 'firing' ? `[${word}:${firing}]` : '[RESOLVED]'
  return oneLine(`${head} ${names || 'alerts'}${severity}${about}`, MAX_TITLE)
}

function countsHead(firing: number, resolved: number): string {
  const parts = [...(firing === 0 ? [] : [`FIRING:${firing}`]), ...(resolved === 0 ? [] : [`RESOLVED:${resolved}`])]
  return `[${parts.join(', ')}]`
}

/** A group in a message about several: how many fire and how many are over, since when, and the first of them by name. */
function groupText({ labels, alerts, ackUrl }: NotifiedGroup, externalUrl: string, nowMs: number): AlertText {
  const firing = alerts.filter(({ status }) => status === 'firing')
  const told = firing.length > 0 ? firing : alerts
  const [worst] = told.toSorted((a, b) => bySeverity(a.labels.severity, b.labels.severity))
  if (worst === undefined) throw new RangeError('a group of no alerts')
  const text = alertText(worst, externalUrl, nowMs)
  if (alerts.length === 1) return { ...text, description: '' }
  const counts = [
    ...(firing.length === 0 ? [] : [`${firing.length} firing`]),
    ...(firing.length === alerts.length ? [] : [`${alerts.length - firing.length} resolved`]),
  ]
  const others = Object.entries(labels).filter(([name]) => !SAID_LABELS.has(name))
  const [earliest] = told.toSorted((a, b) => a.startsAtMs - b.startsAtMs)
  return {
    ...text,
    summary: shorten(`${distinct(alerts, 'alertname') || 'alerts'}: ${counts.join(', ')}`, MAX_SUMMARY),
    description: shorten(subjectsOf(told), MAX_DESCRIPTION),
    when: whenText(earliest ?? worst, nowMs),
    finding: undefined,
    measure: undefined,
    labels: shorten(others.map(([name, value]) => `${name}=${value}`).join(' '), MAX_LABELS),
    checkUrl: undefined,
    alertUrl: `${externalUrl}/alerts`,
    traceUrls: [],
    acknowledged: undefined,
    ack: ackUrl !== undefined && isReachable(ackUrl) ? { url: ackUrl, command: undefined } : undefined,
  }
}

function subjectsOf(alerts: readonly NotifiedAlert[]): string {
  const subjects = alerts.map(
    ({ labels, annotations }) => annotations.summary || labels.check || labels.instance || labels.alertname || 'alert',
  )
  const named = subjects.slice(0, SUBJECTS_OF_A_GROUP).map((text) => oneLine(text, 120))
  const more = subjects.length - named.length
  return `${named.join('; ')}${more > 0 ? ` and ${more} more` : ''}`
}

function distinct(alerts: readonly NotifiedAlert[], label: string): string {
  const values = [...new Set(alerts.map(({ labels }) => labels[label] ?? ''))].filter((value) => value !== '')
  return values.length <= 5 ? values.join(', ') : `${values.slice(0, 5).join(', ')} and ${values.length - 5} more`
}

function alertText(alert: NotifiedAlert, externalUrl: string, nowMs: number): AlertText {
  const { labels, annotations, status, traceIds = [] } = alert
  const others = Object.entries(labels).filter(([name]) => !SAID_LABELS.has(name))
  return {
    status,
    summary: shorten(annotations.summary || annotations.title || labels.alertname || 'alert', MAX_SUMMARY),
    description: shorten(annotations.description || annotations.message || '', MAX_DESCRIPTION),
    when: whenText(alert, nowMs),
    finding: status === 'firing' && alert.finding !== undefined ? shorten(alert.finding, MAX_FINDING) : undefined,
    measure: status === 'firing' ? alert.measure : undefined,
    heldBack: annotations[HELD_BACK] === undefined ? undefined : shorten(annotations[HELD_BACK], MAX_FINDING),
    severity: labels.severity ?? '',
    labels: shorten(others.map(([name, value]) => `${name}=${value}`).join(' '), MAX_LABELS),
    runbookUrl: runbookUrl(annotations.runbook_url, externalUrl),
    checkUrl:
      labels.check === undefined
        ? undefined
        : `${externalUrl}/checks/${encodeURIComponent(labels.check.toWellFormed())}`,
    alertUrl: alertUrl(alert.fingerprint, externalUrl),
    traceUrls: status === 'firing' ? traceIds.map((id) => `${externalUrl}/traces/${id}`) : [],
    acknowledged: acknowledgedText(alert, nowMs),
    ack: ackOf(alert),
  }
}

function whenText({ startsAtMs, endsAtMs }: NotifiedAlert, nowMs: number): string {
  return endsAtMs === undefined
    ? `since ${clockTime(startsAtMs, nowMs)} (${spanText(nowMs - startsAtMs)})`
    : `from ${clockTime(startsAtMs, nowMs)} to ${clockTime(endsAtMs, nowMs)} (${spanText(endsAtMs - startsAtMs)})`
}

/** Where the story of an alert is told. */
export function alertUrl(fingerprint: string, externalUrl: string): string {
  return `${externalUrl}/alerts/${fingerprint}`
}

function acknowledgedText({ acknowledged }: NotifiedAlert, nowMs: number): string | undefined {
  if (acknowledged === undefined) return undefined
  const { by, reason, untilMs } = acknowledged
  const why = reason === '' ? '' : `: ${reason}`
  return shorten(`Acknowledged by ${by} until ${clockTime(untilMs, nowMs)}${why}`, MAX_ACKNOWLEDGED)
}

function ackOf({ ackUrl, fingerprint }: NotifiedAlert): Ack | undefined {
  if (ackUrl === undefined) return undefined
  return { url: isReachable(ackUrl) ? ackUrl : undefined, command: `midwatch ack ${fingerprint}` }
}

/**
 * Where a runbook is read: an absolute http(s) address stays, a shipped page (`docs/runbooks/x.md`) is served by midwatch.
 *
 * @returns undefined for anything else
 */
export function runbookUrl(text: string | undefined, externalUrl: string): string | undefined {
  if (text === undefined || text === '') return undefined
  const shipped = /^docs\/runbooks\/([\w-]+)\.md$/.exec(text)?.[1]
  if (shipped !== undefined) return `${externalUrl}/docs/runbooks/${shipped}`
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) ? text.toWellFormed() : undefined
}

/** `02:14:05 UTC`, with the date when it is not today's. */
export function clockTime(ms: number, nowMs: number): string {
  const [date, time] = new Date(ms).toISOString().slice(0, 19).split('T') as [string, string]
  const today = new Date(nowMs).toISOString().slice(0, 10)
  return date === today ? `${time} UTC` : `${date} ${time} UTC`
}

/** Without line breaks and control characters, so that it can stand in a header; cut at `limit` characters. */
export function oneLine(text: string, limit: number): string {
  return shorten(text.replace(/[\x00-\x1f\x7f]+/g, ' ').trim(), limit)
}

/** At most `limit` UTF-16 units of whole characters, the last of them an ellipsis where something is left out. */
export function shorten(text: string, limit: number): string {
  // Half a character, which strangers can send, would break what others make of the message.
  const whole = text.toWellFormed()
  return whole.length <= limit ? whole : `${whole.slice(0, beforePair(whole, limit - 1))}…`
}

/** Where to cut so that no character outside of the first 65,536 is halved. */
export function beforePair(text: string, end: number): number {
  const isHalf = /[\ud800-\udbff]/.test(text[end - 1] ?? '') && /[\udc00-\udfff]/.test(text[end] ?? '')
  return isHalf ? end - 1 : end
}
