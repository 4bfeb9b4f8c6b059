import { formatDuration } from '../model/duration.ts'
import { formatMatcher } from '../model/matcher.ts'
import { matchersText, type Route } from '../notify/route.ts'

/** The tree as `amtool config routes show` draws it, and when a route tells, where that is not always. */
export function routeTreeText(root: Route): string {
  return `Routing tree:\n.\n${branch(root, undefined, '', true)}`
}

function branch(route: Route, parent: Route | undefined, indent: string, isLast: boolean): string {
  const line = `${indent}${isLast ? '└── ' : '├── '}${routeLine(route, parent)}\n`
  const inner = `${indent}${isLast ? '    ' : '│   '}`
  const { routes } = route
  return line + routes.map((child, i) => branch(child, route, inner, i === routes.length - 1)).join('')
}

function routeLine(route: Route, parent: Route | undefined): string {
  const parts = [
    matchersText(route),
    ...(route.continue ? ['continue: true'] : []),
    `receiver: ${route.receiver}`,
    ...(route.groupBy.length > 0 ? [`grouping: [${route.groupBy.join(',')}]`] : []),
    ...timers(route, parent),
    ...(route.muteTimeIntervals.length > 0 ? [`muted: [${route.muteTimeIntervals.join(',')}]`] : []),
    ...(route.activeTimeIntervals.length > 0 ? [`active: [${route.activeTimeIntervals.join(',')}]`] : []),
  ]
  return parts.join('  ')
}

/** Where they are not those of the route above. */
function timers(route: Route, parent: Route | undefined): string[] {
  const named = [
    ['wait', 'groupWaitMs'],
    ['interval', 'groupIntervalMs'],
    ['repeat', 'repeatIntervalMs'],
  ] as const
  return named
    .filter(([, key]) => parent === undefined || parent[key] !== route[key])
    .map(([name, key]) => `${name}: ${formatDuration(route[key])}`)
}

/** `{severity="page"}`; the first route takes everything. */
/** A route as plain data, under Alertmanager's keys and with everything inherited filled in. */
export function routeJson(route: Route): Record<string, unknown> {
  return {
    receiver: route.receiver,
    matchers: route.matchers.map(formatMatcher),
    continue: route.continue,
    group_by: [...route.groupBy],
    group_wait: formatDuration(route.groupWaitMs),
    group_interval: formatDuration(route.groupIntervalMs),
    repeat_interval: formatDuration(route.repeatIntervalMs),
    mute_time_intervals: [...route.muteTimeIntervals],
    active_time_intervals: [...route.activeTimeIntervals],
    routes: route.routes.map(routeJson),
  }
}
