import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Labels } from '../../src/model/labels.ts'
import type { MetricType } from '../../src/model/metric.ts'
import type { ExpositionFormat } from '../../src/wire/exposition.ts'
import { type MetricFamily, parseExposition } from '../../src/wire/exposition-family.ts'
import {
  expositionContentType,
  formatOfContentType,
  negotiateExposition,
  SCRAPE_ACCEPT,
  writeExposition,
} from '../../src/wire/exposition-media.ts'
import type { NameStyle } from '../../src/wire/exposition-names.ts'
import { runPeer, testWithPeer } from '../support/peers.ts'

function write(families: Iterable<MetricFamily>, format: ExpositionFormat, names: NameStyle = 'underscores'): string {
  return [...writeExposition(families, { format, names })].join('')
}

function sample(name: string, labels: Record<string, string>, value: number, rest: { timestampMs?: number } = {}) {
  return { labels: Labels.of({ __name__: name, ...labels }), value, ...rest }
}

const families: readonly MetricFamily[] = [
  {
    name: 'requests_total',
    type: 'counter',
    help: 'Requests by "path",\nwith a \\ in it.',
    samples: [
      sample('requests_total', { path: 'C:\\x "y"\nz' }, 1027, { timestampMs: 1395066363001 }),
      sample('requests_created', { path: 'C:\\x "y"\nz' }, 1395066000),
    ],
  },
  { name: 'temperature', type: 'gauge', help: '', samples: [sample('temperature', {}, -0.5)] },
  {
    name: 'latency_seconds',
    type: 'histogram',
    help: 'Latency.',
    unit: 'seconds',
    samples: [
      sample('latency_seconds_bucket', { le: '0.1' }, 1),
      sample('latency_seconds_bucket', { le: '+Inf' }, 2),
      sample('latency_seconds_sum', {}, 1e21),
      sample('latency_seconds_count', {}, 2),
    ],
  },
  { name: 'build_info', type: 'info', help: 'Build.', samples: [sample('build_info', { version: '1' }, 1)] },
  { name: 'odd', type: 'counter', help: '', samples: [sample('odd', {}, Number.NaN)] },
  { name: 'mystery', type: 'unknown', help: '', samples: [sample('mystery', {}, Infinity)] },
]

