import { describe, expect, test } from 'vitest'
import { formatProblem } from '../../../src/model/problem.ts'
import { readSpecs } from '../../../src/objective/spec/read.ts'

const QUERY = (name: string) =>
  `{ metricSource: { type: Prometheus, spec: { query: 'sum(rate(${name}[{{.window}}]))' } } }`

const INDICATOR = `  indicator:
    metadata: { name: ok }
    spec:
      ratioMetric:
        counter: true
        good: ${QUERY('good_total')}
        total: ${QUERY('all_total')}`

const SLO = `apiVersion: openslo/v1
kind: SLO
metadata: { name: requests, labels: { team: [shop], 'a.b/c': [x], many: [x, y] } }
spec:
  service: shop
  description: Requests
${INDICATOR}
  timeWindow: [{ duration: 4w, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.999 }, { targetPercent: 95 }]
`

function read(...texts: readonly string[]) {
  const { slos, problems } = readSpecs(texts.map((text, i) => ({ file: `${String.fromCharCode(97 + i)}.yml`, text })))
  const told = (severity: string) => problems.filter((one) => one.severity === severity).map(formatProblem)
  return { slos, errors: told('error'), warnings: told('warning') }
}

describe('OpenSLO v1', () => {
  test('budgets of occurrences may be written small, as in the first version', () => {
    expect(read(SLO.replace('Occurrences', 'occurrences')).slos).toEqual(read(SLO).slos)
  })

  test('an indicator that is nowhere is told once, and objectives that are none are told beside it', () => {
    const { errors } = read(
      SLO.replace(INDICATOR, '  indicatorRef: nowhere').replace('target: 0.999', 'target: 99.9').replace('95', '195'),
    )
    expect(errors).toEqual([
      'a.yml:7:17: spec.indicatorRef: there is no SLI "nowhere" among the files',
      "a.yml:10:26: spec.objectives[0].target: 99.9 can't be a target; write a share above 0 and up to 1, such as 0.999",
      expect.stringContaining("spec.objectives[1].targetPercent: 195 can't be an objective"),
    ])
  })

  test('ratios of good events over a rolling window become an SLO for each objective', () => {
    const { slos, errors, warnings } = read(SLO)
    expect(errors).toEqual([])
    expect(warnings).toEqual([
      expect.stringContaining('metadata.labels.a.b/c: warning: can’t be a label of series'),
      expect.stringContaining('metadata.labels.many: warning: can’t be a label of series'),
    ])
    expect(slos).toMatchObject([
      {
        id: 'shop-requests-0',
        name: 'requests-0',
        objective: 99.9,
        periodMs: 28 * 86_400_000,
        labels: { team: 'shop' },
        page: undefined,
        ticket: undefined,
        sli: {
          kind: 'events',
          errorQuery:
            '(sum(rate(all_total[{{.window}}]))) - ((sum(rate(good_total[{{.window}}]))) or 0 * (sum(rate(all_total[{{.window}}]))))',
          totalQuery: 'sum(rate(all_total[{{.window}}]))',
          counts: 'events a second',
        },
        origin: { spec: 'openslo/v1', mode: 'cli-gen-openslo' },
      },
      { id: 'shop-requests-1', objective: 95 },
    ])
  })

  test('bad events are the errors, and a raw ratio is the share of good or of bad ones', () => {
    const bad = SLO.replace('good: ', 'bad: ').replace('good_total', 'bad_total')
    expect(read(bad).slos[0]?.sli).toMatchObject({
      errorQuery: 'sum(rate(bad_total[{{.window}}]))',
      isZeroWhenAbsent: true,
    })
    const raw = (type: string) =>
      SLO.replace(/ {8}good: .*\n {8}total: .*/, `        rawType: ${type}\n        raw: ${QUERY('ratio')}`)
    expect(read(raw('success')).slos[0]?.sli).toEqual({
      kind: 'raw',
      errorRatioQuery: '1 - (sum(rate(ratio[{{.window}}])))',
    })
    expect(read(raw('failure')).slos[0]?.sli).toEqual({ kind: 'raw', errorRatioQuery: 'sum(rate(ratio[{{.window}}]))' })
  })

  test('an indicator, its data source and the policies of alerts may stand in other files', () => {
    const slo = SLO.replace(INDICATOR, '  indicatorRef: ok\n  alertPolicies: [wake, { alertPolicyRef: write }]')
    const parts = `apiVersion: openslo/v1
kind: SLI
metadata: { name: ok }
spec:
  ratioMetric:
    counter: true
    good: { metricSource: { metricSourceRef: prom, spec: { query: 'sum(rate(good_total[{{.window}}]))' } } }
    total: { metricSource: { metricSourceRef: prom, spec: { query: 'sum(rate(all_total[{{.window}}]))' } } }
---
apiVersion: openslo/v1
kind: DataSource
metadata: { name: prom }
spec: { type: prometheus, connectionDetails: { url: http://prometheus:9090 } }
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: { name: wake }
spec: { conditions: [{ conditionRef: fast }], notificationTargets: [] }
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: { name: fast }
spec: { severity: page, condition: { kind: burnrate, op: lte, threshold: 2, lookbackWindow: 1h, alertAfter: 5m } }
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: { name: write }
spec: { conditions: [{ kind: AlertCondition, metadata: { name: slow }, spec: { severity: low } }] }
---
apiVersion: openslo/v1
kind: Service
metadata: { name: shop }
spec: { description: a shop }
`
    const { slos, errors, warnings } = read(slo, parts)
    expect(errors).toEqual([])
    expect(slos).toHaveLength(2)
    expect(slos[0]).toMatchObject({ page: { name: 'wake' }, ticket: { name: 'write' }, sli: { kind: 'events' } })
    expect(warnings).toEqual(
      expect.arrayContaining([expect.stringContaining('spec.alertPolicies: warning: name who is told')]),
    )
    expect(read(slo).errors).toEqual(
      expect.arrayContaining([expect.stringContaining('spec.indicatorRef: there is no SLI "ok" among the files')]),
    )
    expect(read(slo, parts.replace('type: prometheus', 'type: Datadog')).errors).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^b\.yml:\d+:\d+: .*prom is of the type "Datadog", which can’t be asked/),
      ]),
    )
  })

  test.each([
    ['budgetingMethod: Occurrences', 'budgetingMethod: Timeslices', 'count events and not slices of time'],
    ['budgetingMethod: Occurrences', 'budgetingMethod: RatioTimeslices', 'count events and not slices of time'],
    ['isRolling: true', 'isRolling: false', 'only rolling windows can be measured'],
    [
      'duration: 4w, isRolling: true',
      "duration: 1M, calendar: { startTime: '2026-01-01 00:00:00', timeZone: UTC }",
      'begins anew with the calendar',
    ],
    ['duration: 4w', 'duration: 1M', 'only whole days and weeks can'],
    ['duration: 4w', 'duration: 36h', 'only whole days and weeks can'],
    ['timeWindow: [', 'timeWindow: [{ duration: 1w, isRolling: true }, ', 'only one time window can be measured'],
    ['ratioMetric:', 'thresholdMetric: { metricSource: {} }\n      ratioMetric:', 'compares one number with a limit'],
    ['{ target: 0.999 }', '{ target: 0.999, indicatorRef: ok, compositeWeight: 1 }', 'belongs to a composite SLO'],
    ['{ target: 0.999 }', '{ target: 0.999, targetPercent: 99.9 }', 'and target say the same'],
    ['{ target: 0.999 }', '{ target: 99.9 }', "99.9 can't be a target; write a share"],
    ['{ target: 0.999 }', '{ op: lte, value: 1 }', 'objectives[0].target: is missing'],
    ['type: Prometheus', 'type: Datadog', 'Datadog can’t be asked; only Prometheus can'],
    ['[{{.window}}]', '[5m]', 'has to have {{.window}}'],
    ['good: ', 'neither: ', 'needs one of good and bad, beside total'],
  ])('%s written as %s is refused with the reason', (right, wrong, reason) => {
    const { slos, errors } = read(SLO.replace(right, wrong))
    expect(errors).toEqual(expect.arrayContaining([expect.stringContaining(reason)]))
    expect(slos).toEqual([])
  })
})

