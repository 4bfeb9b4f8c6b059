import { z } from 'zod'
import { cronSpacingMs } from '../lib/cron-spacing.ts'
import { show } from '../lib/show.ts'
import { momentIn } from '../lib/zoned-time.ts'
import { formatDuration } from '../model/duration.ts'
import type { MaintenanceScope, MaintenanceTimes, MaintenanceWindow } from '../model/maintenance.ts'
import { formatMatcher } from '../model/matcher.ts'
import { matcherKeys } from './alertmanager/matchers.ts'
import { cron, flag, name, positiveMs, timezone } from './fields.ts'

const TIMES = '{cron: "0 2 * * SUN", for: 2h} or {from: 2026-12-01T20:00:00Z, for: 3h}'
const SCOPES = 'checks: [shop], categories: [database], matchers: [\'team="shop"\'] or everything: true'

const moment = z.string({ error: 'is not a time; write one such as 2026-12-01T20:00:00+01:00' })

function names(example: string) {
  return z
    .array(z.string({ error: `is not a name; write one such as ${example}` }), {
      error: `is not a list; write [${example}]`,
    })
    .default([])
}

/** What a window may say besides its name; the config and the API have the same keys. */
export const maintenanceKeys = {
  cron: cron.optional().describe('When it begins, again and again.'),
  timezone: timezone
    .optional()
    .describe("Of `cron`, and of `from` and `to` without an offset, such as Europe/Berlin; the machine's unless told."),
  from: moment.optional().describe('When it begins, once: `2026-12-01T20:00:00+01:00`, or without the offset.'),
  to: moment.optional().describe('When it ends.'),
  for: positiveMs.optional().describe('How long it takes, in place of `to`.'),
  checks: names('shop').describe('Names of checks that it is for.'),
  categories: names('database').describe('Categories of checks that it is for.'),
  matchers: matcherKeys.matchers.describe(
    'Labels of checks and alerts that it is for; all of them have to match: `team="shop"`.',
  ),
  everything: flag(false).describe('Whether it is for everything that midwatch watches.'),
  comment: z.string().default('').describe('For people.'),
} as const

const windowKeys = z.strictObject({
  name: name.describe('What it is called on pages and in stories of alerts.'),
  ...maintenanceKeys,
})

type Written = Omit<z.output<typeof windowKeys>, 'name'>

/** What is wrong with a window, at one of its keys; '' is the window as a whole. */
export interface MaintenanceFault {
  readonly key: keyof Written | ''
  readonly message: string
}

/**
 * When and what for a window is, or everything that is wrong with what was written.
 *
 * @param nowMs where it begins when nothing says so; undefined where something has to
 */
export function readMaintenance(
  written: Written,
  nowMs?: number,
): { readonly scope: MaintenanceScope; readonly times: MaintenanceTimes } | { readonly faults: MaintenanceFault[] } {
  const faults: MaintenanceFault[] = []
  const fault = (key: MaintenanceFault['key'], message: string) => void faults.push({ key, message })
  const { checks, categories, matchers = [], everything } = written
  const hasScope = checks.length + categories.length + matchers.length > 0
  if (!hasScope && !everything) fault('', `does not say what it is for; write ${SCOPES}`)
  if (hasScope && everything) fault('everything', 'stands beside a narrower scope; remove one of them')
  const times = timesOf(written, nowMs, fault)
  return faults.length > 0 || times === undefined
    ? { faults }
    : { scope: { checks, categories, matchers, everything }, times }
}

type Fault = (key: MaintenanceFault['key'], message: string) => void

function timesOf(written: Written, nowMs: number | undefined, fault: Fault): MaintenanceTimes | undefined {
  const { cron: line, from, to, for: forMs } = written
  if (line !== undefined) return recurring(written, line, fault)
  if (from === undefined && nowMs === undefined) {
    fault('', `does not say when it is; write ${TIMES}`)
    return undefined
  }
  if (to !== undefined && forMs !== undefined) {
    fault('for', 'stands beside to, and only one of them can count; remove one')
    return undefined
  }
  const fromMs = from === undefined ? nowMs : momentOf(from, written, 'from', fault)
  const untilMs = to === undefined ? undefined : momentOf(to, written, 'to', fault)
  if (fromMs === undefined || (to !== undefined && untilMs === undefined)) return undefined
  const toMs = untilMs ?? (forMs === undefined ? undefined : fromMs + forMs)
  if (toMs === undefined) {
    fault('', 'does not say when it ends; write for: 2h, or to with a time')
    return undefined
  }
  if (toMs <= fromMs) {
    fault('to', `is not after from (${new Date(fromMs).toISOString()}); write a later time`)
    return undefined
  }
  if (nowMs !== undefined && toMs <= nowMs) {
    fault(to === undefined ? 'for' : 'to', 'is over already; write a later time')
    return undefined
  }
  return { kind: 'once', fromMs, toMs }
}

