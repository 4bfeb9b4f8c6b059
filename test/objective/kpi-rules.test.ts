import { describe, expect, test } from 'vitest'
import type { AlertingRule } from '../../src/model/rule.ts'
import { kpiGroup } from '../../src/objective/kpi-rules.ts'
import { parse, typeOf } from '../../src/promql/index.ts'
import { parseTemplate } from '../../src/rule/template.ts'
import { kpiOf } from './kpi-support.ts'

function recorded(entry: string): Record<string, string> {
  const rules = kpiGroup(kpiOf(entry)).rules
  return Object.fromEntries(rules.flatMap((rule) => (rule.kind === 'recording' ? [[rule.record, rule.expr]] : [])))
}

function alerts(entry: string): readonly AlertingRule[] {
  return kpiGroup(kpiOf(entry)).rules.filter((rule) => rule.kind === 'alerting')
}

describe('what is recorded', () => {
  test('of a gauge is how it is now, over all its series or by some labels', () => {
    expect(recorded('{ name: load, unit: percent, aggregations: [mean, max, min, sum, rate, p95] }')).toEqual({
      'kpi:load:mean': 'avg(load_percent)',
      'kpi:load:max': 'max(load_percent)',
      'kpi:load:min': 'min(load_percent)',
      'kpi:load:sum': 'sum(load_percent)',
      'kpi:load:rate': 'avg(deriv(load_percent[5m]))',
      'kpi:load:p95': 'quantile(0.95, load_percent)',
    })
    expect(recorded('{ name: load, unit: percent, labels: [team], by: [team], aggregations: [mean, p50] }')).toEqual({
      'kpi:load:mean': 'avg by (team) (load_percent)',
      'kpi:load:p50': 'quantile by (team) (0.5, load_percent)',
    })
  })

  test('of a gauge with a window is how it was within it', () => {
    expect(recorded('{ name: load, unit: percent, window: 1h, aggregations: [mean, max, sum, rate, p99] }')).toEqual({
      'kpi:load:mean': 'avg(avg_over_time(load_percent[1h]))',
      'kpi:load:max': 'max(max_over_time(load_percent[1h]))',
      'kpi:load:sum': 'sum(avg_over_time(load_percent[1h]))',
      'kpi:load:rate': 'avg(deriv(load_percent[1h]))',
      'kpi:load:p99': 'quantile(0.99, quantile_over_time(0.99, load_percent[1h]))',
    })
  })

  test('of a counter is its rate, and how many there were', () => {
    expect(recorded('{ name: orders, unit: count, kind: counter, by: [country], aggregations: [rate, sum] }')).toEqual({
      'kpi:orders:rate': 'sum by (country) (rate(orders_total[5m]))',
      'kpi:orders:sum': 'sum by (country) (increase(orders_total[5m]))',
    })
  })

  test('of a histogram is its quantiles, its mean while there is one, and how often', () => {
    expect(recorded('{ name: wait, unit: seconds, kind: histogram, aggregations: [p95, mean, rate, sum] }')).toEqual({
      'kpi:wait:p95': 'histogram_quantile(0.95, sum by (le) (rate(wait_seconds_bucket[5m])))',
      'kpi:wait:mean': 'sum(rate(wait_seconds_sum[5m])) / (sum(rate(wait_seconds_count[5m])) > 0)',
      'kpi:wait:rate': 'sum(rate(wait_seconds_count[5m]))',
      'kpi:wait:sum': 'sum(increase(wait_seconds_sum[5m]))',
    })
  })

  test('carries the name, the unit and the owner', () => {
    const [rule] = kpiGroup(kpiOf('{ name: load, unit: percent, owner: platform }')).rules
    expect(rule?.labels).toEqual({ kpi: 'load', unit: 'percent', owner: 'platform' })
  })

  test('of a gauge with an objective is whether it is bad, too', () => {
    expect(recorded('{ name: load, unit: percent, slo: { objective: 99, below: 80 } }')).toMatchObject({
      'kpi:load:bad': 'kpi:load:mean > bool 80',
    })
  })
})

describe('the alerts', () => {
  const both =
    '{ name: cognitive_load, unit: percent, thresholds: { critical: { high: 90, for: 2m }, warning: { high: 75, low: 5 } } }'

  test('have one name for both severities, so that one follows the other', () => {
    expect(alerts(both).map(({ alert, labels, forMs }) => [alert, labels.severity, forMs])).toEqual([
      ['KpiCognitiveLoadHigh', 'critical', 120_000],
      ['KpiCognitiveLoadHigh', 'medium', 0],
      ['KpiCognitiveLoadLow', 'medium', 0],
    ])
  })

  test('of severity medium wait while the critical one of the same side fires', () => {
    expect(alerts(both).map(({ expr }) => expr)).toEqual([
      'kpi:cognitive_load:mean > 90',
      'kpi:cognitive_load:mean > 75\nunless on (kpi)\nALERTS{alertname="KpiCognitiveLoadHigh", alertstate="firing", kpi="cognitive_load", severity="critical"}',
      'kpi:cognitive_load:mean < 5',
    ])
  })

  test('take text of the operator for text, and not for templates', () => {
    const [alert] = alerts(
      `{ name: load, unit: '{{ x }}', description: 'Say {{ "no" }}', runbook: 'https://r/{{y}}', thresholds: { warning: 1 } }`,
    )
    expect(alert?.annotations.description).toContain('Say {{ "{{" }} "no" }}')
    for (const text of Object.values(alert?.annotations ?? {})) expect(() => parseTemplate(text)).not.toThrow()
  })

  test.each([
    ['percent', '{{ printf "%.4g" $value }} %', '5 %'],
    ['ratio', '{{ $value | humanizePercentage }}', '500 %'],
    ['seconds', '{{ $value | humanizeDuration }}', '5 seconds'],
    ['bytes', '{{ $value | humanize1024 }}B', '5 bytes'],
    ['points', '{{ $value | humanize }} points', '5 points'],
    ['none', '{{ $value | humanize }}', '5'],
  ])('show the value in %s', (unit, value, limit) => {
    const [alert] = alerts(`{ name: load, unit: ${unit}, thresholds: { critical: { high: 5, for: 10m } } }`)
    expect(alert?.annotations.description).toBe(`Load is ${value} (mean; threshold over ${limit}, for 10m).`)
  })
})

test('every aggregation of every kind is an instant vector', () => {
  const allowed = {
    gauge: ['mean', 'max', 'min', 'sum', 'rate', 'p50', 'p95', 'p99'],
    counter: ['rate', 'sum'],
    histogram: ['mean', 'sum', 'rate', 'p50', 'p95', 'p99'],
  }
  for (const [kind, aggregations] of Object.entries(allowed)) {
    for (const more of ['', ', window: 1h', ', by: [team]', ', window: 1h, by: [team, region]']) {
      const entry = `{ name: load, unit: percent, kind: ${kind}, aggregations: [${aggregations.join(', ')}]${more} }`
      for (const expr of Object.values(recorded(entry))) expect(typeOf(parse(expr)), expr).toBe('vector')
    }
  }
})
