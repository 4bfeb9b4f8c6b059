import { describe, expect, test } from 'vitest'
import { Labels } from '../../src/model/labels.ts'
import {
  type EvaluateOptions,
  evaluate,
  PromqlError,
  parse,
  type Queryable,
  type QueryResult,
  type SelectRequest,
} from '../../src/promql/index.ts'
import { parseSeriesLine } from '../../src/rule/unit-test/series-notation.ts'
import { TestStorage } from './test-storage.ts'

const MINUTE = 60_000

function storage(stepMs: number, ...lines: string[]): TestStorage {
  const data = new TestStorage()
  for (const line of lines) data.append(parseSeriesLine(line), stepMs)
  return data
}

/** The result as lines `labels value`, in the order of the result. */
async function ask(data: Queryable, text: string, atMs: number, options?: EvaluateOptions): Promise<string[]> {
  return shown(await evaluate({ text, atMs }, data, options))
}

function shown({ value }: QueryResult): string[] {
  switch (value.type) {
    case 'scalar':
    case 'string':
      return [String(value.value)]
    case 'vector':
      return value.samples.map(({ labels, value }) => `${labels} ${value}`)
    case 'matrix':
      return value.series.map(
        ({ labels, timesMs, values }) =>
          `${labels} ${Array.from(values, (value, i) => `${value}@${(timesMs[i] as number) / 1000}`).join(' ')}`,
      )
  }
}

async function failure(data: Queryable, text: string, options?: EvaluateOptions): Promise<PromqlError> {
  try {
    await evaluate({ text, atMs: 0 }, data, options)
  } catch (error) {
    if (error instanceof PromqlError) return error
    throw error
  }
  throw new Error(`${text} did not fail`)
}

describe('windows are open on the left', () => {
  const data = storage(15_000, 'x_total 0+15x20')

  test('a range of four scrape intervals holds four samples', async () => {
    expect(await ask(data, 'count_over_time(x_total[1m])', 2 * MINUTE)).toEqual(['{} 4'])
  })

  test('a range of one aligned interval has no rate', async () => {
    expect(await ask(data, 'rate(x_total[15s])', 2 * MINUTE)).toEqual([])
  })

  test('a sample exactly as old as the lookback is gone', async () => {
    expect(await ask(data, 'x_total', 5 * MINUTE + 5 * MINUTE)).toEqual([])
    expect(await ask(data, 'x_total', 5 * MINUTE + 5 * MINUTE - 1)).toEqual(['x_total 300'])
    expect(await ask(data, 'x_total', 5 * MINUTE + 30_000, { lookbackMs: 30_000 })).toEqual([])
  })

  test('a subquery leaves out the step at its left end', async () => {
    expect(await ask(data, 'count_over_time(x_total[1m:30s])', 2 * MINUTE)).toEqual(['{} 2'])
    expect(await ask(data, 'count_over_time(x_total[3m:])', 3 * MINUTE)).toEqual(['{} 3'])
    const options = { defaultSubqueryStepMs: 15_000 }
    expect(await ask(data, 'count_over_time(x_total[3m:])', 3 * MINUTE, options)).toEqual(['{} 12'])
  })

  test('the store is asked for no more than that', async () => {
    const asked: SelectRequest[] = []
    const spy: Queryable = {
      select(request) {
        asked.push(request)
        return Promise.resolve([])
      },
    }
    await evaluate({ text: 'x offset 1m + rate(x[2m] @ 300)', atMs: 600_000 }, spy)
    expect(asked.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [240_000, 540_000],
      [180_000, 300_000],
    ])
  })
})