function recurring({ from, to, for: forMs, timezone: zone }: Written, line: string, fault: Fault) {
  for (const [key, value] of [
    ['from', from],
    ['to', to],
  ] as const) {
    if (value !== undefined) fault(key, 'means nothing beside cron, which says when it begins; remove one of them')
  }
  if (forMs === undefined) {
    fault('', 'does not say how long it takes each time; write for: 2h')
    return undefined
  }
  const spacingMs = cronSpacingMs(line, zone, Date.now())
  if (forMs >= spacingMs) {
    fault(
      'for',
      `is not shorter than the time from one window to the next (${formatDuration(spacingMs)}): it would never end`,
    )
    return undefined
  }
  return { kind: 'recurring' as const, cron: line, timezone: zone, forMs }
}

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?)?(Z|[+-]\d\d:\d\d)?$/

/** With an offset it is a moment; without one it is what the clocks show in the zone. */
function momentOf(text: string, { timezone: zone }: Written, key: 'from' | 'to', fault: Fault): number | undefined {
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', offset] =
    MOMENT.exec(text.trim()) ?? []
  const wall = { year, month, day, hour, minute, second }
  const [y, mo, d, h, mi, s] = Object.values(wall).map(Number) as [number, number, number, number, number, number]
  const ms = Number(fraction.padEnd(3, '0'))
  const asUtc = new Date(Date.UTC(y, mo - 1, d, h, mi, s))
  const isReal = asUtc.getUTCMonth() === mo - 1 && asUtc.getUTCDate() === d && h < 24 && mi < 60 && s < 60
  if (year === undefined || !isReal) {
    fault(key, `${show(text)} is not a time; write one such as 2026-12-01T20:00:00+01:00`)
    return undefined
  }
  if (offset === undefined) {
    const here = zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
    return momentIn(here, { year: y, month: mo, day: d, hour: h, minute: mi, second: s }) + ms
  }
  const [sign, hours = 0, minutes = 0] =
    offset === 'Z' ? [1] : [offset.startsWith('-') ? -1 : 1, Number(offset.slice(1, 3)), Number(offset.slice(4))]
  return asUtc.getTime() + ms - sign * (hours * 60 + minutes) * 60_000
}

/** As it may be written again: times with their offset, defaults left out. */
export function describeMaintenance({
  name: called,
  scope,
  times,
  comment,
}: MaintenanceWindow): Record<string, unknown> {
  const { everything, checks, categories, matchers } = scope
  return {
    name: called,
    ...(times.kind === 'once'
      ? { from: new Date(times.fromMs).toISOString(), to: new Date(times.toMs).toISOString() }
      : {
          cron: times.cron,
          ...(times.timezone === undefined ? {} : { timezone: times.timezone }),
          for: formatDuration(times.forMs),
        }),
    ...(checks.length === 0 ? {} : { checks: [...checks] }),
    ...(categories.length === 0 ? {} : { categories: [...categories] }),
    ...(matchers.length === 0 ? {} : { matchers: matchers.map(formatMatcher) }),
    ...(everything ? { everything } : {}),
    ...(comment === '' ? {} : { comment }),
  }
}

export const maintenance = z
  .array(
    windowKeys.transform((written, context): MaintenanceWindow => {
      const read = readMaintenance(written)
      if ('faults' in read) {
        for (const { key, message } of read.faults) {
          context.addIssue({ code: 'custom', message, path: key === '' ? [] : [key], input: written })
        }
        return z.NEVER
      }
      const { name: called, comment } = written
      return { id: called, name: called, origin: 'config', ...read, comment, createdBy: 'config' }
    }),
    { error: `is not a list; write a line with "- name: …" for each window` },
  )
  .default([])
  .describe(
    'Times in which people work on something and nobody is told of it: see [maintenance](../how-to/maintenance.md).',
  )