describe('OpenSLO v1alpha', () => {
  const ALPHA = `apiVersion: openslo/v1alpha
kind: SLO
metadata: { name: requests }
spec:
  service: shop
  budgetingMethod: Occurrences
  objectives:
    - ratioMetrics:
        good: { source: prometheus, queryType: promql, query: 'sum(rate(good_total[{{.window}}]))' }
        total: { source: prometheus, queryType: promql, query: 'sum(rate(all_total[{{.window}}]))' }
      target: 0.98
  timeWindows: [{ count: 28, unit: Day }]
`

  test('is read as Sloth reads it: one minus the share of good events, and nobody is told', () => {
    const { slos, errors, warnings } = read(ALPHA)
    expect([...errors, ...warnings]).toEqual([])
    expect(slos[0]).toMatchObject({
      id: 'shop-requests-0',
      objective: 98,
      periodMs: 28 * 86_400_000,
      sli: { kind: 'raw', errorRatioQuery: expect.stringMatching(/^\n {2}1 - \(\n {4}\(\n {6}sum\(rate\(good_total/) },
      page: undefined,
      ticket: undefined,
      labels: {},
    })
    expect(read(ALPHA.replace('  timeWindows: [{ count: 28, unit: Day }]\n', '')).slos[0]?.periodMs).toBeUndefined()
  })

  test.each([
    ['unit: Day', 'unit: Month', 'only windows of days can'],
    ['source: prometheus', 'source: datadog', '"datadog" can’t be asked; write prometheus'],
    ['queryType: promql', 'queryType: sql', '"sql" can’t be asked; write promql'],
    ['ratioMetrics:', 'ratioMetric:', 'only ratios of good and total events can be measured'],
    ['target: 0.98', 'value: 1', 'target: is missing'],
  ])('%s written as %s is refused', (right, wrong, reason) => {
    expect(read(ALPHA.replace(right, wrong)).errors).toEqual(expect.arrayContaining([expect.stringContaining(reason)]))
  })
})
