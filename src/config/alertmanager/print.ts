import { printYaml } from '../../lib/yaml-text.ts'
import { formatDuration } from '../../model/duration.ts'
import { formatMatcher, type Matcher } from '../../model/matcher.ts'
import type { InhibitRule } from '../../notify/inhibition.ts'
import type { Route } from '../../notify/route.ts'
import type { TimeInterval, TimeWindow, WholeRange } from '../../notify/time-interval.ts'
import type { Config } from '../config.ts'
import { describeStep } from '../escalation.ts'
import { channelsOf, routingOf } from '../routing.ts'
import { receiverOf } from './from-notify.ts'
import { MONTHS, WEEKDAYS } from './time-interval.ts'

/** Alertmanager's configuration, as plain data in its own order, and what of ours it can't say. */
export interface PrintedAlertmanager {
  readonly config: Readonly<Record<string, unknown>>
  /** For people: what is told here and can't be told there. */
  readonly notes: readonly string[]
}

/** What is configured, in whichever form, as a file that Alertmanager takes; secrets are masked. */
export function alertmanagerYaml(config: Config): string {
  const { config: value, notes } = printAlertmanager(config)
  return printYaml(value, notes)
}

export function printAlertmanager(config: Config): PrintedAlertmanager {
  const { root, receivers, escalations, inhibitRules, timeIntervals } = routingOf(config)
  const { shown, route } = config.alertmanager ?? {}
  const notes: string[] = []
  const fromNotify = (name: string) => {
    const channels = (receivers.get(name) ?? []).map(({ channel }) => channel)
    const made = receiverOf(name, channels, config.notify)
    notes.push(...made.notes)
    return made.receiver
  }
  const names = route === undefined ? [...receivers.keys()] : channelsOf(config.notify)
  const printed = {
    global: shown?.global,
    route: printRoute(root, undefined),
    // An empty list says that there are none; where it is left out, ours counts.
    inhibit_rules: inhibitRules.map(printInhibitRule),
    receivers: [...(route === undefined ? [] : (shown?.receivers ?? [])), ...names.map(fromNotify)],
    time_intervals: timeIntervals.size === 0 ? undefined : [...timeIntervals.values()].map(printTimeInterval),
    templates: shown === undefined || shown.templates.length === 0 ? undefined : shown.templates,
  }
  for (const [receiver, steps] of escalations) {
    const told = steps.map(describeStep).join(', to ')
    notes.push(
      `What the receiver ${receiver} is told of goes to ${told} while nobody acknowledges it; Alertmanager knows neither.`,
    )
  }
  return { config: withoutUndefined(printed), notes: [...new Set(notes)] }
}

/** What a node inherits from its parent is left out. */
function printRoute(route: Route, parent: Route | undefined): Record<string, unknown> {
  const own = <Key extends keyof Route>(key: Key, print: (value: Route[Key]) => unknown) =>
    parent !== undefined && String(route[key]) === String(parent[key]) ? undefined : print(route[key])
  return withoutUndefined({
    receiver: own('receiver', (name) => name),
    matchers: route.matchers.length === 0 ? undefined : printMatchers(route.matchers),
    continue: route.continue ? true : undefined,
    group_by: own('groupBy', (names) => [...names]),
    group_wait: own('groupWaitMs', formatDuration),
    group_interval: own('groupIntervalMs', formatDuration),
    repeat_interval: own('repeatIntervalMs', formatDuration),
    mute_time_intervals: route.muteTimeIntervals.length === 0 ? undefined : [...route.muteTimeIntervals],
    active_time_intervals: route.activeTimeIntervals.length === 0 ? undefined : [...route.activeTimeIntervals],
    routes: route.routes.length === 0 ? undefined : route.routes.map((child) => printRoute(child, route)),
  })
}

function printMatchers(matchers: readonly Matcher[]): string[] {
  return matchers.map(formatMatcher)
}

function printInhibitRule({ source, target, equal }: InhibitRule): Record<string, unknown> {
  return withoutUndefined({
    source_matchers: source.length === 0 ? undefined : printMatchers(source),
    target_matchers: target.length === 0 ? undefined : printMatchers(target),
    equal: equal.length === 0 ? undefined : [...equal],
  })
}

function printTimeInterval({ name, windows }: TimeInterval): Record<string, unknown> {
  return { name, time_intervals: windows.map(printWindow) }
}

function printWindow({ times, weekdays, daysOfMonth, months, years, location }: TimeWindow): Record<string, unknown> {
  const numbers = (ranges: readonly WholeRange[] | undefined) => ranges?.map((range) => printRange(range, String))
  return withoutUndefined({
    times: times?.map(({ from, to }) => ({ start_time: printClock(from), end_time: printClock(to) })),
    weekdays: weekdays?.map((range) => printRange(range, (day) => WEEKDAYS[day] as string)),
    days_of_month: numbers(daysOfMonth),
    months: months?.map((range) => printRange(range, (month) => MONTHS[month - 1] as string)),
    years: numbers(years),
    location,
  })
}

function printRange({ from, to }: WholeRange, print: (value: number) => string): string {
  return from === to ? print(from) : `${print(from)}:${print(to)}`
}

function printClock(minute: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}

function withoutUndefined(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
}
