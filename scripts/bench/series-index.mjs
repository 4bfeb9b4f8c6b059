import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { build } from 'esbuild'
import { median } from './support.mjs'

const METRICS = 100
const SERIES_PER_METRIC = 1000
const EQUALITY_LIMIT_MS = 5
const REGEX_LIMIT_MS = 50
const RULE_LIMIT_US = 2
const BYTES_LIMIT = 250
const LOAD_LIMIT_MS = 250
const SERIES_PER_BLOCK = 1000

/** Selectors as `name op value` each, how many series of 100,000 they find, and what the time is held against. */
const SELECTORS = [
  [['job = a', 'code = 500'], 10_000, EQUALITY_LIMIT_MS],
  [['__name__ = http_metric_042_total', 'instance = host-07.eu-west-1.example.org:9100'], 20, EQUALITY_LIMIT_MS],
  [['job = a'], 50_000, EQUALITY_LIMIT_MS],
  [['path =~ /api/.*/items'], 50_000, REGEX_LIMIT_MS],
  [['__name__ =~ http_.*', 'code !~ 2..'], 30_000, REGEX_LIMIT_MS],
  [['code =~ 500|503', 'instance =~ host-0[1-3].*'], 2400, REGEX_LIMIT_MS],
  [['zone = '], 50_000, REGEX_LIMIT_MS],
  [['__name__ != http_metric_042_total'], 99_000, REGEX_LIMIT_MS],
]

/** Labels of 100,000 series: 100 metrics of 50 instances, 4 paths and 5 status codes each. */
export function* realisticLabels() {
  const paths = ['/api/v1/orders/items', '/api/v1/customers/items', '/health', '/login']
  const codes = ['200', '201', '404', '500', '503']
  for (let metric = 0; metric < METRICS; metric++) {
    const kind = metric < METRICS / 2 ? 'http' : 'grpc'
    for (let i = 0; i < SERIES_PER_METRIC; i++) {
      const instance = Math.floor(i / 20)
      const path = paths[Math.floor(i / 5) % 4]
      const labels = {
        __name__: `${kind}_metric_${String(metric).padStart(3, '0')}_total`,
        job: instance % 2 === 0 ? 'a' : 'b',
        instance: `host-${String(instance).padStart(2, '0')}.eu-west-1.example.org:9100`,
        path,
        code: codes[i % 5],
        method: path === '/login' ? 'POST' : 'GET',
        env: 'production',
      }
      if (instance < 25) labels.zone = `eu-west-1${'abc'[instance % 3]}`
      yield labels
    }
  }
}

/** The classes of the sources, bundled and loaded into this process. */
export async function loadSources(entry) {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-bench-'))
  const outfile = join(folder, 'sources.cjs')
  const stdin = { contents: entry, resolveDir: join(import.meta.dirname, '../../src'), loader: 'ts' }
  await build({ stdin, bundle: true, platform: 'node', format: 'cjs', outfile, logLevel: 'error' })
  const sources = createRequire(import.meta.url)(outfile)
  rmSync(folder, { recursive: true })
  return sources
}

function medianMs(work, repetitions) {
  const times = []
  for (let i = 0; i < repetitions; i++) {
    const startMs = performance.now()
    work()
    times.push(performance.now() - startMs)
  }
  return median(times)
}

export const seriesIndex = {
  name: 'selectors over 100,000 series, ms: equality / regex, negation, absence; us for a rule asking again',
  bar: `<= ${EQUALITY_LIMIT_MS} / ${REGEX_LIMIT_MS}; ${RULE_LIMIT_US}`,
  async run() {
    const { SeriesIndex, Labels, createMatcher } = await loadSources(`
      export { SeriesIndex } from './store/series/series-index.ts'
      export { Labels } from './model/labels.ts'
      export { createMatcher } from './model/matcher.ts'`)
    const index = new SeriesIndex()
    let ref = 0
    for (const labels of realisticLabels()) index.add(++ref, Labels.of(labels))
    const parse = (conditions) =>
      conditions.map((condition) => {
        const [, name, op, value] = /^(\S+) (\S+) (.*)$/.exec(condition)
        return createMatcher(name, op, value)
      })
    const worst = new Map([
      [EQUALITY_LIMIT_MS, 0],
      [REGEX_LIMIT_MS, 0],
    ])
    for (const [conditions, expected, limitMs] of SELECTORS) {
      const { length } = index.find(parse(conditions))
      if (length !== expected) throw new Error(`${conditions} found ${length} series, not ${expected}`)
      // A new list of matchers each time, so that nothing is answered from memory of the last time.
      const ms = medianMs(() => index.find(parse(conditions)), 21)
      process.stderr.write(`  ${conditions.join(', ')}: ${ms.toFixed(3)} ms\n`)
      worst.set(limitMs, Math.max(worst.get(limitMs), ms))
    }
    const rules = Array.from({ length: 400 }, (_, i) =>
      parse([
        `__name__ = http_metric_${String(i % 50).padStart(3, '0')}_total`,
        `instance = host-${String(i % 25).padStart(2, '0')}.eu-west-1.example.org:9100`,
        'path = /health',
        'code =~ 500|503',
      ]),
    )
    const cycle = () => rules.reduce((found, matchers) => found + index.find(matchers).length, 0)
    if (cycle() !== 800) throw new Error(`the rules found ${cycle()} series, not 800`)
    const ruleUs = (medianMs(cycle, 101) / rules.length) * 1000
    const [equalityMs, regexMs] = worst.values()
    return {
      ours: `${equalityMs.toFixed(2)} / ${regexMs.toFixed(2)}; ${ruleUs.toFixed(2)}`,
      pass: equalityMs <= EQUALITY_LIMIT_MS && regexMs <= REGEX_LIMIT_MS && ruleUs <= RULE_LIMIT_US,
    }
  },
}

export const seriesIndexMemory = {
  name: 'index of 100,000 series, labels included: bytes a series in memory / ms to take it up from its stored text',
  bar: `<= ${BYTES_LIMIT} / ${LOAD_LIMIT_MS}`,
  async run() {
    const { SeriesIndex, Labels } = await loadSources(`
      export { SeriesIndex } from './store/series/series-index.ts'
      export { Labels } from './model/labels.ts'`)
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc')
    const used = () => {
      for (let i = 0; i < 3; i++) collect()
      const { heapUsed, arrayBuffers } = process.memoryUsage()
      return heapUsed + arrayBuffers
    }
    const texts = Array.from(realisticLabels(), (labels) => JSON.stringify(Labels.of(labels).pairs))
    const blocks = Array.from({ length: texts.length / SERIES_PER_BLOCK }, (_, block) => {
      const first = block * SERIES_PER_BLOCK
      const refs = Array.from({ length: SERIES_PER_BLOCK }, (__, i) => first + i + 1)
      return { refs, sets: Buffer.from(texts.slice(first, first + SERIES_PER_BLOCK).join('')) }
    })
    const usedBefore = used()
    let index = new SeriesIndex()
    // The first time counts: a start has no second one.
    const loadMs = medianMs(() => index.load(blocks), 1)
    const bytes = (used() - usedBefore) / index.size
    if (index.size !== texts.length) throw new Error(`${index.size} series were taken up, not ${texts.length}`)
    index = undefined
    return {
      ours: `${Math.round(bytes)} / ${Math.round(loadMs)}`,
      pass: bytes <= BYTES_LIMIT && loadMs <= LOAD_LIMIT_MS,
    }
  },
}
