import { describeStep } from '../config/escalation.ts'
import type { CompiledRouting } from '../config/routing.ts'
import { formatDuration } from '../model/duration.ts'
import type { Labels } from '../model/labels.ts'
import { groupKey, groupLabels, matchersText, type Route, routePaths } from '../notify/route.ts'
import { mutedByTime } from '../notify/stage.ts'

/** A route that an alert takes, and how it came there. */
export interface TakenRoute {
  readonly receiver: string
  readonly channels: readonly string[]
  /** The matchers of every route on the way, from the first one down. */
  readonly path: readonly string[]
  /** Whether the route leaves the alert to those behind it as well. */
  readonly continue: boolean
  readonly group_key: string
  readonly group_labels: Labels
  readonly group_wait: string
  readonly group_interval: string
  readonly repeat_interval: string
  /** Who is told as well while nobody acknowledges. */
  readonly escalation?: readonly string[]
  /** Why nothing is told at this moment; undefined when it is. */
  readonly muted?: string
}

/** Every route that an alert of these labels takes, in the order in which it is told. */
export function explainRoutes(
  { root, receivers, escalations, timeIntervals }: CompiledRouting,
  labels: Labels,
  nowMs: number,
): TakenRoute[] {
  return routePaths(root, labels).map((path) => {
    const route = path.at(-1) as Route
    const group = groupLabels(route, labels)
    const muted = mutedByTime(route, timeIntervals, nowMs)
    return {
      receiver: route.receiver,
      channels: (receivers.get(route.receiver) ?? []).map(({ channel }) => channel),
      path: path.map(matchersText),
      continue: route.continue,
      group_key: groupKey(route, group),
      group_labels: group,
      group_wait: formatDuration(route.groupWaitMs),
      group_interval: formatDuration(route.groupIntervalMs),
      repeat_interval: formatDuration(route.repeatIntervalMs),
      ...(escalations.has(route.receiver)
        ? { escalation: escalations.get(route.receiver)?.map(describeStep) ?? [] }
        : {}),
      ...(muted === undefined ? {} : { muted: muted.reason }),
    }
  })
}

export function explanationText(taken: readonly TakenRoute[]): string {
  return taken.map(oneText).join('\n')
}

function oneText(route: TakenRoute): string {
  const { receiver, channels, path, group_labels: group, group_wait: wait, repeat_interval: repeat, muted } = route
  const way = path.map((step, i) => `${'  '.repeat(i + 1)}${i === 0 ? '' : '└ '}${step}`)
  const lines = [
    `${receiver}: ${channels.length === 0 ? 'nobody' : channels.join(', ')}`,
    ...way,
    `  ${group.size === 0 ? 'in one message with everything on this route' : `in one message with what has ${group}`}`,
    `  first after ${wait}, changes after ${route.group_interval}, again every ${repeat}`,
    ...(route.escalation === undefined ? [] : [`  while nobody acknowledges: ${route.escalation.join('; ')}`]),
    ...(route.continue ? ['  the routes behind it are looked at as well'] : []),
    ...(muted === undefined ? [] : [`  not now: ${muted}`]),
  ]
  return lines.map((line) => `${line}\n`).join('')
}
