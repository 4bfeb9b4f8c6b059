import { formatDuration } from '../../model/duration.ts'
import type { CheckHealth } from '../../model/health.ts'
import type { Labels } from '../../model/labels.ts'
import { type Condition, shortNumber, worse } from '../../model/measure.ts'
import { alertUrl, runbookUrl } from '../../notify/message.ts'
import type { NotifyAlert } from '../../notify/notify-alert.ts'
import type { StoredEvent } from '../../store/alert-events.ts'
import type { Episode } from '../../store/episodes.ts'
import type { CurrentAlert } from './current.ts'
import type { AlertPast, AlertStory } from './story.ts'

type Texts = Readonly<Record<string, string>>

/** An alert that is pending or fires, as `GET /api/v1/alerts/current` lists it. */
export interface CurrentAlertJson {
  readonly fingerprint: string
  readonly alertname: string
  readonly severity: string
  readonly state: 'pending' | 'firing'
  readonly since: string
  /** A text where JSON has no such number: `NaN`, `+Inf`. */
  readonly value: number | string | null
  /** Such as `> 0.1`. */
  readonly threshold: string | null
  readonly labels: Texts
  readonly annotations: Texts
  /** Why it is told otherwise than one would expect. */
  readonly notes: readonly string[]
  readonly acknowledged: AcknowledgedJson | null
}

interface AcknowledgedJson {
  readonly by: string
  readonly at: string
  readonly until: string
  readonly reason: string
}

/** One time that an alert fired, as `GET /api/v1/alerts/history` lists it. */
export interface EpisodeJson {
  readonly fingerprint: string
  readonly alertname: string
  readonly severity: string
  readonly started: string
  /** Null while it fires. */
  readonly ended: string | null
  readonly duration_seconds: number | null
  /** When it began, at worst, and when it ended. */
  readonly first_value: number | string | null
  readonly peak_value: number | string | null
  readonly last_value: number | string | null
  readonly threshold: string | null
  readonly labels: Texts
  readonly annotations: Texts
  /** Null where it was posted from outside. */
  readonly rule: { readonly group: string; readonly file: string } | null
}

export interface AlertEventJson {
  readonly at: string
  readonly kind: string
  readonly detail: string
  /** What it is about, such as `channel/slack`; '' for nothing in particular. */
  readonly subject: string
  /** How often it happened, and when last. */
  readonly times: number
  readonly last: string
}

/** What is kept of an alert. */
export interface AlertPastJson {
  readonly fingerprint: string
  readonly alertname: string
  readonly severity: string
  readonly labels: Texts
  readonly annotations: Texts
  readonly events: readonly AlertEventJson[]
  readonly episodes: readonly EpisodeJson[]
  readonly episodes_total: number
}

export interface ChannelJson {
  readonly channel: string
  readonly last_told: string | null
  /** Null where it is not told; `reason` says why, either way. */
  readonly next_send: string | null
  readonly reason: string
  /** What is on its way or could not be delivered yet. */
  readonly owed: readonly {
    readonly since: string
    readonly attempts: number
    readonly next_try: string
    readonly last_error: string | null
  }[]
}

export interface RouteJson {
  readonly receiver: string
  readonly path: readonly string[]
  readonly group_key: string
  readonly group_labels: Texts
  readonly group_wait: string
  readonly group_interval: string
  readonly repeat_interval: string
  readonly next_look: string | null
  readonly held_back: { readonly by: string; readonly reason: string } | null
  readonly channels: readonly ChannelJson[]
  readonly escalation: readonly {
    readonly after: string
    readonly channels: readonly string[]
    readonly told: string | null
    readonly due: string | null
  }[]
}

/** `GET /api/v1/alerts/<fingerprint>/timeline` */
export interface AlertStoryJson extends AlertPastJson {
  readonly state: AlertStory['state']
  readonly active_since: string | null
  readonly firing_since: string | null
  readonly ended: string | null
  readonly value: number | string | null
  readonly peak_value: number | string | null
  readonly threshold: string | null
  readonly rule: {
    readonly name: string
    readonly group: string
    readonly file: string
    readonly query: string
    readonly for: string
    readonly keep_firing_for: string
    readonly last_evaluation: string | null
    readonly health: string
    readonly last_error: string | null
  } | null
  /** The check that it is about, as it is now. */
  readonly check: {
    readonly name: string
    readonly status: string
    readonly phase: string | null
    readonly message: string
  } | null
  /** Journeys on which failures happened that share labels with it. */
  readonly trace_ids: readonly string[]
  /** Where it is read what to do. */
  readonly runbook: string | null
  readonly page: string
  readonly acknowledged: AcknowledgedJson | null
  readonly routes: readonly RouteJson[]
}

export function currentJson(alert: CurrentAlert): CurrentAlertJson {
  const { labels, annotations, state, sinceMs, value, condition, notes, acknowledgement } = alert
  return {
    fingerprint: alert.fingerprint,
    ...named(labels),
    state,
    since: time(sinceMs),
    value: number(value),
    threshold: thresholdOf(condition),
    labels: labels.toObject(),
    annotations,
    notes,
    acknowledged: acknowledgedJson(acknowledgement),
  }
}

