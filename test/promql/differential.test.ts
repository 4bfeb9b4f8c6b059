import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Labels } from '../../src/model/labels.ts'
import { evaluate, type MatrixSeries, PromqlError } from '../../src/promql/index.ts'
import { describePeers, freePort, type RunningPeer, runPeer, startPeer } from '../support/peers.ts'
import { QueryGenerator, seededRandom } from './query-generator.ts'
import { parseSeriesLine, type SeriesValue } from './series-line.ts'
import { TestStorage } from './test-storage.ts'

const SEED = Number(process.env.PROMQL_SEED ?? 20_261)
const QUERIES = Number(process.env.PROMQL_QUERIES ?? 300)
const START_MS = 1_700_000_000_000
const STEP_MS = 15_000
const SAMPLES = 480

interface Data {
  readonly storage: TestStorage
  readonly openMetrics: string
}

/** Gauges that wander, counters that reset, a histogram, each with a gap here and there. */
function makeData(): Data {
  const random = seededRandom(SEED)
  const storage = new TestStorage()
  const lines: string[] = []
  const add = (labels: string, next: (i: number) => number) => {
    const values: SeriesValue[] = []
    for (let i = 0; i < SAMPLES; i++) {
      // At times a scrape is missing, at times many.
      const gap = (i > 40 && i % 97 < 4) || random() < 0.02
      const number = next(i)
      values.push(gap ? { kind: 'gap' } : { kind: 'value', number })
      if (!gap) lines.push(`${labels} ${number} ${(START_MS + i * STEP_MS) / 1000}`)
    }
    storage.append({ labels: parseSeriesLine(labels).labels, values }, STEP_MS, START_MS)
  }
  const instances = ['a', 'b', 'c'].flatMap((job) =>
    ['i0', 'i1', 'i2'].map((instance, k) => `job="${job}",zone="z${k % 2}",instance="${instance}"`),
  )
  for (const name of ['g1', 'g2']) {
    for (const labels of instances) {
      let level = random() * 100
      add(`${name}{${labels}}`, () => {
        level += random() * 20 - 10
        return Number(level.toFixed(6))
      })
    }
  }
  for (const name of ['c1_total', 'c2_total']) {
    for (const labels of instances) {
      let count = 1000 + Math.floor(random() * 1000)
      add(`${name}{${labels}}`, () => {
        // Resets stay far from 0, where Prometheus 2 extrapolates differently.
        count = random() < 0.01 ? 500 : count + Math.floor(random() * 30)
        return count
      })
    }
  }
  for (const job of ['a', 'b']) {
    const counts = [0, 0, 0, 0]
    const bounds = ['0.1', '0.5', '2.5', '+Inf']
    for (const [b, le] of bounds.entries()) {
      const steady = seededRandom(SEED + b)
      add(`h_bucket{job="${job}",le="${le}"}`, () => {
        counts[b] = (counts[b] as number) + (b + 1) * 3 + Math.floor(steady() * 3)
        return counts[b] as number
      })
    }
  }
  return { storage, openMetrics: `${lines.join('\n')}\n# EOF\n` }
}

/** Prometheus 2 includes the left edge of a window; one millisecond less makes it open. */
function closedWindows(text: string): string {
  return text.replace(
    /\[(\d+)m(\]|:)/g,
    (_, minutes: string, end: string) => `[${Number(minutes) * 60_000 - 1}ms${end}`,
  )
}

interface Answer {
  readonly status: string
  readonly error?: string
  readonly data?: {
    readonly result: readonly { metric: Record<string, string>; values: readonly [number, string][] }[]
  }
}

function readAnswer(answer: Answer): MatrixSeries[] {
  return (answer.data?.result ?? []).map(({ metric, values }) => ({
    labels: Labels.of(metric),
    timesMs: Float64Array.from(values, ([time]) => Math.round(time * 1000)),
    values: Float64Array.from(values, ([, value]) => Number(value.replace('Inf', 'Infinity'))),
  }))
}

