import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type HistoryOptions, readHistory } from '../../src/ingest/history.ts'
import type { Labels } from '../../src/model/labels.ts'
import type { MetricMeta } from '../../src/model/metric.ts'

/** Reads a text that arrives in pieces of so many bytes; what came is shown as `series time value`. */
async function read(
  text: string | Uint8Array,
  { pieceBytes = 1 << 20, refuses = () => false, ...options }: HistoryOptions & Reading = {},
) {
  const bytes = Buffer.from(text as string)
  const series: Labels[] = []
  const samples: string[] = []
  const described: [string, MetricMeta][] = []
  const counts = { series: 0, samples: 0, refused: 0 }
  const sink = {
    ref(labels: Labels) {
      if (refuses(labels)) return undefined
      const known = series.findIndex(({ key }) => key === labels.key)
      return known === -1 ? series.push(labels) - 1 : known
    },
    add: (ref: number, timeMs: number, value: number, isStale: boolean) =>
      void samples.push(`${series[ref]} ${timeMs} ${isStale ? 'stale' : value}`),
    describe: (name: string, meta: MetricMeta) => void described.push([name, meta]),
  }
  const pieces = async function* () {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
  }
  const error = await readHistory(pieces(), sink, counts, options).then(
    () => undefined,
    ({ message }: Error) => message,
  )
  return { samples, described, counts, error }
}

interface Reading {
  readonly pieceBytes?: number
  readonly refuses?: (labels: Labels) => boolean
}

const OPENMETRICS = `# HELP shop_requests What came in.
# TYPE shop_requests counter
# UNIT shop_seconds seconds
shop_requests_total{code="200"} 1 1700000000
shop_requests_total{code="200"} 2.5 1700000015.002
shop_requests_total{code="500"} 7 1700000000.5
shop_seconds{code="200"} 1e-3 1700000000.123 # {trace_id="a"} 1 1700000000
# EOF
`

test('takes OpenMetrics, whose times are seconds', async () => {
  const { samples, described, counts, error } = await read(OPENMETRICS)
  expect(error).toBeUndefined()
  expect(samples).toEqual([
    'shop_requests_total{code="200"} 1700000000000 1',
    'shop_requests_total{code="200"} 1700000015002 2.5',
    'shop_requests_total{code="500"} 1700000000500 7',
    'shop_seconds{code="200"} 1700000000123 0.001',
  ])
  expect(counts).toEqual({ series: 3, samples: 4, refused: 0 })
  expect(described).toEqual([
    ['shop_requests_total', { type: 'counter', help: 'What came in.' }],
    ['shop_seconds', { type: 'unknown', help: '', unit: 'seconds' }],
  ])
})

test('takes the Prometheus text format, whose times are milliseconds', async () => {
  const text = '# TYPE a counter\n\na{b="c"} 1 1700000000123\n a{b="c"}  2\t1700000015123\n'
  const { samples, described, error } = await read(text)
  expect(error).toBeUndefined()
  expect(samples).toEqual(['a{b="c"} 1700000000123 1', 'a{b="c"} 1700000015123 2'])
  expect(described).toEqual([['a', { type: 'counter', help: '' }]])
})

test('reads the same however the text is cut into pieces', async () => {
  const whole = await read(OPENMETRICS)
  for (const pieceBytes of [1, 7, 64]) expect(await read(OPENMETRICS, { pieceBytes })).toEqual(whole)
})

test('takes series by series as well as scrape by scrape, beyond what fits into one piece', async () => {
  const steps = Array.from({ length: 6000 }, (_, i) => i)
  const line = (name: string, i: number) => `${name}{job="shop",instance="shop-1"} ${i} ${1700000000 + i * 15}\n`
  const bySeries = ['a', 'b'].flatMap((name) => steps.map((i) => line(name, i)))
  const byScrape = steps.flatMap((i) => ['a', 'b'].map((name) => line(name, i)))
  const [one, other] = [await read(`${bySeries.join('')}# EOF\n`), await read(`${byScrape.join('')}# EOF\n`)]
  expect(one.counts).toEqual({ series: 2, samples: 12_000, refused: 0 })
  expect(other.counts).toEqual(one.counts)
  expect(other.samples.toSorted()).toEqual(one.samples.toSorted())
})

