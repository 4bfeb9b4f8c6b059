import type { z } from 'zod'
import { show } from '../../lib/show.ts'
import type { RouteSpec } from '../../notify/route.ts'
import type { TimeInterval } from '../../notify/time-interval.ts'
import { explain, sayPlainly } from '../explain.ts'
import { suggest } from '../suggest.ts'
import { type TypingTools, typedValue } from '../typed.ts'
import { placeAt, type Written } from '../written.ts'
import { type AlertmanagerConfig, alertmanager, parts } from './alertmanager.ts'
import { readReceivers } from './read-receivers.ts'
import { shownAlertmanager } from './shown.ts'
import { readTemplates, type TemplateFiles } from './templates.ts'

type Path = readonly PropertyKey[]

/** What reading the section needs besides the section. */
export interface AlertmanagerTools extends TypingTools, TemplateFiles {
  readonly root: Written
  /** The channels that `notify:` sets up: each is a receiver of its own name. */
  readonly channels: readonly string[]
  /** The plain value of `notify:`. */
  readonly notify: Readonly<Record<string, unknown>>
}

/**
 * Reads `alertmanager:`. Every part is read for itself, so that a fault in one hides nothing in another.
 *
 * @returns undefined where nothing is written, or something is wrong
 */
export function readAlertmanager(
  written: Written | undefined,
  tools: AlertmanagerTools,
): AlertmanagerConfig | undefined {
  if (written === undefined || (written.kind === 'text' && written.isNull)) return undefined
  const { root, collector } = tools
  const value = typedValue(written, [alertmanager], ['alertmanager'], tools)
  if (!isRecord(value)) {
    const result = alertmanager.safeParse(value, { error: sayPlainly })
    if (!result.success) explain(result.error.issues, { root, value, path: ['alertmanager'], collector })
    return undefined
  }
  const part = <Schema extends z.ZodType>(schema: Schema, key: string): z.output<Schema> | undefined => {
    const result = schema.safeParse(value[key], { error: sayPlainly })
    if (!result.success)
      explain(result.error.issues, { root, value: value[key], path: ['alertmanager', key], collector })
    return result.data
  }
  const global = part(parts.global.unwrap().prefault({}), 'global')
  const templates = part(parts.templates, 'templates')
  const route = part(parts.route, 'route')
  const inhibitRules = part(parts.inhibit_rules, 'inhibit_rules')
  const timeIntervals = [
    ...(part(parts.mute_time_intervals, 'mute_time_intervals') ?? []),
    ...(part(parts.time_intervals, 'time_intervals') ?? []),
  ]
  part(parts.tracing, 'tracing')
  part(parts.event_recorder, 'event_recorder')
  const { library, isWhole } = readTemplates(templates ?? [], tools)
  const receivers = readReceivers(value.receivers, { ...tools, global, library, isWhole })
  compare(value, tools)
  if (value.route !== undefined) compareShortForm(tools)
  if (global === undefined || receivers === undefined) return undefined
  return {
    resolveTimeoutMs: global.resolveTimeoutMs,
    route: route === undefined ? undefined : withReceiver(route),
    receivers,
    inhibitRules: value.inhibit_rules === undefined ? undefined : inhibitRules,
    timeIntervals: timeIntervals as readonly TimeInterval[],
    shown: shownAlertmanager(written),
  }
}

/** Keys of the short form that say by which routes people are told. */
const ROUTING_KEYS = ['by_severity', 'group_by', 'group_wait', 'group_interval', 'repeat'] as const

/** Channels may stay: they become receivers. */
function compareShortForm({ root, collector, notify }: AlertmanagerTools): void {
  for (const key of ROUTING_KEYS) {
    if (notify[key] === undefined) continue
    const path = ['notify', key]
    const message = `says who is told, and so does alertmanager.route; remove it here (${LONG_FORM[key]}), or remove alertmanager.route`
    collector.add(placeAt(root, path, 'key'), path, message)
  }
}

/** What says the same in Alertmanager's words. */
const LONG_FORM: Readonly<Record<(typeof ROUTING_KEYS)[number], string>> = {
  by_severity: 'there it is a route for each severity',
  group_by: 'there it is alertmanager.route.group_by',
  group_wait: 'there it is alertmanager.route.group_wait',
  group_interval: 'there it is alertmanager.route.group_interval',
  repeat: 'there it is alertmanager.route.repeat_interval',
}

