import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compileSlos } from '../../src/objective/compile-all.ts'
import { readSpecs } from '../../src/objective/spec/read.ts'
import { runUnitTestFile } from '../../src/rule/unit-test/run.ts'
import { ruleFileText } from '../../src/wire/rule-file.ts'
import { tempFolder } from '../e2e/midwatch.ts'

const EVENTS = `
    sli:
      events:
        error_query: sum by (zone) (rate(errors_total[{{.window}}]))
        total_query: sum by (zone) (rate(requests_total[{{.window}}]))`

interface Case {
  readonly spec?: string
  readonly isExact?: boolean
  readonly series: Readonly<Record<string, string>>
  readonly atMinute: number
  /** Expressions with the value that each has, or nothing. */
  readonly values?: Readonly<Record<string, number | undefined>>
  /** Alerts that fire then, by what tells them apart. */
  readonly fires?: readonly Readonly<Record<string, string>>[]
}

/** Plays series to the rules of one SLO, evaluated once a minute, and compares what comes out of it. */
async function play({ spec = EVENTS, isExact = false, series, atMinute, values = {}, fires }: Case): Promise<void> {
  const text = `version: prometheus/v1
service: shop
slos:
  - name: orders
    objective: 99.9
    alerting: { name: OrdersBurn, annotations: { title: t, summary: s, description: d } }${spec}
`
  const { slos, problems } = readSpecs([{ file: 'slo.yml', text }])
  expect(problems).toEqual([])
  const { compiled } = compileSlos(slos, { version: '1', isSlothExact: isExact })
  using folder = tempFolder()
  writeFileSync(join(folder.path, 'rules.yml'), ruleFileText(compiled.flatMap(({ groups }) => groups)))
  const identity = { sloth_id: 'shop-orders', sloth_service: 'shop', sloth_slo: 'orders' }
  const unitTest = {
    interval: '1m',
    input_series: Object.entries(series).map(([name, all]) => ({ series: name, values: all })),
    promql_expr_test: Object.entries(values).map(([expr, value]) => ({
      expr: `sum(${expr})`,
      eval_time: `${atMinute}m`,
      exp_samples: value === undefined ? [] : [{ labels: '{}', value }],
    })),
    alert_rule_test:
      fires === undefined
        ? []
        : [
            {
              eval_time: `${atMinute}m`,
              alertname: 'OrdersBurn',
              exp_alerts: fires.map((labels) => ({
                exp_labels: { ...identity, ...labels },
                exp_annotations: { title: 't', summary: 's', description: 'd' },
              })),
            },
          ],
  }
  const file = join(folder.path, 'test.yml')
  writeFileSync(file, JSON.stringify({ rule_files: ['rules.yml'], evaluation_interval: '1m', tests: [unitTest] }))
  const report = await runUnitTestFile(file)
  expect({ problems: report.problems, failures: report.tests.flatMap(({ failures }) => failures) }).toEqual({
    problems: [],
    failures: [],
  })
}

const PERIOD = 'slo:sli_error:ratio_rate30d'
const FIVE = 'slo:sli_error:ratio_rate5m'
const LEFT = 'slo:period_error_budget_remaining:ratio'

/** An hour of traffic without an error, and then a silent one. */
const QUIET = {
  'requests_total{zone="a"}': '1000+60x60 4600x60',
  'errors_total{zone="a"}': '10x120',
}

test('a quiet night is no value, and the month is the mean of what was measured', async () => {
  await play({ series: QUIET, atMinute: 110, values: { [FIVE]: undefined, [PERIOD]: 0, [LEFT]: 1 } })
})

test('exactly as Sloth has it, the quiet night makes the whole month no number', async () => {
  await play({ series: QUIET, isExact: true, atMinute: 110, values: { [`(${PERIOD} != ${PERIOD}) ^ 0`]: 1 } })
  await play({
    series: QUIET,
    spec: `${EVENTS}\n    guards: false`,
    atMinute: 110,
    values: { [`(${PERIOD} != ${PERIOD}) ^ 0`]: 1 },
  })
})

test('errors that nobody has counted yet are none, series by series', async () => {
  const series = {
    'requests_total{zone="a"}': '1000+60x60',
    'requests_total{zone="b"}': '1000+60x60',
    'errors_total{zone="b"}': '1000+6x60',
  }
  const one = (zone: string) => `${FIVE}{zone="${zone}"}`
  await play({ series, atMinute: 60, values: { [one('a')]: 0, [`round(${one('b')}, 0.001)`]: 0.1 } })
  await play({ series, isExact: true, atMinute: 60, values: { [one('a')]: undefined } })
})

test('where errors are all minus the good ones, good ones that are not there are no lack of errors', async () => {
  const spec = EVENTS.replace(
    'sum by (zone) (rate(errors_total[{{.window}}]))',
    'sum(rate(requests_total[{{.window}}])) - sum(rate(good_total[{{.window}}]))',
  )
  const series = { requests_total: '1000+60x60' }
  await play({ spec, series, atMinute: 60, values: { [FIVE]: undefined } })
})

/** Three requests an hour, of which one fails. */
const RARE = {
  'requests_total{zone="a"}': '100x19 101x19 102x19 103x19',
  'errors_total{zone="a"}': '50x19 50x19 50x19 51x19',
}

test('one error of three requests is no page, unless it is to be exactly as Sloth has it', async () => {
  await play({ series: RARE, atMinute: 62, fires: [] })
  const told = [
    { sloth_severity: 'page', zone: 'a' },
    { sloth_severity: 'ticket', zone: 'a' },
  ]
  await play({ series: RARE, isExact: true, atMinute: 62, fires: told })
  const urgent = [
    { ...told[0], severity: 'critical' },
    { ...told[1], severity: 'medium' },
  ]
  await play({ series: RARE, spec: `${EVENTS}\n    min_events: 0`, atMinute: 62, fires: urgent })
})

/** Six requests within an hour, of which the last four fail. */
const FAILING = {
  'requests_total{zone="a"}': '100x9 101x9 102x9 103x9 104x9 105x9 106x9',
  'errors_total{zone="a"}': '50x9 50x9 50x9 51x9 52x9 53x9 54x9',
}
const LOW = { sloth_severity: 'ticket', severity: 'medium', slo_condition: 'low traffic', zone: 'a' }

test('some errors in times with few events are told by their number', async () => {
  await play({ series: FAILING, atMinute: 45, fires: [] })
  await play({ series: FAILING, atMinute: 65, fires: [LOW] })
  await play({ series: FAILING, spec: `${EVENTS}\n    low_traffic: false`, atMinute: 65, fires: [] })
  const paging = `${EVENTS}\n    low_traffic: { errors: 2, within: 1h, severity: page }`
  await play({
    series: FAILING,
    spec: paging,
    atMinute: 55,
    fires: [{ ...LOW, sloth_severity: 'page', severity: 'critical' }],
  })
})

test('events that are counted within the window are not multiplied by it', async () => {
  const spec = EVENTS.replaceAll('rate(', 'increase(')
  const series = { 'requests_total{zone="a"}': '1000+6x60', 'errors_total{zone="a"}': '10x60' }
  await play({ spec, series, atMinute: 60, values: { 'round(slo:sli_total:events1h)': 360 } })
  await play({ series, atMinute: 60, values: { 'round(slo:sli_total:events1h)': 360 } })
})
