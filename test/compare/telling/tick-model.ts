import { Labels } from '../../../src/model/labels.ts'
import { createMatcher } from '../../../src/model/matcher.ts'
import { groupKey, groupLabels, matchRoutes, type Route, type RouteSpec, routeTree } from '../../../src/notify/route.ts'
import { RESOLVE_TIMEOUT_MS, type TellingEvent, type TellingScenario, type WrittenRoute } from './scenario.ts'

/** What happens is at least so far from a moment at which a group is looked at. */
export const MARGIN_MS = 300

interface TickingGroup {
  readonly route: Route
  readonly createdMs: number
  firstTickMs: number
  /** The event by which it is looked at at once; undefined where it waits. */
  causeMs: number | undefined
}

type Draft = Pick<TellingScenario, 'route' | 'inhibitRules' | 'events' | 'endMs'>

/**
 * Whether the outcome of a scenario could depend on which of two things that happen at nearly the same time is the first.
 * It knows only when groups are looked at, not what is told.
 *
 * @returns what is too near; undefined when all is well apart
 */
export function raceIn({ route, inhibitRules, events, endMs }: Draft): string | undefined {
  const root = routeTree(specOf(route) as RouteSpec & { receiver: string })
  const groups = new Map<string, TickingGroup>()
  /** What counts for a group: an alert of its own, or anything that decides about all. */
  const changes: { atMs: number; groups: readonly string[] | 'all' }[] = []
  let lastMs = Number.NEGATIVE_INFINITY
  for (const event of events) {
    if (event.atMs - lastMs < MARGIN_MS) return 'two events'
    lastMs = event.atMs
    if (event.kind !== 'post') {
      for (const atMs of timesOf(event)) changes.push({ atMs, groups: 'all' })
      continue
    }
    const touched = new Map<string, number>()
    const immediate = new Set<string>()
    for (const { labels, ...said } of event.alerts) {
      const startsMs = said.startsMs ?? said.endsMs ?? event.atMs
      const endsMs = said.endsMs ?? event.atMs + RESOLVE_TIMEOUT_MS
      const ids: string[] = []
      for (const one of matchRoutes(root, Labels.of(labels))) {
        const id = `${one.id}\n${groupKey(one, groupLabels(one, Labels.of(labels)))}`
        ids.push(id)
        touched.set(id, (touched.get(id) ?? 0) + 1)
        const known = groups.get(id)
        const dueMs = startsMs + one.groupWaitMs
        if (Math.abs(dueMs - event.atMs) < MARGIN_MS && one.groupWaitMs > 0)
          return 'an alert that is as old as the wait'
        const tickMs = dueMs <= event.atMs ? event.atMs : event.atMs + one.groupWaitMs
        if (tickMs === event.atMs) immediate.add(id)
        const causeMs = tickMs === event.atMs ? tickMs : undefined
        if (known === undefined) groups.set(id, { route: one, createdMs: event.atMs, firstTickMs: tickMs, causeMs })
        else if (known.firstTickMs > event.atMs && causeMs !== undefined) {
          known.firstTickMs = tickMs
          known.causeMs = tickMs
        }
      }
      if (endsMs > event.atMs) changes.push({ atMs: endsMs, groups: inhibitRules.length > 0 ? 'all' : ids })
    }
    for (const id of immediate) {
      const isFirst = groups.get(id)?.firstTickMs === event.atMs
      if (isFirst && ((touched.get(id) ?? 0) > 1 || inhibitRules.length > 0))
        return 'alerts of one group that is due at once'
    }
    changes.push({ atMs: event.atMs, groups: inhibitRules.length > 0 ? 'all' : [...touched.keys()] })
  }
  changes.push({ atMs: endMs, groups: 'all' })
  for (const { atMs, groups: ids } of changes) {
    // What lies behind every possible end counts for nothing.
    if (atMs > Math.min(endMs, 60_000)) continue
    for (const [id, group] of groups) {
      if (ids !== 'all' && !ids.includes(id)) continue
      if (nearTick(group, atMs)) return `a change at ${atMs} and a look at a group`
    }
  }
  return undefined
}

function nearTick({ route, createdMs, firstTickMs, causeMs }: TickingGroup, atMs: number): boolean {
  if (atMs < createdMs) return false
  // What makes a group is told by it.
  const isCause = atMs === causeMs
  if (!isCause && Math.abs(atMs - firstTickMs) < MARGIN_MS) return true
  if (atMs <= firstTickMs) return firstTickMs + route.groupIntervalMs - atMs < MARGIN_MS
  const sinceMs = (atMs - firstTickMs) % route.groupIntervalMs
  return sinceMs < MARGIN_MS || route.groupIntervalMs - sinceMs < MARGIN_MS
}

function timesOf(event: Exclude<TellingEvent, { kind: 'post' }>): readonly number[] {
  if (event.kind === 'expire') return [event.atMs]
  return [event.atMs, event.startsMs, event.endsMs].filter((ms) => ms >= event.atMs)
}

/** As midwatch's own route tree takes it. */
export function specOf(route: WrittenRoute): RouteSpec {
  return {
    ...(route.receiver === undefined ? {} : { receiver: route.receiver }),
    matchers: (route.matchers ?? []).map(({ name, op, value }) => createMatcher(name, op, value)),
    continue: route.continue ?? false,
    ...(route.groupBy === undefined ? {} : { groupBy: route.groupBy }),
    ...(route.waitMs === undefined ? {} : { groupWaitMs: route.waitMs }),
    ...(route.intervalMs === undefined ? {} : { groupIntervalMs: route.intervalMs }),
    ...(route.repeatMs === undefined ? {} : { repeatIntervalMs: route.repeatMs }),
    routes: (route.routes ?? []).map(specOf),
  }
}
