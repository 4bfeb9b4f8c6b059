import { quoteGo } from '../lib/go-quote.ts'
import type { Labels } from '../model/labels.ts'
import { compareMatchers, formatMatcher, type Matcher, matchesAll } from '../model/matcher.ts'

/** A node of the route tree with everything inherited filled in. */
export interface Route {
  /** Unique in the tree, and the same after a restart: the path of child numbers with the matchers. */
  readonly id: string
  /** As in Alertmanager's group keys: the matchers from the root down, `{}/{severity="critical"}`. */
  readonly key: string
  readonly receiver: string
  readonly matchers: readonly Matcher[]
  readonly continue: boolean
  /** Names of the labels that make a group; `...` alone is all of them. */
  readonly groupBy: readonly string[]
  readonly groupWaitMs: number
  readonly groupIntervalMs: number
  readonly repeatIntervalMs: number
  /** Names of time intervals; not inherited. */
  readonly muteTimeIntervals: readonly string[]
  readonly activeTimeIntervals: readonly string[]
  readonly routes: readonly Route[]
}

/** A node as somebody wrote it: what is left out is taken from its parent. */
export interface RouteSpec {
  readonly receiver?: string
  readonly matchers?: readonly Matcher[]
  readonly continue?: boolean
  readonly groupBy?: readonly string[]
  readonly groupWaitMs?: number
  readonly groupIntervalMs?: number
  readonly repeatIntervalMs?: number
  readonly muteTimeIntervals?: readonly string[]
  readonly activeTimeIntervals?: readonly string[]
  readonly routes?: readonly RouteSpec[]
}

/** Alertmanager's defaults for the root. */
const ROOT_DEFAULTS = { groupBy: [], groupWaitMs: 30_000, groupIntervalMs: 5 * 60_000, repeatIntervalMs: 4 * 3_600_000 }

export function routeTree(root: RouteSpec & { readonly receiver: string }): Route {
  return node(root, { ...ROOT_DEFAULTS, receiver: root.receiver, key: '', id: '' }, 0)
}

type Inherited = Pick<
  Route,
  'receiver' | 'groupBy' | 'groupWaitMs' | 'groupIntervalMs' | 'repeatIntervalMs' | 'key' | 'id'
>

function node(spec: RouteSpec, parent: Inherited, position: number): Route {
  const matchers = (spec.matchers ?? []).toSorted(compareMatchers)
  const own = `{${matchers.map(formatMatcher).join(',')}}`
  const inherited: Inherited = {
    receiver: spec.receiver ?? parent.receiver,
    groupBy: spec.groupBy ?? parent.groupBy,
    groupWaitMs: spec.groupWaitMs ?? parent.groupWaitMs,
    groupIntervalMs: spec.groupIntervalMs ?? parent.groupIntervalMs,
    repeatIntervalMs: spec.repeatIntervalMs ?? parent.repeatIntervalMs,
    key: parent.key === '' ? own : `${parent.key}/${own}`,
    id: parent.id === '' ? own : `${parent.id}/${own}/${position}`,
  }
  return {
    ...inherited,
    matchers,
    continue: spec.continue ?? false,
    muteTimeIntervals: spec.muteTimeIntervals ?? [],
    activeTimeIntervals: spec.activeTimeIntervals ?? [],
    routes: (spec.routes ?? []).map((child, i) => node(child, inherited, i)),
  }
}

/**
 * The routes that an alert takes, depth first: children in order until one matches without `continue`; the node itself when
 * no child does.
 */
export function matchRoutes(route: Route, labels: Labels): readonly Route[] {
  if (!matchesAll(route.matchers, labels)) return []
  const taken: Route[] = []
  for (const child of route.routes) {
    const found = matchRoutes(child, labels)
    taken.push(...found)
    if (found.length > 0 && !child.continue) break
  }
  return taken.length > 0 ? taken : [route]
}

/** As `matchRoutes`, each with the routes that lead to it, from the first one down. */
export function routePaths(route: Route, labels: Labels): readonly (readonly [Route, ...Route[]])[] {
  if (!matchesAll(route.matchers, labels)) return []
  const taken: (readonly [Route, ...Route[]])[] = []
  for (const child of route.routes) {
    const found = routePaths(child, labels)
    for (const path of found) taken.push([route, ...path])
    if (found.length > 0 && !child.continue) break
  }
  return taken.length > 0 ? taken : [[route]]
}

/** What a route asks of an alert, for people. */
export function matchersText({ matchers }: Route): string {
  return matchers.length === 0 ? 'default-route' : `{${matchers.map(formatMatcher).join(',')}}`
}

/** The labels that name the group of an alert on this route; those that it lacks are absent. */
export function groupLabels(route: Route, labels: Labels): Labels {
  return route.groupBy.includes('...') ? labels : labels.keep(new Set(route.groupBy))
}

/** As Alertmanager writes it: `{}/{severity="critical"}:{alertname="A"}`, with values as Go quotes them. */
export function groupKey(route: Route, labels: Labels): string {
  return `${route.key}:{${Array.from(labels, ([name, value]) => `${name}=${quoteGo(value)}`).join(', ')}}`
}