describe('staleness', () => {
  const data = storage(MINUTE, 'x 1 stale 3', 'y 5 stale')

  test('a marker hides what is behind it, and nothing after it', async () => {
    expect(await ask(data, 'x', MINUTE)).toEqual([])
    expect(await ask(data, 'x', 2 * MINUTE)).toEqual(['x 3'])
    expect(await ask(data, 'absent(y)', MINUTE)).toEqual(['{} 1'])
  })

  test('markers do not count in ranges', async () => {
    expect(await ask(data, 'x[10m]', 2 * MINUTE)).toEqual(['x 1@0 3@120'])
    expect(await ask(data, 'changes(x[10m])', 2 * MINUTE)).toEqual(['{} 1'])
  })
})

describe('range queries', () => {
  const data = storage(MINUTE, 'b_total{i="1"} 0+60x10', 'a{i="1"} 1 2 _ _ _ _ _ 3', 'a{i="0"} 5+0x10')

  test('give every step its value, series ordered by labels', async () => {
    const result = await evaluate({ text: 'a', startMs: 0, endMs: 8 * MINUTE, stepMs: 2 * MINUTE }, data)
    expect(shown(result)).toEqual(['a{i="0"} 5@0 5@120 5@240 5@360 5@480', 'a{i="1"} 1@0 2@120 2@240 3@480'])
  })

  test('evaluate once what @ fixes, and give it to every step', async () => {
    const counted = storage(MINUTE, 'a 0+1x10')
    const query = { text: 'a @ 120 + sum(a @ end())', startMs: 0, endMs: 8 * MINUTE, stepMs: 4 * MINUTE }
    expect(shown(await evaluate(query, counted))).toEqual(['{} 10@0 10@240 10@480'])
    expect(counted.selections).toBe(2)
  })

  test('give a scalar as one series without labels', async () => {
    const result = await evaluate({ text: 'time() * 2', startMs: 0, endMs: 4000, stepMs: 2000 }, data)
    expect(shown(result)).toEqual(['{} 0@0 4@2 8@4'])
  })

  test('refuse strings, range vectors and steps of nothing', async () => {
    const times = { startMs: 0, endMs: 1000, stepMs: 1000 }
    await expect(evaluate({ text: '"a"', ...times }, data)).rejects.toThrow('invalid expression type "string"')
    await expect(evaluate({ text: 'a[5m]', ...times }, data)).rejects.toThrow('invalid expression type "range vector"')
    await expect(evaluate({ text: 'a', ...times, stepMs: 0 }, data)).rejects.toThrow('step of a range query')
  })

  test('merge series that become equal where they do not meet, and refuse them where they do', async () => {
    const apart = storage(20 * MINUTE, 'x{i="1"} 1 _', 'y{i="1"} _ 2')
    const times = { startMs: 0, endMs: 20 * MINUTE, stepMs: 20 * MINUTE }
    expect(shown(await evaluate({ text: '-{i="1"}', ...times }, apart))).toEqual(['{i="1"} -1@0 -2@1200'])
    expect(shown(await evaluate({ text: 'abs({i="1"})', ...times }, apart))).toEqual(['{i="1"} 1@0 2@1200'])
    await expect(evaluate({ text: 'max_over_time({i="1"}[1m])', ...times }, apart)).rejects.toThrow('same labelset')
    const together = storage(MINUTE, 'x{i="1"} 1', 'y{i="1"} 2')
    expect((await failure(together, 'abs({i="1"})')).detail).toBe(
      'vector cannot contain metrics with the same labelset',
    )
  })
})