test('knows a series again that is written in another way', async () => {
  const { counts, samples } = await read('a{b="c",d="e"} 1 1700000000\na{d="e",b="c"} 2 1700000015\n# EOF\n')
  expect(samples).toEqual(['a{b="c", d="e"} 1700000000000 1', 'a{b="c", d="e"} 1700000015000 2'])
  expect(counts).toEqual({ series: 1, samples: 2, refused: 0 })
})

test('takes a NaN for the end of a series, as dumps of Prometheus write it, unless it is to be a value', async () => {
  const text = 'a 1 1700000000\na NaN 1700000015\na +Inf 1700000030\n# EOF\n'
  expect((await read(text)).samples).toEqual(['a 1700000000000 1', 'a 1700000015000 stale', 'a 1700000030000 Infinity'])
  expect((await read(text, { nan: 'value' })).samples[1]).toBe('a 1700000015000 NaN')
})

test('counts samples of series that are refused', async () => {
  const { counts, samples } = await read(OPENMETRICS, { refuses: (labels) => labels.get('code') === '200' })
  expect(counts).toEqual({ series: 1, samples: 1, refused: 3 })
  expect(samples).toEqual(['shop_requests_total{code="500"} 1700000000500 7'])
})

test('waits where the sink is not ready', async () => {
  let ready = true
  const sink = {
    ref: () => 1,
    describe: () => {},
    add: async () => {
      expect(ready).toBe(true)
      ready = false
      await new Promise((resolve) => setImmediate(resolve))
      ready = true
    },
  }
  const counts = { series: 0, samples: 0, refused: 0 }
  await readHistory(
    (async function* () {
      yield Buffer.from(OPENMETRICS)
    })(),
    sink,
    counts,
  )
  expect(counts.samples).toBe(4)
})

describe('says with the line what it can not read:', () => {
  const long = 'a{b="c"} 1 1700000000\n'.repeat(40_000)

  test.each([
    ['a sample without a time', 'a 1 1700000000\na 2\n# EOF\n', 'line 2: the sample has no time'],
    ['no samples at all', '{"json": true}\n', 'line 1: '],
    ['a text that was cut off', 'a 1 1700000000\n', 'line 2: the text does not end with # EOF'],
    ['what stands behind the end', 'a 1 1700000000\n# EOF\na 1 1700000015\n', 'line 3: text behind # EOF'],
    ['a value that is none', 'a one 1700000000\n# EOF\n', 'line 1: "one 1700000000" is not a value'],
    ['what stands in a later piece', `${long}a{b="c} 1 1\n# EOF\n`, 'line 40001: the list of labels does not end'],
    ['bytes that are no text', Buffer.concat([Buffer.from(long), Buffer.of(0xff, 10)]), 'line 40001: not valid UTF-8'],
  ])('%s', async (_, text, message) => {
    const { error } = await read(text)
    expect(error).toContain(message)
  })

  test('a file that is no text, before it is in memory', async () => {
    const { error } = await read(Buffer.alloc(17 << 20, 97))
    expect(error).toContain('line 1: longer than 16777216 bytes')
  })

  test('and has handed on what stands before', async () => {
    const { samples, counts } = await read('a 1 1700000000\na 2\n# EOF\n')
    expect(samples).toEqual(['a 1700000000000 1'])
    expect(counts).toEqual({ series: 1, samples: 1, refused: 0 })
  })
})

test('reads every time to the millisecond, however many decimals it has', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 0, max: 9 }), async (timeMs, more) => {
      const seconds = `${Math.floor(timeMs / 1000)}.${String(timeMs % 1000).padStart(3, '0')}`
      const { samples } = await read(`a 1 ${seconds}${'0'.repeat(more)}\na 1 ${timeMs / 1000}\n# EOF\n`)
      expect(samples).toEqual([`a ${timeMs} 1`, `a ${timeMs} 1`])
    }),
    { numRuns: 100 },
  )
})
