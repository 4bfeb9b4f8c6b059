import { z } from 'zod'
import { type Details, down, type Finding, type ProbeMetric } from '../model/finding.ts'
import type { ProbeMetricDoc } from './probe.ts'

/** What a query gave, at most as many rows as are fetched. */
export interface QueryResult {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
  /** There were more rows. */
  readonly isCut: boolean
}

/** What a query has to give: so many rows, or this value in the first column of the first row. */
export const expectedRows = z
  .strictObject({
    rows: z.number().int().min(0).optional().describe('So many rows.'),
    value: z
      .union([z.string(), z.number(), z.boolean()])
      .optional()
      .describe('What stands in the first column of the first row.'),
  })
  .refine(({ rows, value }) => rows !== undefined || value !== undefined, {
    error: 'expects nothing; write {rows: 1} or {value: 42}',
  })

type ExpectedRows = z.output<typeof expectedRows>

/** The metrics of `describeRows`; `kind` is the key of the probe. */
export function queryMetrics<const Kind extends string>(kind: Kind) {
  return {
    [`probe_${kind}_query_rows`]: { help: 'Rows that the query gave, 1000 at most.' },
    [`probe_${kind}_query_value`]: {
      help: 'The numbers in the first row that the query gave, by the name of the column.',
      labels: ['column'],
    },
  } as const satisfies Record<string, ProbeMetricDoc>
}

/** The first row of a result as metrics (its numbers) and as details (all of it, texts shortened). */
export function describeRows(kind: string, { columns, rows }: QueryResult) {
  const metrics: ProbeMetric[] = [{ name: `probe_${kind}_query_rows`, value: rows.length }]
  const details: Record<string, string | number | boolean> = { rows: rows.length }
  columns.forEach((column, i) => {
    const value = rows[0]?.[i]
    if (value === undefined || value === null) return
    const number = asNumber(value)
    if (number === undefined) {
      details[column] = typeof value === 'boolean' ? value : shorten(asText(value))
      return
    }
    details[column] = number
    metrics.push({ name: `probe_${kind}_query_value`, labels: { column }, value: number })
  })
  return { metrics, details: details as Details }
}

/** @returns undefined when the result is as expected */
export function judgeRows(
  result: QueryResult | undefined,
  expected: ExpectedRows | undefined,
  target: string,
  measured: { readonly metrics: readonly ProbeMetric[]; readonly details: Details; readonly phase: string },
): Finding | undefined {
  if (result === undefined || expected === undefined) return undefined
  const { rows, isCut } = result
  if (expected.rows !== undefined && (rows.length !== expected.rows || isCut)) {
    const came = isCut ? `more than ${rows.length}` : String(rows.length)
    return down('body', `${target}: expected ${expected.rows} rows, got ${came}`, measured)
  }
  if (expected.value === undefined) return undefined
  const value = rows[0]?.[0]
  if (value !== undefined && isSame(value, expected.value)) return undefined
  const came = value === undefined ? 'no row' : JSON.stringify(shorten(asText(value)))
  return down('body', `${target}: expected the value ${JSON.stringify(expected.value)}, got ${came}`, measured)
}

/** Databases give big numbers and decimals as texts, some give booleans as 0 and 1. */
function isSame(value: unknown, expected: string | number | boolean): boolean {
  if (typeof expected === 'string') return asText(value) === expected
  if (typeof expected === 'boolean' && typeof value === 'boolean') return value === expected
  return asNumber(value) === Number(expected)
}

/** @returns undefined for what is no finite number */
function asNumber(value: unknown): number | undefined {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'string' && !/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value)) return undefined
  if (typeof value !== 'number' && typeof value !== 'string') return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

function asText(value: unknown): string {
  if (value === null) return 'null'
  if (value instanceof Date) return value.toISOString()
  if (Buffer.isBuffer(value)) return value.toString('utf8')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`
}