describe('matching', () => {
  const data = storage(
    MINUTE,
    'cpu{host="a",mode="user"} 1',
    'cpu{host="a",mode="idle"} 3',
    'cpu{host="b",mode="user"} 2',
    'role{host="a",role="db"} 1',
    'role{host="b",role="web"} 1',
    'twice{host="a",x="1"} 1',
    'twice{host="a",x="2"} 1',
  )

  test('group_left copies labels of the one side', async () => {
    expect(await ask(data, 'cpu * on(host) group_left(role) role', 0)).toEqual([
      '{host="a", mode="user", role="db"} 1',
      '{host="a", mode="idle", role="db"} 3',
      '{host="b", mode="user", role="web"} 2',
    ])
  })

  test('two candidates on the one side are an error that names both', async () => {
    const { detail, line, column } = await failure(data, 'cpu * on(host) group_left twice')
    expect(detail).toBe(
      'found duplicate series for the match group {host="a"} on the right hand-side of the operation: ' +
        '[{__name__="twice", host="a", x="2"}, {__name__="twice", host="a", x="1"}];' +
        'many-to-many matching not allowed: matching labels must be unique on one side',
    )
    expect([line, column]).toEqual([1, 1])
  })

  test('the error writes names of labels that are no plain words in quotes', async () => {
    const dotted = storage(MINUTE, 'a{"host.name"="h"} 1', 'b{"host.name"="h",x="1"} 1', 'b{"host.name"="h",x="2"} 1')
    expect((await failure(dotted, 'a + on("host.name") b')).detail).toBe(
      'found duplicate series for the match group {"host.name"="h"} on the right hand-side of the operation: ' +
        '[{__name__="b", "host.name"="h", x="2"}, {__name__="b", "host.name"="h", x="1"}];' +
        'many-to-many matching not allowed: matching labels must be unique on one side',
    )
  })

  test('two on the left without group_left are an error even where a filter would remove them', async () => {
    expect((await failure(data, 'cpu > on(host) role')).detail).toContain('many-to-one matching must be explicit')
    expect((await failure(data, 'cpu < on(host) role')).detail).toContain('many-to-one matching must be explicit')
  })

  test('a filter keeps the left value, bool gives 0 or 1 and drops the name', async () => {
    expect(await ask(data, 'cpu{mode="user"} > on(host) group_left() role', 0)).toEqual([
      'cpu{host="b", mode="user"} 2',
    ])
    expect(await ask(data, '1 < cpu', 0)).toEqual(['cpu{host="a", mode="idle"} 3', 'cpu{host="b", mode="user"} 2'])
    expect(await ask(data, 'cpu > bool 1', 0)).toEqual([
      '{host="a", mode="user"} 0',
      '{host="a", mode="idle"} 1',
      '{host="b", mode="user"} 1',
    ])
  })
})

describe('numbers', () => {
  const data = storage(MINUTE, 'x 1')

  test.each([
    ['1 ^ NaN', '1'],
    ['-1 ^ Inf', '-1'],
    ['(-1) ^ Inf', '1'],
    ['-7 % 3', '-1'],
    ['5 % Inf', '5'],
    ['1 / 0', 'Infinity'],
    ['2 ^ 3 ^ 2', '512'],
    ['1 atan2 0', String(Math.PI / 2)],
    ['scalar(x)', '1'],
    ['scalar(x or vector(2))', '1'],
    ['scalar(x or on(a) label_replace(vector(2), "a", "b", "", ""))', 'NaN'],
    ['"a" ', 'a'],
    ['5m * 2', '600'],
  ])('%s is %s', async (text, value) => {
    expect(await ask(data, text, 0)).toEqual([value])
  })

  test('sums do not lose small terms', async () => {
    const uneven = storage(MINUTE, 'y{i="1"} 1', 'y{i="2"} 1e100', 'y{i="3"} 1', 'y{i="4"} -1e100')
    expect(await ask(uneven, 'sum(y)', 0)).toEqual(['{} 2'])
  })
})