function withReceiver(route: RouteSpec): RouteSpec & { readonly receiver: string } {
  return { ...route, receiver: route.receiver ?? '' }
}

/** What one part says of another. It looks at plain values, so that it sees them even where a part has faults. */
function compare(value: Readonly<Record<string, unknown>>, { root, collector, channels }: AlertmanagerTools): void {
  const fault = (path: Path, message: string) => {
    const full = ['alertmanager', ...path]
    collector.add(placeAt(root, full), full, message)
  }
  const receivers = namesOf(value.receivers)
  for (const [i, name] of receivers.entries()) {
    if (name === undefined) continue
    const first = receivers.indexOf(name)
    if (first !== i)
      fault(['receivers', i, 'name'], `${show(name)} is the name of receivers[${first}] already; write another name`)
    if (channels.includes(name)) {
      fault(
        ['receivers', i, 'name'],
        `${show(name)} is the receiver that notify.${name} makes; write another name, or remove notify.${name}`,
      )
    }
  }
  const named = [
    ...namesOf(value.mute_time_intervals).map((name, i) => ({ name, path: ['mute_time_intervals', i, 'name'] })),
    ...namesOf(value.time_intervals).map((name, i) => ({ name, path: ['time_intervals', i, 'name'] })),
  ]
  for (const [i, { name, path }] of named.entries()) {
    if (name === undefined || named.findIndex((one) => one.name === name) === i) continue
    fault(path, `${show(name)} is the name of another time interval already; write another name`)
  }
  if (value.route === undefined) {
    if (receivers.length > 0)
      fault(
        ['receivers'],
        'stand there without a route, so nobody is told by them; write alertmanager.route: {receiver: …}',
      )
    return
  }
  const known = {
    receivers: [...receivers.filter((name) => name !== undefined), ...channels],
    intervals: named.flatMap(({ name }) => name ?? []),
  }
  if (!isRecord(value.route)) return
  compareRoot(value.route, fault)
  compareRoute(value.route, ['route'], known, fault)
}

type Fault = (path: Path, message: string) => void

function compareRoot(route: Readonly<Record<string, unknown>>, fault: Fault): void {
  if (!route.receiver) fault(['route'], 'has no receiver; write who is told of what no other route takes')
  for (const key of ['matchers', 'match', 'match_re']) {
    if (isSomething(route[key]))
      fault(['route', key], 'is on the first route, which takes every alert; put it on a route inside of routes')
  }
  for (const key of ['mute_time_intervals', 'active_time_intervals']) {
    if (isSomething(route[key]))
      fault(['route', key], 'is on the first route, which always tells; put it on a route inside of routes')
  }
  if (/^(?:y|yes|on|true)$/i.test(String(route.continue))) {
    fault(['route', 'continue'], 'is on the first route, behind which there is none; remove it')
  }
}

interface Known {
  readonly receivers: readonly string[]
  readonly intervals: readonly string[]
}

function compareRoute(route: Readonly<Record<string, unknown>>, path: Path, known: Known, fault: Fault): void {
  const { receiver } = route
  if (typeof receiver === 'string' && receiver !== '' && !known.receivers.includes(receiver)) {
    fault(
      [...path, 'receiver'],
      `${show(receiver)} is not a receiver${didYouMean(receiver, known.receivers, 'write one under receivers')}`,
    )
  }
  for (const key of ['mute_time_intervals', 'active_time_intervals']) {
    for (const [i, name] of listOf(route[key]).entries()) {
      if (typeof name !== 'string' || known.intervals.includes(name)) continue
      fault(
        [...path, key, i],
        `${show(name)} is not a time interval${didYouMean(name, known.intervals, 'write one under time_intervals')}`,
      )
    }
  }
  for (const [i, child] of listOf(route.routes).entries()) {
    if (isRecord(child)) compareRoute(child, [...path, 'routes', i], known, fault)
  }
}

function didYouMean(name: string, known: readonly string[], otherwise: string): string {
  const near = suggest(name, known)
  if (near !== undefined) return `; did you mean ${show(near)}?`
  return known.length === 0 || known.length > 20 ? `; ${otherwise}` : `; there are ${known.join(', ')}`
}

function namesOf(list: unknown): (string | undefined)[] {
  return listOf(list).map((one) => (isRecord(one) && typeof one.name === 'string' ? one.name : undefined))
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function isSomething(value: unknown): boolean {
  if (value === undefined || value === '') return false
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : true
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