/** The first difference of two results, or undefined. */
function difference(
  ours: readonly MatrixSeries[],
  theirs: readonly MatrixSeries[],
  tolerance: number,
): string | undefined {
  const keys = new Map(theirs.map((series) => [series.labels.key, series]))
  if (ours.length !== theirs.length) return `${ours.length} series, Prometheus has ${theirs.length}`
  for (const { labels, timesMs, values } of ours) {
    const other = keys.get(labels.key)
    if (other === undefined) return `series ${labels} is not in Prometheus' result`
    const times = (all: Float64Array) => all.join(' ')
    if (times(timesMs) !== times(other.timesMs)) return `${labels}: times ${times(timesMs)} and ${times(other.timesMs)}`
    for (const [i, value] of values.entries()) {
      const their = other.values[i] as number
      if (Object.is(value, their) || value === their) continue
      const allowed = tolerance * Math.max(Math.abs(value), Math.abs(their)) + 1e-7
      if (!(Math.abs(value - their) <= allowed)) return `${labels} at ${timesMs[i]}: ${value}, Prometheus has ${their}`
    }
  }
  return undefined
}

describePeers(['prometheus', 'promtool'], ({ prometheus, promtool }) => {
  const data = makeData()
  let folder: string
  let server: RunningPeer
  let address: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'promql-'))
    await writeFile(join(folder, 'samples.txt'), data.openMetrics)
    await writeFile(join(folder, 'prometheus.yml'), 'scrape_configs: []\n')
    const made = await runPeer(
      promtool,
      ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'samples.txt'), join(folder, 'data')],
      { timeoutMs: 60_000 },
    )
    if (made.code !== 0) throw new Error(`promtool: ${made.stderr}`)
    const port = await freePort()
    address = `http://127.0.0.1:${port}`
    const flags = [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--storage.tsdb.retention.time=100y',
      '--query.lookback-delta=299999ms',
      `--web.listen-address=127.0.0.1:${port}`,
    ]
    server = await startPeer(prometheus, flags, { ready: /ready to receive web requests/, readyWithinMs: 60_000 })
  }, 120_000)

  afterAll(async () => {
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test(`${QUERIES} generated queries have the results of Prometheus (seed ${SEED})`, async () => {
    const generator = new QueryGenerator(SEED)
    const differences: string[] = []
    let withSeries = 0
    let failed = 0
    for (let i = 0; i < QUERIES; i++) {
      const { text, isExtrapolated } = generator.next()
      const stepMs = [15_000, 60_000, 47_000][i % 3] as number
      // Longest window and offset together reach back 40 minutes at most.
      const startMs = START_MS + 45 * 60_000
      const endMs = startMs + 20 * stepMs
      const parameters = new URLSearchParams({
        query: closedWindows(text),
        start: String(startMs / 1000),
        end: String(endMs / 1000),
        step: String(stepMs / 1000),
      })
      const response = await fetch(`${address}/api/v1/query_range`, { method: 'POST', body: parameters })
      const answer = (await response.json()) as Answer
      let ours: readonly MatrixSeries[] | PromqlError
      try {
        const { value } = await evaluate({ text, startMs, endMs, stepMs }, data.storage)
        ours = value.type === 'matrix' ? value.series : []
      } catch (error) {
        if (!(error instanceof PromqlError)) throw error
        ours = error
      }
      if (ours instanceof PromqlError || answer.status !== 'success') {
        failed++
        const both = ours instanceof PromqlError && answer.status !== 'success'
        if (!both)
          differences.push(
            `${text}\n  ours: ${ours instanceof PromqlError ? ours.message : 'a result'}; Prometheus: ${answer.error ?? 'a result'}`,
          )
        continue
      }
      if (ours.length > 0) withSeries++
      const different = difference(ours, readAnswer(answer), isExtrapolated ? 1e-3 : 1e-6)
      if (different !== undefined) differences.push(`${text}\n  ${different}`)
    }
    expect(differences.join('\n')).toBe('')
    // The comparison is worth something only when most queries have a result.
    expect(withSeries).toBeGreaterThan(QUERIES / 2)
    expect(failed).toBeLessThan(QUERIES / 5)
  }, 120_000)
})
