import { cronSpacingMs } from '../../lib/cron-spacing.ts'
import type { SloEntry } from '../../objective/book.ts'
import { seriesOf, sliMetric } from '../../objective/names.ts'
import { identityOf } from '../../objective/slo.ts'
import type { WebContext } from '../context.ts'
import { instant } from '../instant.ts'
import { budgetOf, windowText } from './slo-status.ts'

const DAY_MS = 86_400_000

/** How a month was, in the shape in which programs get it. */
export interface SloReport {
  /** `2026-11`; its days are those of UTC. */
  readonly month: string
  readonly made_at: string
  /** False while the month goes on. */
  readonly complete: boolean
  readonly slos: readonly SloMonth[]
}

export interface SloMonth {
  readonly id: string
  readonly service: string
  readonly name: string
  readonly description: string
  /** Percent. */
  readonly objective: number
  readonly window: string
  /** Mean share of errors over what was measured, 0 to 1; null when nothing was. */
  readonly error_ratio: number | null
  /** The share of the month's own budget that was used; above 1 when the objective was missed. */
  readonly budget_used_ratio: number | null
  readonly met: boolean | null
  /** How much of the month was measured, 0 to 1; the rest is left out. */
  readonly measured_ratio: number
  /** How long alerts fired. */
  readonly page_seconds: number
  readonly ticket_seconds: number
  readonly days: readonly SloDay[]
}

export interface SloDay {
  readonly day: string
  readonly error_ratio: number | null
}

/** `2026-11` as its first moment and the one behind its last; undefined when it is no month. */
export function monthRange(text: string): { readonly fromMs: number; readonly toMs: number } | undefined {
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text)
  if (match === null) return undefined
  const [year, month] = [Number(match[1]), Number(match[2])]
  return { fromMs: Date.UTC(year, month - 1), toMs: Date.UTC(year, month) }
}

/** The month that a moment lies in. */
export function monthOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 7)
}

/** How each SLO was over a month, day by day. */
export async function sloReport(
  context: WebContext,
  month: string,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<SloReport> {
  const nowMs = context.clock.now()
  const untilMs = Math.min(toMs, nowMs)
  const { cron, timezone } = context.config().evaluation
  const range = { fromMs, toMs, untilMs, spacingMs: cronSpacingMs(cron, timezone, nowMs) }
  const slos: SloMonth[] = []
  for (const entry of context.slos()) slos.push(await monthOfSlo(context, entry, range))
  return { month, made_at: new Date(nowMs).toISOString(), complete: toMs <= nowMs, slos }
}

interface Range {
  readonly fromMs: number
  readonly toMs: number
  /** The end of what can be known of it. */
  readonly untilMs: number
  readonly spacingMs: number
}

async function monthOfSlo(context: WebContext, { slo, windows }: SloEntry, range: Range): Promise<SloMonth> {
  const { fromMs, untilMs, spacingMs } = range
  const { id, service, name, description, objective } = slo
  const series = seriesOf({ identity: identityOf(slo) }, sliMetric(windows.page.quick.shortMs))
  const lengthMs = untilMs - fromMs
  const over = `[${Math.max(lengthMs, 1)}ms]`
  const alerts = (severity: string) =>
    `sum(count_over_time(ALERTS{alertstate="firing", sloth_id=${JSON.stringify(id)}, sloth_severity="${severity}"}${over}))`
  const isAhead = lengthMs <= 0
  const [ratio, count, pages, tickets] = isAhead
    ? []
    : await Promise.all([
        one(context, `max(avg_over_time(${series}${over}))`, untilMs),
        one(context, `max(count_over_time(${series}${over}))`, untilMs),
        one(context, alerts('page'), untilMs),
        one(context, alerts('ticket'), untilMs),
      ])
  const used = ratio === undefined ? undefined : budgetUse(ratio, budgetOf(slo))
  return {
    id,
    service,
    name,
    description,
    objective,
    window: windowText(windows.periodMs),
    error_ratio: ratio ?? null,
    budget_used_ratio: used ?? null,
    met: used === undefined ? null : used <= 1,
    measured_ratio: isAhead ? 0 : Math.min(((count ?? 0) * spacingMs) / lengthMs, 1),
    page_seconds: ((pages ?? 0) * spacingMs) / 1000,
    ticket_seconds: ((tickets ?? 0) * spacingMs) / 1000,
    days: isAhead ? [] : await daysOf(context, series, range),
  }
}

/** Of a budget of nothing, the first error uses more than all. */
function budgetUse(ratio: number, budget: number): number {
  if (budget > 0) return ratio / budget
  return ratio > 0 ? Number.MAX_VALUE : 0
}

async function daysOf(
  context: WebContext,
  series: string,
  { fromMs, toMs, untilMs }: Range,
): Promise<readonly SloDay[]> {
  const text = `max(avg_over_time(${series}[1d]))`
  const days: SloDay[] = []
  // A day that goes on ends now.
  for (let startMs = fromMs; startMs < toMs; startMs += DAY_MS) {
    const isAhead = startMs >= untilMs
    const endMs = Math.min(startMs + DAY_MS, untilMs)
    const asked = endMs - startMs === DAY_MS ? text : text.replace('[1d]', `[${Math.max(endMs - startMs, 1)}ms]`)
    const ratio = isAhead ? undefined : await one(context, asked, endMs)
    days.push({ day: new Date(startMs).toISOString().slice(0, 10), error_ratio: ratio ?? null })
  }
  return days
}

async function one(context: WebContext, text: string, atMs: number): Promise<number | undefined> {
  const found = (await instant(context, text, atMs))[0]?.value
  return found === undefined || Number.isNaN(found) ? undefined : found
}
