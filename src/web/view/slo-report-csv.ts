import type { SloMonth, SloReport } from './slo-report.ts'

type Column = readonly [name: string, value: (slo: SloMonth, report: SloReport) => string | number | null]

const COLUMNS: readonly Column[] = [
  ['month', (_slo, { month }) => month],
  ['complete', (_slo, { complete }) => (complete ? 'yes' : 'no')],
  ['id', ({ id }) => id],
  ['service', ({ service }) => service],
  ['name', ({ name }) => name],
  ['objective_percent', ({ objective }) => objective],
  ['achieved_percent', ({ error_ratio }) => (error_ratio === null ? null : 100 * (1 - error_ratio))],
  ['error_ratio', ({ error_ratio }) => error_ratio],
  ['budget_used_percent', ({ budget_used_ratio }) => (budget_used_ratio === null ? null : 100 * budget_used_ratio)],
  ['met', ({ met }) => (met === null ? null : met ? 'yes' : 'no')],
  ['measured_percent', ({ measured_ratio }) => 100 * measured_ratio],
  ['page_minutes', ({ page_seconds }) => page_seconds / 60],
  ['ticket_minutes', ({ ticket_seconds }) => ticket_seconds / 60],
  ['worst_day', ({ days }) => worstDay(days)?.day ?? null],
  ['worst_day_error_ratio', ({ days }) => worstDay(days)?.error_ratio ?? null],
]

/** A report with a line for each SLO, as RFC 4180 has it; what is not known is empty. */
export function reportCsv(report: SloReport): string {
  const lines = [
    COLUMNS.map(([name]) => name),
    ...report.slos.map((slo) => COLUMNS.map(([, value]) => cell(value(slo, report)))),
  ]
  return lines.map((line) => `${line.join(',')}\r\n`).join('')
}

function worstDay(days: SloMonth['days']): SloMonth['days'][number] | undefined {
  return days
    .filter(({ error_ratio }) => error_ratio !== null && error_ratio > 0)
    .toSorted((a, b) => (b.error_ratio as number) - (a.error_ratio as number))[0]
}

function cell(value: string | number | null): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(Number(value.toPrecision(12)))
  // A spreadsheet takes a text that begins like this for a formula.
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
