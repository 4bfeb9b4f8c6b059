import { expect, test } from 'vitest'
import { Summary } from '../../src/model/summary.ts'
import {
  type Expr,
  evaluate,
  PromqlError,
  parse,
  type Query,
  type Queryable,
  type SelectedSeries,
} from '../../src/promql/index.ts'
import { DATA_START_MS, makeData } from './differential-data.ts'
import { QueryGenerator } from './query-generator.ts'
import { seededRandom } from './seeded-random.ts'

const SEED = 77_003
const QUERIES = 2000
const MINUTE_MS = 60_000

/** As a store gives it, which knows the newest sample and sums by itself. */
function stored(series: SelectedSeries): SelectedSeries {
  const summary = new Summary()
  return {
    labels: series.labels,
    samples: (startMs, endMs) => series.samples(startMs, endMs),
    newest(startMs, endMs) {
      const { length, timesMs, values, stale } = series.samples(startMs, endMs)
      const at = length - 1
      if (length === 0) return undefined
      return { timeMs: timesMs[at] as number, value: values[at] as number, isStale: stale?.[at] === 1 }
    },
    summarize(startMs, endMs, needs) {
      const { length, timesMs, values, stale } = series.samples(startMs, endMs)
      summary.begin(needs)
      for (let i = 0; i < length; i++) if (stale?.[i] !== 1) summary.takeSamples(timesMs, values, i, i + 1)
      return summary
    },
  }
}

async function answer(query: Query, data: Queryable): Promise<unknown> {
  try {
    const { value, warnings, infos } = await evaluate(query, data)
    // As text, in which NaN equals NaN; the numbers differ where a sign does.
    const numbers = value.type === 'vector' ? value.samples.map((sample) => Object.is(sample.value, -0)) : []
    return [
      JSON.stringify(value, (_, part) => (typeof part === 'number' ? String(part) : part)),
      numbers,
      warnings,
      infos,
    ]
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error
    return error.message
  }
}

/** Instants at which series have ended, in an order in which some of them come back. */
function timesOf(random: () => number): number[] {
  return Array.from({ length: 8 }, () => DATA_START_MS + Math.floor(random() * 125 * MINUTE_MS))
}

const WRITTEN = [
  'gone',
  'sum by (job) (gone) / sum by (job) (rate(c1_total[5m]))',
  'rate({__name__=~"c[12]_total", job="a"}[5m])',
  'sum(rate({__name__=~"c[12]_total", job="a"}[5m]))',
  '1 - sum(rate(c1_total[1h])) / sum(rate(c2_total[1h]))',
  'gone > 50',
  'gone * on (job, instance) group_right c1_total',
  '(gone < bool 50) - gone',
  'max by (zone) (gone) == max by (zone) (gone)',
  'sum by (__name__) ({__name__=~"g[12]", job="b"})',
]

test('what is asked again and again is answered as what is asked for the first time, whatever comes and goes', async () => {
  const { storage } = makeData(SEED)
  const data: Queryable = { select: (request) => storage.select(request).map(stored) }
  const generator = new QueryGenerator(SEED)
  const random = seededRandom(SEED)
  const texts = [
    ...WRITTEN.flatMap((text) => [text, text, text]),
    ...Array.from({ length: QUERIES }, () => generator.next().text),
  ]
  for (const text of texts) {
    const expr = parsed(text)
    if (expr === undefined) continue
    for (const atMs of timesOf(random)) {
      expect([text, atMs, await answer({ expr, atMs }, data)]).toEqual([text, atMs, await answer({ text, atMs }, data)])
    }
  }
}, 120_000)

function parsed(text: string): Expr | undefined {
  try {
    return parse(text)
  } catch {
    return undefined
  }
}