describe('warnings and infos', () => {
  const data = storage(
    15_000,
    'x 0+1x40',
    'h_bucket{le="1"} 5',
    'h_bucket{le="2"} 3',
    'h_bucket{le="+Inf"} 6',
    'h_bucket{le="bad"} 6',
  )

  test('name what caused them with line and column', async () => {
    const { infos } = await evaluate({ text: 'sum(\n  rate(x[5m]))', atMs: 5 * MINUTE }, data)
    expect(infos).toEqual([
      'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "x" (2:8)',
    ])
  })

  test('tell of quantiles outside of 0 to 1', async () => {
    for (const [text, position] of [
      ['quantile(1.5, x)', '1:10'],
      ['quantile_over_time((1.5), x[5m])', '1:21'],
      ['histogram_quantile(1.5, nothing)', '1:20'],
    ] as const) {
      const { warnings } = await evaluate({ text, atMs: 0 }, data)
      expect(warnings).toEqual([`PromQL warning: quantile value should be between 0 and 1, got 1.5 (${position})`])
    }
  })

  test('tell of buckets without a bound and of counts that fall', async () => {
    const { warnings, infos } = await evaluate({ text: 'histogram_quantile(0.5, h_bucket)', atMs: 0 }, data)
    expect(warnings).toEqual([
      'PromQL warning: bucket label "le" is missing or has a malformed value of "bad" for metric name "h_bucket" (1:25)',
    ])
    expect(infos).toEqual([
      'PromQL info: input to histogram_quantile needed to be fixed for monotonicity ' +
        '(see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile), ' +
        'from buckets 2 to 2, with a max diff of 2, over 1 samples from 1970-01-01T00:00:00Z to 1970-01-01T00:00:00Z (1:25)',
    ])
  })
})

test('tell how far counts of buckets fall with two digits, and when in whole seconds', async () => {
  for (const [fall, shown] of [
    [3, '3'],
    [20, '20'],
    [100, '1e+02'],
    [1234, '1.2e+03'],
    [12.5, '12'],
    [13.5, '14'],
    [2 ** -14, '6.1e-05'],
  ] as const) {
    const falling = storage(
      MINUTE,
      `h_bucket{le="1"} ${2000 + fall}`,
      'h_bucket{le="2"} 2000',
      'h_bucket{le="+Inf"} 3000',
    )
    const { infos } = await evaluate({ text: 'histogram_quantile(0.5, h_bucket)', atMs: 1999 }, falling)
    expect(infos).toEqual([
      expect.stringContaining(
        `with a max diff of ${shown}, over 1 samples from 1970-01-01T00:00:01Z to 1970-01-01T00:00:01Z (1:25)`,
      ),
    ])
  }
})