describe('the writer', () => {
  test('writes the text format', () => {
    expect(write(families, 'text')).toBe(`# HELP requests_total Requests by "path",\\nwith a \\\\ in it.
# TYPE requests_total counter
requests_total{path="C:\\\\x \\"y\\"\\nz"} 1027 1395066363001
# HELP requests_created When requests_total began to be counted.
# TYPE requests_created gauge
requests_created{path="C:\\\\x \\"y\\"\\nz"} 1395066000
# TYPE temperature gauge
temperature -0.5
# HELP latency_seconds Latency.
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.1"} 1
latency_seconds_bucket{le="+Inf"} 2
latency_seconds_sum 1e+21
latency_seconds_count 2
# HELP build_info Build.
# TYPE build_info gauge
build_info{version="1"} 1
# TYPE odd counter
odd NaN
# TYPE mystery untyped
mystery +Inf
`)
  })

  test('writes OpenMetrics, where a counter without _total can only be unknown', () => {
    expect(write(families, 'openmetrics')).toBe(`# TYPE requests counter
# HELP requests Requests by \\"path\\",\\nwith a \\\\ in it.
requests_total{path="C:\\\\x \\"y\\"\\nz"} 1027 1395066363.001
requests_created{path="C:\\\\x \\"y\\"\\nz"} 1395066000
# TYPE temperature gauge
temperature -0.5
# TYPE latency_seconds histogram
# UNIT latency_seconds seconds
# HELP latency_seconds Latency.
latency_seconds_bucket{le="0.1"} 1
latency_seconds_bucket{le="+Inf"} 2
latency_seconds_sum 1e+21
latency_seconds_count 2
# TYPE build info
# HELP build Build.
build_info{version="1"} 1
# TYPE odd unknown
odd NaN
# TYPE mystery unknown
mystery +Inf
# EOF
`)
  })

  test('keeps a gauge and a counter apart whose OpenMetrics names are the same', () => {
    const text = write(
      [
        { name: 'jobs', type: 'gauge', help: '', samples: [sample('jobs', {}, 1)] },
        { name: 'jobs_total', type: 'counter', help: '', samples: [sample('jobs_total', {}, 2)] },
      ],
      'openmetrics',
    )
    expect(text).toBe('# TYPE jobs gauge\njobs 1\n# TYPE jobs_total unknown\njobs_total 2\n# EOF\n')
  })

  test('writes exemplars in OpenMetrics only, and none that is too long', () => {
    const exemplar = { labelPairs: ['trace_id', 'abc"d'], value: 0.5, timestampMs: 1500 }
    const tooLong = { ...exemplar, labelPairs: ['trace_id', 'x'.repeat(121)] }
    const family: MetricFamily = {
      name: 'a_total',
      type: 'counter',
      help: '',
      samples: [
        { ...sample('a_total', { b: '1' }, 1), exemplar },
        { ...sample('a_total', { b: '2' }, 1), exemplar: tooLong },
      ],
    }
    expect(write([family], 'openmetrics')).toContain(
      'a_total{b="1"} 1 # {trace_id="abc\\"d"} 0.5 1.5\na_total{b="2"} 1\n',
    )
    expect(write([family], 'text')).toContain('a_total{b="1"} 1\n')
  })

  test('writes other names in quotes, or with underscores for readers that do not know those', () => {
    const dotted: MetricFamily = {
      name: 'http.requests',
      type: 'gauge',
      help: '',
      samples: [sample('http.requests', { 'a.b': 'c', '9': 'd' }, 1)],
    }
    expect(write([dotted], 'text', 'quoted')).toBe(
      '# TYPE "http.requests" gauge\n{"http.requests","9"="d","a.b"="c"} 1\n',
    )
    expect(write([dotted], 'text')).toBe('# TYPE http_requests gauge\nhttp_requests{_9="d",a_b="c"} 1\n')
  })

  test('hands on pieces instead of one long text', () => {
    const many: MetricFamily = {
      name: 'a',
      type: 'gauge',
      help: '',
      samples: Array.from({ length: 20_000 }, (_, i) => sample('a', { i: String(i) }, i)),
    }
    for (const format of ['text', 'openmetrics'] as const) {
      const pieces = [...writeExposition([many], { format, names: 'underscores' })]
      expect(pieces.length).toBeGreaterThan(3)
      expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(70_000)
      expect(parseExposition(pieces.join(''), format)[0]?.samples).toHaveLength(20_000)
    }
  })

  const labelName = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/)
  const anyText = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  function family(style: NameStyle) {
    const names = style === 'quoted' ? anyText.filter((name) => !name.startsWith('__')) : labelName
    const type = fc.constantFrom<MetricType>('gauge', 'unknown')
    return fc
      .record({
        name: style === 'quoted' ? anyText : fc.stringMatching(/^[a-z:][a-z0-9:]{0,10}$/),
        type,
        help: fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.trim()),
        series: fc.uniqueArray(
          fc.record({
            labels: fc.dictionary(names, anyText, { maxKeys: 4, noNullPrototype: true }),
            value: fc.double(),
            timestampMs: fc.option(fc.integer({ min: -(2 ** 41), max: 2 ** 41 }), { nil: undefined }),
          }),
          { selector: ({ labels }) => Labels.of(labels).key, minLength: 1, maxLength: 5 },
        ),
      })
      .map(({ name, type, help, series }) => ({
        name,
        type,
        help,
        samples: series.map(({ labels, value, timestampMs }) => ({
          labels: Labels.of({ ...labels, __name__: name }),
          value,
          ...(timestampMs === undefined ? {} : { timestampMs }),
        })),
      }))
  }

  test.each(['text', 'openmetrics'] as const)('writes %s that reads back as it was', (format) => {
    for (const names of ['underscores', 'quoted'] as const) {
      const some = fc.uniqueArray(family(names), { selector: ({ name }) => name, maxLength: 4 })
      fc.assert(
        fc.property(some, (written) => {
          const plain = (list: readonly MetricFamily[]) =>
            list.map(({ samples, name, type, help }) => ({
              name,
              type,
              help,
              samples: [...samples].map(({ labels, ...rest }) => ({ ...rest, labels: labels.toObject() })),
            }))
          expect(plain(parseExposition(write(written, format, names), format))).toEqual(plain(written))
        }),
        { numRuns: 150 },
      )
    }
  })

  testWithPeer('promtool', 'writes a text format that promtool accepts', async (promtool) => {
    const clean: readonly MetricFamily[] = [
      {
        name: 'shop_requests_total',
        type: 'counter',
        help: 'Requests with a \\ and a "quote" and a\nbreak.',
        samples: [sample('shop_requests_total', { path: 'a\\b "c"\nd é 😀' }, 3)],
      },
      {
        name: 'shop_latency_seconds',
        type: 'histogram',
        help: 'Latency.',
        samples: [
          sample('shop_latency_seconds_bucket', { le: '0.5' }, 1),
          sample('shop_latency_seconds_bucket', { le: '+Inf' }, 2),
          sample('shop_latency_seconds_sum', {}, 1.25e-7),
          sample('shop_latency_seconds_count', {}, 2),
        ],
      },
      { name: 'shop_build_info', type: 'info', help: 'Build.', samples: [sample('shop_build_info', { v: '1' }, 1)] },
      { name: 'shop_odd_ratio', type: 'gauge', help: 'Odd.', samples: [sample('shop_odd_ratio', {}, -Infinity)] },
      { name: 'shop_nothing_ratio', type: 'unknown', help: 'None.', samples: [sample('shop_nothing_ratio', {}, NaN)] },
    ]
    const result = await runPeer(promtool, ['check', 'metrics'], { input: write(clean, 'text') })
    expect(result).toEqual({ code: 0, stdout: '', stderr: '' })
    const broken = await runPeer(promtool, ['check', 'metrics'], { input: 'shop{a="b} 1\n' })
    expect(broken.code).not.toBe(0)
  })
})