/** @param told the alert as it stands now, where it still fires */
export function episodeJson(episode: Episode, told?: NotifyAlert): EpisodeJson {
  const { fingerprint, labels, annotations, startedMs, endedMs, origin } = episode
  const now = endedMs === undefined ? told?.origin : undefined
  const last = episode.last ?? now
  return {
    fingerprint,
    ...named(labels),
    started: time(startedMs),
    ended: timeOrNull(endedMs),
    duration_seconds: endedMs === undefined ? null : (endedMs - startedMs) / 1000,
    first_value: number(origin && Number(origin.value)),
    peak_value: number(origin && worse(Number(origin.peak), Number((last ?? origin).peak), origin.condition)),
    last_value: number(last && Number(last.value)),
    threshold: thresholdOf(origin?.condition),
    labels: labels.toObject(),
    annotations,
    rule: origin === undefined ? null : { group: origin.group, file: origin.file },
  }
}

export function pastJson(past: AlertPast, told?: NotifyAlert): AlertPastJson {
  const { fingerprint, labels, annotations, events, episodes, episodeCount } = past
  return {
    fingerprint,
    ...named(labels),
    labels: labels.toObject(),
    annotations,
    events: events.map(eventJson),
    episodes: episodes.map((episode) => episodeJson(episode, told)),
    episodes_total: episodeCount,
  }
}

export function storyJson(story: AlertStory, told: NotifyAlert | undefined, externalUrl: string): AlertStoryJson {
  const { events, episodes, episodes_total: total, ...what } = pastJson(story, told)
  const { rule } = story
  return {
    ...what,
    state: story.state,
    active_since: timeOrNull(story.activeMs),
    firing_since: timeOrNull(story.firingMs),
    ended: timeOrNull(story.endedMs),
    value: number(story.value),
    peak_value: number(story.peak),
    threshold: thresholdOf(story.condition),
    rule:
      rule === undefined
        ? null
        : {
            name: rule.rule.alert,
            group: rule.group.name,
            file: rule.group.file,
            query: rule.rule.expr,
            for: formatDuration(rule.rule.forMs),
            keep_firing_for: formatDuration(rule.rule.keepFiringForMs),
            last_evaluation: timeOrNull(rule.lastEvaluationMs),
            health: rule.health,
            last_error: rule.lastError ?? null,
          },
    check: story.check === undefined ? null : checkJson(story.check),
    trace_ids: story.traceIds,
    runbook: runbookUrl(story.annotations.runbook_url, externalUrl) ?? null,
    page: alertUrl(story.fingerprint, externalUrl),
    acknowledged: acknowledgedJson(story.acknowledgement),
    routes: story.routes.map(routeJson),
    events,
    episodes,
    episodes_total: total,
  }
}

function checkJson({ name, status, phase, message }: CheckHealth) {
  return { name, status, phase: phase ?? null, message }
}

function routeJson(route: AlertStory['routes'][number]): RouteJson {
  return {
    receiver: route.receiver,
    path: route.path,
    group_key: route.groupKey,
    group_labels: route.groupLabels.toObject(),
    group_wait: formatDuration(route.groupWaitMs),
    group_interval: formatDuration(route.groupIntervalMs),
    repeat_interval: formatDuration(route.repeatIntervalMs),
    next_look: timeOrNull(route.nextLookMs),
    held_back: route.held === undefined ? null : { by: route.held.by, reason: route.held.reason },
    channels: route.channels.map(({ channel, toldMs, nextMs, reason }) => ({
      channel,
      last_told: timeOrNull(toldMs),
      next_send: timeOrNull(nextMs),
      reason,
      owed: (route.owed.get(channel) ?? []).map(({ createdMs, attempts, nextTryMs, lastError }) => ({
        since: time(createdMs),
        attempts,
        next_try: time(nextTryMs),
        last_error: lastError,
      })),
    })),
    escalation: route.steps.map(({ afterMs, channels, toldMs, dueMs }) => ({
      after: formatDuration(afterMs),
      channels,
      told: timeOrNull(toldMs),
      due: timeOrNull(dueMs),
    })),
  }
}

function eventJson({ atMs, kind, detail, subject, times, lastMs }: StoredEvent): AlertEventJson {
  return { at: time(atMs), kind, detail, subject, times, last: time(lastMs) }
}

function acknowledgedJson(acknowledgement: AlertStory['acknowledgement']): AcknowledgedJson | null {
  if (acknowledgement === undefined) return null
  const { by, atMs, endsAtMs, reason } = acknowledgement
  return { by, at: time(atMs), until: time(endsAtMs), reason }
}

function named(labels: Labels) {
  return { alertname: labels.get('alertname'), severity: labels.get('severity') }
}

function thresholdOf(condition: Condition | undefined): string | null {
  return condition === undefined ? null : `${condition.op} ${shortNumber(condition.bound)}`
}

function number(value: number | undefined): number | string | null {
  if (value === undefined) return null
  if (Number.isFinite(value)) return value
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}

function timeOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : time(ms)
}