describe('limits', () => {
  /** So many series that work on them takes a while. */
  function wide(count: number): Queryable {
    const series = Array.from({ length: count }, (_, i) => {
      const timesMs = Float64Array.from({ length: 200 }, (_, k) => k * 1000)
      return {
        labels: Labels.of({ __name__: 'x_total', i: String(i) }),
        samples: () => ({ length: 200, timesMs, values: timesMs, stale: undefined }),
      }
    })
    return { select: () => series }
  }
  const query = { text: 'sum(rate(x_total[1m]))', startMs: 0, endMs: 199_000, stepMs: 1000 }

  test('samples, series and time end a query with an error that says so', async () => {
    const data = wide(3000)
    await expect(evaluate(query, data, { limits: { samples: 1000 } })).rejects.toMatchObject({
      kind: 'limit',
      message: 'query reads or makes more than 1000 samples; ask for less time or fewer series',
    })
    await expect(evaluate(query, data, { limits: { series: 10 } })).rejects.toMatchObject({
      kind: 'limit',
      detail: 'selects 3000 series, more than 10; add matchers',
    })
    await expect(evaluate(query, data, { limits: { timeMs: 0 } })).rejects.toMatchObject({ kind: 'timeout' })
    await expect(evaluate({ text: '1', startMs: 0, endMs: 1e15, stepMs: 1 }, data)).rejects.toMatchObject({
      kind: 'limit',
    })
  })

  test('an aborted signal ends a query, before and while it runs', async () => {
    const data = wide(3000)
    await expect(evaluate(query, data, { signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: 'canceled' })
    const controller = new AbortController()
    const running = evaluate(query, data, { signal: controller.signal })
    setImmediate(() => controller.abort())
    await expect(running).rejects.toMatchObject({ kind: 'canceled' })
  })

  test('others get their turn while a long query runs', async () => {
    let turns = 0
    let running = true
    const others = () => {
      turns++
      if (running) setImmediate(others)
    }
    setImmediate(others)
    await evaluate(query, wide(3000))
    running = false
    expect(turns).toBeGreaterThan(3)
  })
})

test('a parsed expression is evaluated any number of times', async () => {
  const data = storage(MINUTE, 'x{a="1"} 1+1x10', 'x{a="2"} 10+0x10')
  const expr = parse('label_replace(sum by (a) (x), "b", "$1", "a", "(.*)") > 2')
  expect(shown(await evaluate({ expr, atMs: 0 }, data))).toEqual(['{a="2", b="2"} 10'])
  expect(shown(await evaluate({ expr, atMs: 5 * MINUTE }, data))).toEqual(['{a="1", b="1"} 6', '{a="2", b="2"} 10'])
})

test('dates are in UTC and know leap years', async () => {
  const data = new TestStorage()
  const at = Date.UTC(2024, 1, 29, 23, 59, 58)
  const parts = ['year', 'month', 'day_of_month', 'day_of_week', 'day_of_year', 'days_in_month', 'hour', 'minute']
  const results = await Promise.all(parts.map((part) => ask(data, `${part}()`, at)))
  expect(results.flat()).toEqual(['{} 2024', '{} 2', '{} 29', '{} 4', '{} 60', '{} 29', '{} 23', '{} 59'])
})

test('topk and sort order an instant vector, NaN last', async () => {
  const data = storage(MINUTE, 'x{i="a"} 3', 'x{i="b"} NaN', 'x{i="c"} 7', 'x{i="d"} 5')
  expect(await ask(data, 'topk(2, x)', 0)).toEqual(['x{i="c"} 7', 'x{i="d"} 5'])
  expect(await ask(data, 'bottomk(9, x)', 0)).toEqual(['x{i="a"} 3', 'x{i="d"} 5', 'x{i="c"} 7', 'x{i="b"} NaN'])
  expect(await ask(data, 'sort_desc(x)', 0)).toEqual(['x{i="c"} 7', 'x{i="d"} 5', 'x{i="a"} 3', 'x{i="b"} NaN'])
  expect(await ask(data, 'topk(0, x)', 0)).toEqual([])
  expect((await failure(data, 'topk(NaN, x)')).detail).toBe('Parameter value is NaN')
  expect((await failure(data, 'topk(1e30, x)')).detail).toBe('Scalar value 1e+30 overflows int64')
})

test('count_values writes every number out', async () => {
  const data = storage(MINUTE, 'x{i="a"} 1e21', 'x{i="b"} 0.0000001', 'x{i="c"} NaN', 'x{i="d"} 1e21')
  expect(await ask(data, 'count_values("v", x)', 0)).toEqual([
    '{v="1000000000000000000000"} 2',
    '{v="0.0000001"} 1',
    '{v="NaN"} 1',
  ])
})

test('label_replace knows numbered, named and braced groups, and takes the longest word', async () => {
  const data = storage(MINUTE, 'x{a="left-right"} 1')
  const replaced = (template: string) =>
    ask(data, `label_replace(x, "b", "${template}", "a", "(?P<first>\\\\w+)-(\\\\w+)")`, 0)
  expect(await replaced('$first/$2')).toEqual(['x{a="left-right", b="left/right"} 1'])
  expect(await replaced('${1}_$2')).toEqual(['x{a="left-right", b="left_right"} 1'])
  expect(await replaced('$1_x$$')).toEqual(['x{a="left-right", b="$"} 1'])
  expect(await replaced('$9')).toEqual(['x{a="left-right"} 1'])
  expect(await replaced('[$01]')).toEqual(['x{a="left-right", b="[]"} 1'])
  expect(await replaced('[$1é]$2·')).toEqual(['x{a="left-right", b="[]right·"} 1'])
})