describe('the choice of a format', () => {
  test('gives a Prometheus what it likes best, with names in quotes when it knows them', () => {
    expect(negotiateExposition(SCRAPE_ACCEPT)).toEqual({ format: 'openmetrics', names: 'quoted' })
    const prometheus242 =
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'
    expect(negotiateExposition(prometheus242)).toEqual({ format: 'openmetrics', names: 'underscores' })
    expect(negotiateExposition('text/plain')).toEqual({ format: 'text', names: 'underscores' })
    expect(negotiateExposition('text/plain;version=0.0.4;q=0.9, application/openmetrics-text;q=0.8')?.format).toBe(
      'text',
    )
  })

  test.each([undefined, '*/*', 'text/html,application/xhtml+xml,*/*;q=0.8', 'application/json', 'text/plain;q=0'])(
    'does not take %s for a scraper',
    (accept) => {
      expect(negotiateExposition(accept)).toBeUndefined()
    },
  )

  test('knows its own content types again', () => {
    for (const format of ['text', 'openmetrics'] as const) {
      for (const names of ['underscores', 'quoted'] as const) {
        expect(formatOfContentType(expositionContentType({ format, names }))).toBe(format)
      }
    }
    expect(expositionContentType({ format: 'text', names: 'underscores' })).toBe(
      'text/plain; version=0.0.4; charset=utf-8',
    )
    expect(formatOfContentType('text/html')).toBeUndefined()
    expect(formatOfContentType(undefined)).toBeUndefined()
  })
})
