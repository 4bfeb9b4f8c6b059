import type { Acknowledgement } from '../../model/acknowledgement.ts'
import type { CheckHealth } from '../../model/health.ts'
import { fingerprint as fingerprintOf, Labels } from '../../model/labels.ts'
import type { Condition } from '../../model/measure.ts'
import { isResolved, type NotifyAlert } from '../../notify/notify-alert.ts'
import type { RouteOutlook } from '../../notify/outlook.ts'
import type { Standing } from '../../notify/standing.ts'
import type { FoundAlert } from '../../rule/rule-engine.ts'
import { alertEvents, MOST_EVENTS, type StoredEvent } from '../../store/alert-events.ts'
import type { Connection } from '../../store/database.ts'
import { type Episode, searchEpisodes } from '../../store/episodes.ts'
import { type Owed, owedMessages } from '../../store/owed.ts'
import type { WebContext } from '../context.ts'

/** What is kept of an alert: all that can be known while midwatch does not run. */
export interface AlertPast {
  readonly fingerprint: string
  /** Empty where it never fired, so that nothing but its events is known. */
  readonly labels: Labels
  readonly annotations: Readonly<Record<string, string>>
  /** Oldest first; the last ones where there are more than are kept. */
  readonly events: readonly StoredEvent[]
  /** The last times that it fired, the newest first, and how many there are. */
  readonly episodes: readonly Episode[]
  readonly episodeCount: number
}

/** An alert with all that is known: what it is, what was decided of it and why, and what comes next. */
export interface AlertStory extends AlertPast {
  /** `gone`: it neither fires nor is any end of it owed. */
  readonly state: 'pending' | 'firing' | 'resolved' | 'gone'
  readonly activeMs: number | undefined
  readonly firingMs: number | undefined
  readonly endedMs: number | undefined
  readonly value: number | undefined
  readonly peak: number | undefined
  readonly condition: Condition | undefined
  readonly rule: Omit<FoundAlert, 'alert'> | undefined
  /** Journeys on which failures happened that share labels with it. */
  readonly traceIds: readonly string[]
  /** The check that it is about, as it is now. */
  readonly check: CheckHealth | undefined
  readonly acknowledgement: Acknowledgement | undefined
  /** Who is told, and when next. */
  readonly routes: readonly (RouteOutlook & { readonly owed: ReadonlyMap<string, readonly Owed[]> })[]
}

const MOST_EPISODES = 10

/** What is kept of an alert; undefined where that is nothing. */
export function pastOf(db: Connection, fingerprint: string): AlertPast | undefined {
  const events = alertEvents(db, fingerprint, MOST_EVENTS)
  const { episodes, total } = searchEpisodes(db, { fingerprint }, 1, MOST_EPISODES)
  if (events.length === 0 && episodes.length === 0) return undefined
  const [last] = episodes
  return {
    fingerprint,
    labels: last?.labels ?? Labels.empty,
    annotations: last?.annotations ?? {},
    events,
    episodes,
    episodeCount: total,
  }
}

/** The whole story of an alert; undefined where nothing is known of it. */
export function storyOf(context: WebContext, fingerprint: string): AlertStory | undefined {
  const { store, rules, dispatcher, clock } = context
  const nowMs = clock.now()
  const past = pastOf(store.reader, fingerprint)
  const told = dispatcher.find(fingerprint)
  const key = told?.labels.key ?? (past?.labels.size === 0 ? undefined : past?.labels.key)
  const found = rules.find((labels) => (key === undefined ? fingerprintOf(labels) === fingerprint : labels.key === key))
  const labels = found?.alert.labels ?? told?.labels ?? past?.labels
  if (labels === undefined) return undefined
  const state = stateOf(found, told, nowMs)
  const [last] = past?.episodes ?? []
  const origin = told?.origin ?? last?.last ?? last?.origin
  const isOn = state === 'pending' || state === 'firing'
  const active = isOn ? found?.alert : undefined
  return {
    fingerprint,
    labels,
    annotations: active?.annotations ?? told?.annotations ?? past?.annotations ?? {},
    state,
    activeMs: active?.activeAtMs ?? origin?.activeAtMs,
    firingMs: state === 'pending' ? undefined : (told?.startsAtMs ?? active?.firedAtMs ?? last?.startedMs),
    endedMs: isOn ? undefined : (last?.endedMs ?? told?.endsAtMs),
    value: active?.value ?? numberOf(origin?.value),
    peak: active?.peak ?? numberOf(origin?.peak),
    condition: found?.condition ?? origin?.condition,
    rule: found,
    check: context.board.find(labels.get('check')),
    traceIds: isOn ? context.audit.failures.tracesOf(labels, active?.activeAtMs ?? told?.startsAtMs ?? nowMs) : [],
    acknowledgement: told && dispatcher.acknowledgementOf(told, nowMs),
    routes: routesOf(context, labels, { found, told, state, nowMs }),
    events: withStanding(past?.events ?? [], dispatcher.standingOf(fingerprint)),
    episodes: past?.episodes ?? [],
    episodeCount: past?.episodeCount ?? 0,
  }
}

function stateOf(found: FoundAlert | undefined, told: NotifyAlert | undefined, nowMs: number): AlertStory['state'] {
  if (found !== undefined && found.alert.state !== 'inactive') return found.alert.state
  if (told === undefined) return 'gone'
  return isResolved(told, nowMs) ? 'resolved' : 'firing'
}

interface Known {
  readonly found: FoundAlert | undefined
  readonly told: NotifyAlert | undefined
  readonly state: AlertStory['state']
  readonly nowMs: number
}

function routesOf({ dispatcher, store }: WebContext, labels: Labels, known: Known): AlertStory['routes'] {
  if (labels.size === 0) return []
  const alert = known.told ?? supposed(labels, known)
  return dispatcher.outlook(alert, firesMs(known), known.nowMs).map((route) => ({
    ...route,
    owed: new Map(
      route.channels.map(({ channel }) => [channel, owedMessages(store.reader, channel, route.groupKey)] as const),
    ),
  }))
}

/** When it fires: for a pending one at the earliest; undefined for one that is gone. */
function firesMs({ found, told, state, nowMs }: Known): number | undefined {
  switch (state) {
    case 'pending':
      return found === undefined ? undefined : Math.max(found.alert.activeAtMs + found.rule.forMs, nowMs)
    case 'firing':
    case 'resolved':
      return told?.startsAtMs ?? nowMs
    case 'gone':
      return undefined
  }
}

/** An alert that the telling side has not heard of, as if it had. */
function supposed(labels: Labels, { nowMs }: Known): NotifyAlert {
  return {
    fingerprint: fingerprintOf(labels),
    labels,
    annotations: {},
    startsAtMs: nowMs,
    endsAtMs: Number.POSITIVE_INFINITY,
    updatedAtMs: nowMs,
    timedOut: false,
    generatorUrl: '',
  }
}

/** What stands is counted in memory: its event is told with how often it was decided until now. */
function withStanding(events: readonly StoredEvent[], standing: readonly Standing[]): readonly StoredEvent[] {
  const open = [...standing]
  return events
    .toReversed()
    .map((event) => {
      const i = open.findIndex(
        ({ kind, detail, subject, sinceMs }) =>
          event.kind === kind && event.detail === detail && event.subject === subject && event.lastMs <= sinceMs,
      )
      const [stands] = i === -1 ? [] : open.splice(i, 1)
      if (stands === undefined) return event
      return { ...event, lastMs: stands.lastMs, times: event.times + stands.times - 1 }
    })
    .toReversed()
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}
