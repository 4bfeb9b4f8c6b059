import { z } from 'zod'
import { parseDuration } from '../model/duration.ts'
import { KPI_AGGREGATIONS, KPI_KINDS, KPI_PANELS } from './kpi.ts'

/** The version of the form that is read here; older ones are brought up to it by `migrateKpis`. */
export const KPI_SCHEMA_VERSION = 2

const NAME = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/
const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

const text = (what: string) => z.string({ error: `is not a text; write ${what}` })

const duration = z
  .string({ error: 'is not a duration; write one such as 30s, 5m or 1h' })
  .meta({ examples: ['5m'], description: 'A duration of Prometheus, such as 30s, 5m or 1h.' })
  .transform((written, context) => {
    const ms = parseDuration(written)
    if (ms !== undefined) return ms
    const message = `"${written}" is not a duration; write one such as 30s, 5m or 1h`
    context.addIssue({ code: 'custom', message, input: written })
    return z.NEVER
  })

const window = duration.refine((ms) => ms > 0, { error: 'is no time at all; write one such as 5m' })

const labelName = z.string().regex(LABEL, { error: 'is not a label name; write letters, digits and underscores' })

const labelRange = z.union([z.null(), z.int().positive(), z.array(z.string()).min(1)], {
  error: 'is no range of values; write a list of values, the most that there may be, or nothing',
})

const labels = z
  .union([z.array(labelName), z.record(labelName, labelRange)], {
    error: 'is neither a list of names nor names with their values; write [team, region] or {team: [blue, green]}',
  })
  .describe(
    'The labels that the metric may carry, besides job and instance: a list of names, or names with their values, with the most values that there may be, or with nothing. Without it any label is taken.',
  )

const limits = z.union(
  [
    z.number(),
    z.strictObject({
      high: z.number().optional().describe('Above it the alert begins.'),
      low: z.number().optional().describe('Below it the alert begins.'),
      for: duration.optional().describe('How long it has to hold before the alert fires.'),
    }),
  ],
  { error: 'is no limit; write {high: 90}, {low: 5}, both, or a number for the upper one' },
)

const thresholds = z
  .strictObject({
    critical: limits.optional().describe('Fires an alert of severity critical.'),
    warning: limits.optional().describe('Fires an alert of severity medium, while no critical one of this KPI fires.'),
    for: duration.optional().describe('How long a limit has to be passed, where the limit does not say it.'),
    of: z
      .enum(KPI_AGGREGATIONS)
      .optional()
      .describe('The aggregation that is held against the limits; the first one unless told.'),
  })
  .describe('Limits, in the unit of the KPI.')

const dashboard = z
  .union(
    [
      z.literal(false),
      z.strictObject({
        panel: z.enum(KPI_PANELS).optional().describe('How it is drawn; a graph unless told.'),
        place: text('the title of a row').min(1).optional().describe('The title of the row in which it stands.'),
      }),
    ],
    { error: 'is no place on the dashboard; write {panel: graph, place: Operators}, or false for none' },
  )
  .describe('Its panel on the dashboard of KPIs; false leaves it out.')

const slo = z
  .strictObject({
    objective: z
      .number()
      .gt(0)
      .lte(100, { error: 'is more than all of it; write percent up to 100' })
      .describe('How much has to be good, in percent.'),
    window: duration.optional().describe('The period of the error budget; 30d unless told.'),
    below: z.number().optional().describe('Good is what stays at or below it.'),
    above: z.number().optional().describe('Good is what stays at or above it.'),
    bad: text('matchers such as outcome="failure"')
      .min(1)
      .optional()
      .describe('For counters: matchers of what is bad, such as outcome="failure".'),
  })
  .describe('An objective for this KPI. Without below, above or bad, the critical limits say what is good.')

/** One entry, as it is written in the file. */
export const kpiEntry = z.strictObject({
  name: z
    .string({ error: 'is missing or no text; write a name such as cognitive_load' })
    .regex(NAME, { error: 'is not a name; write small letters, digits and underscores, such as cognitive_load' })
    .describe('Its name, in small letters with underscores; unique among all files.'),
  description: text('what it tells').optional().describe('What it tells, for people.'),
  unit: text('the unit of the metric, such as percent, seconds or bytes')
    .min(1)
    .describe('The unit: percent, ratio, seconds, milliseconds, bytes, dollars, euros, or any other word.'),
  metric: z
    .string()
    .regex(METRIC, { error: 'is not a metric name; write letters, digits and underscores' })
    .optional()
    .describe('The metric; made of namespace, name and unit unless told.'),
  kind: z
    .enum(KPI_KINDS)
    .optional()
    .describe('What it is; a counter when the metric ends in _total, and a gauge otherwise, unless told.'),
  labels: labels.optional(),
  by: z.array(labelName).optional().describe('Labels that the aggregations keep apart; none unless told: one number.'),
  window: window.optional().describe('Over how long is looked; 5m unless told, and gauges as they are now.'),
  buckets: z.array(z.number()).min(1).optional().describe('Upper bounds of a histogram.'),
  aggregations: z
    .array(z.enum(KPI_AGGREGATIONS))
    .min(1, { error: 'is empty; write some of [mean, max, min, sum, rate, p50, p95, p99]' })
    .optional()
    .describe('What is recorded as kpi:<name>:<aggregation>.'),
  thresholds: thresholds.optional(),
  dashboard: dashboard.optional(),
  owner: text('who answers for it').min(1).optional().describe('Who answers for it; a label of its series and alerts.'),
  runbook: text('an address').min(1).optional().describe('What to do when it is over a limit: an address.'),
  slo: slo.optional(),
  depends_on: z.array(z.string()).optional().describe('Names of KPIs on which it depends.'),
})

export type WrittenKpi = z.output<typeof kpiEntry>

/** A whole file. */
export const kpiFile = z.strictObject({
  schema_version: z.literal(KPI_SCHEMA_VERSION).optional().describe(`The version of this form: ${KPI_SCHEMA_VERSION}.`),
  namespace: z
    .string()
    .regex(METRIC, { error: 'is not the beginning of a metric name; write letters, digits and underscores' })
    .optional()
    .describe('What metrics begin with whose names are made here.'),
  kpis: z.array(kpiEntry, { error: 'is not a list; write a line with "- name: …" for each KPI' }).describe('The KPIs.'),
})

export type WrittenKpiFile = z.output<typeof kpiFile>

/** JSON Schema of a file, for editors. */
export function kpiJsonSchema(): object {
  const schema = z.toJSONSchema(kpiFile, { io: 'input', target: 'draft-7', unrepresentable: 'any' })
  return { ...schema, title: 'kpis.yml of midwatch' }
}
