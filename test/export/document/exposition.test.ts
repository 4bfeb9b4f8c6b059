import { describe, expect, test } from 'vitest'
import { type ExposedFamily, histogramQuantile, unitOfName } from '../../../src/export/document/exposed-family.ts'
import { exposition } from '../../../src/export/document/exposition.ts'
import { metricsJson } from '../../../src/export/document/metrics-json.ts'
import { ownFamilies } from '../../../src/export/document/own-families.ts'
import { probeMetricMeta } from '../../../src/export/document/probe-metrics.ts'
import { Labels } from '../../../src/model/labels.ts'

const text = { format: 'text', names: 'underscores' } as const
const openMetrics = { format: 'openmetrics', names: 'underscores' } as const

const latency: ExposedFamily = {
  name: 'x_seconds',
  type: 'histogram',
  help: 'How long x took.',
  unit: 'seconds',
  series: [
    {
      labels: Labels.of({ __name__: 'x_seconds', queue: 'mail' }),
      histogram: { bounds: [0.5, 1], cumulative: [4, 8, 10], sum: 7.5, count: 10 },
    },
  ],
}

function gauge(...values: readonly (readonly [string, number])[]): ExposedFamily {
  return {
    name: 'g',
    type: 'gauge',
    help: '',
    unit: '',
    series: values.map(([kind, value]) => ({ labels: Labels.of({ __name__: 'g', kind }), value })),
  }
}

function json(families: readonly ExposedFamily[]) {
  return JSON.parse([...metricsJson(families, { nowMs: Date.UTC(2026, 0, 2), uptimeSeconds: 86_400 })].join(''))
}

describe('text for scrapers', () => {
  test('writes a histogram as its buckets, sum and count', () => {
    expect([...exposition([latency], text)].join('')).toBe(`# HELP x_seconds How long x took.
# TYPE x_seconds histogram
x_seconds_bucket{le="0.5",queue="mail"} 4
x_seconds_bucket{le="1",queue="mail"} 8
x_seconds_bucket{le="+Inf",queue="mail"} 10
x_seconds_sum{queue="mail"} 7.5
x_seconds_count{queue="mail"} 10
`)
  })

  test('writes bounds as floats, the unit and the end where the text is OpenMetrics', () => {
    expect([...exposition([latency], openMetrics)].join('')).toBe(`# TYPE x_seconds histogram
# UNIT x_seconds seconds
# HELP x_seconds How long x took.
x_seconds_bucket{le="0.5",queue="mail"} 4
x_seconds_bucket{le="1.0",queue="mail"} 8
x_seconds_bucket{le="+Inf",queue="mail"} 10
x_seconds_sum{queue="mail"} 7.5
x_seconds_count{queue="mail"} 10
# EOF
`)
  })

  test('comes in pieces, so that ten thousand series are never one long piece of work', () => {
    const many = gauge(...Array.from({ length: 10_000 }, (_, i) => [`kind-${i}`, i] as const))
    const pieces = [...exposition([many], text)]
    expect(pieces.length).toBeGreaterThan(3)
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(70_000)
  })
})

describe('JSON for people and scripts', () => {
  test('has time, uptime and each metric with type, help, unit and series', () => {
    expect(json([gauge(['a', 1.5])])).toEqual({
      at: '2026-01-02T00:00:00.000Z',
      uptime_seconds: 86_400,
      metrics: { g: { type: 'gauge', help: '', unit: '', series: [{ labels: { kind: 'a' }, value: 1.5 }] } },
    })
  })

  test('has a histogram with cumulative buckets by bound and the quantiles that histogram_quantile gives', () => {
    expect(json([latency]).metrics.x_seconds.series).toEqual([
      {
        labels: { queue: 'mail' },
        count: 10,
        sum: 7.5,
        buckets: { '0.5': 4, '1': 8, '+Inf': 10 },
        p50: 0.625,
        p95: 1,
        p99: 1,
      },
    ])
  })

  test('gives no quantiles of nothing', () => {
    const empty = { bounds: [0.5, 1], cumulative: [0, 0, 0], sum: 0, count: 0 }
    expect(histogramQuantile(empty, 0.5)).toBeUndefined()
    const family = { ...latency, series: [{ labels: Labels.of({ __name__: 'x_seconds' }), histogram: empty }] }
    expect(json([family]).metrics.x_seconds.series[0]).toMatchObject({ count: 0, p50: null, p95: null, p99: null })
  })

  test('writes numbers that JSON does not have as texts', () => {
    const family = gauge(['nan', Number.NaN], ['up', Number.POSITIVE_INFINITY], ['down', Number.NEGATIVE_INFINITY])
    const values = json([family]).metrics.g.series.map(({ value }: { value: unknown }) => value)
    expect(values).toEqual(['NaN', '+Inf', '-Inf'])
  })

  test('keeps quotes, line breaks, control characters and emoji in labels', () => {
    const wild = 'a "quoted" \\ line\nbreak \u0001 \u{1f319} \ud800'
    expect(json([gauge([wild, 1])]).metrics.g.series[0].labels.kind).toBe(wild)
  })

  test('takes label names such as __proto__ and constructor for what they are', () => {
    const family: ExposedFamily = {
      ...gauge(),
      series: [
        {
          labels: Labels.of([
            ['__name__', 'g'],
            ['__proto__', 'a'],
            ['constructor', 'b'],
          ]),
          value: 1,
        },
      ],
    }
    const [series] = json([family]).metrics.g.series
    expect(Object.entries(series.labels)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
  })
})

describe('what is known of a metric', () => {
  test('reads the unit off the name', () => {
    expect(unitOfName('llm_call_duration_seconds')).toBe('seconds')
    expect(unitOfName('llm_cost_dollars_total')).toBe('dollars')
    expect(unitOfName('node_memory_MemTotal_bytes')).toBe('bytes')
    expect(unitOfName('llm_calls_total')).toBe('')
    expect(unitOfName('seconds')).toBe('')
  })

  test('knows the metrics of probes from what the probes declare', () => {
    expect(probeMetricMeta('probe_success')).toMatchObject({ type: 'gauge' })
    expect(probeMetricMeta('probe_http_status_code')).toMatchObject({
      type: 'gauge',
      help: expect.stringMatching(/\w/),
    })
    expect(probeMetricMeta('node_cpu_seconds_total')).toMatchObject({ type: 'counter', unit: 'seconds' })
    expect(probeMetricMeta('node_memory_MemAvailable_bytes')).toMatchObject({ type: 'gauge', unit: 'bytes' })
    expect(probeMetricMeta('llm_calls_total')).toBeUndefined()
  })

  test('takes a histogram of our own apart by its labels', () => {
    const value = (metricName: string, number: number, le?: number | string) => ({
      metricName,
      value: number,
      labels: { route: '/health', ...(le === undefined ? {} : { le }) },
    })
    const values = [
      value('h_seconds_bucket', 2, 0.5),
      value('h_seconds_bucket', 1, 0.1),
      value('h_seconds_bucket', 3, '+Inf'),
      value('h_seconds_sum', 4.5),
      value('h_seconds_count', 3),
    ]
    expect(ownFamilies([{ name: 'h_seconds', help: 'h', type: 'histogram', values }])).toEqual([
      {
        name: 'h_seconds',
        type: 'histogram',
        help: 'h',
        unit: 'seconds',
        series: [
          {
            labels: Labels.of({ __name__: 'h_seconds', route: '/health' }),
            histogram: { bounds: [0.1, 0.5], cumulative: [1, 2, 3], sum: 4.5, count: 3 },
          },
        ],
      },
    ])
  })
})
