import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evaluate, type Query, type QueryResult } from '../../src/promql/index.ts'
import type { Store } from '../../src/store/store.ts'
import { difference, readAnswer } from '../promql/difference.ts'
import { type PrometheusServer, startPrometheus } from '../promql/prometheus-server.ts'
import { midwatch } from '../support/cli.ts'
import { describePeers, runPeer } from '../support/peers.ts'
import { type TempFolder, type TestStore, tempFolder, testStore } from '../support/test-store.ts'
import { filtersOf } from './faults.ts'
import { END_MS, openMetrics, sampleSeries } from './sample-data.ts'
import { shipped } from './shipped-dashboards.ts'
import { filledIn, type JsonObject, list, object, queriesOf, text, variablesIn } from './written-dashboard.ts'

const HOUR_MS = 3_600_000
const STEP_MS = 120_000

let folder: TempFolder
let stored: TestStore

beforeAll(async () => {
  folder = await tempFolder()
  const file = join(folder.path, 'sample.om')
  await writeFile(file, openMetrics(sampleSeries))
  const data = join(folder.path, 'data')
  const { err, code } = await midwatch(['import', '--data', data, file])
  expect({ err, code }).toEqual({ err: '', code: 0 })
  stored = await testStore({ dataDir: data })
}, 120_000)

afterAll(async () => {
  await stored?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

/** Now for one number or a table, and the last hour for what is drawn over the time. */
function timesOf(isInstant: boolean) {
  return isInstant ? { atMs: END_MS } : { startMs: END_MS - HOUR_MS, endMs: END_MS, stepMs: STEP_MS }
}

function ask(store: Store, expr: string, isInstant: boolean): Promise<QueryResult> {
  const query: Query = { text: filledIn(expr), ...timesOf(isInstant) }
  return evaluate(query, store.series)
}

/** Labels of the series of a result; undefined when there is none. */
function labelsOf({ value }: QueryResult): readonly ReadonlySet<string>[] | undefined {
  switch (value.type) {
    case 'scalar':
      return [new Set()]
    case 'string':
      return undefined
    case 'vector':
      return value.samples.length === 0
        ? undefined
        : value.samples.map(({ labels }) => new Set(Object.keys(labels.toObject())))
    case 'matrix':
      return value.series.length === 0
        ? undefined
        : value.series.map(({ labels }) => new Set(Object.keys(labels.toObject())))
  }
}

function annotationsOf(dashboard: JsonObject): readonly string[] {
  return list(object(dashboard.annotations).list).map(({ target }) => text(object(target).expr))
}

describe('on the sample data', () => {
  test.each([...shipped])(
    'no panel of %s is empty, and legends and columns name labels that are there',
    async (_, dashboard) => {
      const trouble: string[] = []
      for (const { panel, refId, expr, legend, isInstant } of queriesOf(dashboard)) {
        const where = `${panel.title} ${refId}`
        const labels = labelsOf(await ask(stored.store, expr, isInstant))
        if (labels === undefined) {
          trouble.push(`${where} is empty: ${expr}`)
          continue
        }
        const wanted = [
          ...[...legend.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? ''),
          ...variablesIn(JSON.stringify(object(panel.fieldConfig))).flatMap(
            (name) => /^__field\.labels\.(\w+)$/.exec(name)?.[1] ?? [],
          ),
        ]
        for (const name of wanted)
          if (!labels.some((one) => one.has(name))) trouble.push(`${where} has no label ${name}`)
        if (panel.type === 'table') {
          const columns = Object.keys(
            object(object(list(panel.transformations).find(({ id }) => id === 'organize')?.options).indexByName),
          )
          const shown = columns.filter((field) => !field.startsWith('Value'))
          for (const name of new Set(labels.flatMap((one) => [...one]))) {
            if (!shown.includes(name)) trouble.push(`${where} gives a label ${name} without a column`)
          }
          for (const name of shown)
            if (!labels.some((one) => one.has(name))) trouble.push(`${where} has nothing for the column ${name}`)
          const value = list(panel.targets).length === 1 ? 'Value' : `Value #${refId}`
          if (!columns.includes(value)) trouble.push(`${where} has no column ${value}`)
        }
      }
      for (const expr of annotationsOf(dashboard)) {
        if (labelsOf(await ask(stored.store, expr, false)) === undefined) trouble.push(`the mark ${expr} is empty`)
      }
      for (const { metric, label } of filtersOf(dashboard)) {
        const labels = labelsOf(await ask(stored.store, `count by (${label}) (${metric}{${label}!=""})`, true))
        if (labels === undefined) trouble.push(`$${label} has no values`)
      }
      expect(trouble).toEqual([])
    },
  )
})

describePeers(['prometheus', 'promtool'], ({ prometheus, promtool }) => {
  let server: PrometheusServer

  beforeAll(async () => {
    server = await startPrometheus(prometheus, async (data) => {
      await mkdir(data, { recursive: true })
      const args = ['tsdb', 'create-blocks-from', 'openmetrics', join(folder.path, 'sample.om'), data]
      const { code, stderr } = await runPeer(promtool, args, { timeoutMs: 120_000 })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    })
  }, 180_000)

  afterAll(() => server?.stop())

  test.each([...shipped])(
    'every query of %s has the answer of Prometheus',
    async (_, dashboard) => {
      const queries = [
        ...queriesOf(dashboard),
        ...annotationsOf(dashboard).map((expr) => ({ expr, isInstant: false, refId: 'mark', panel: {} as JsonObject })),
      ]
      const trouble: string[] = []
      for (const { panel, refId, expr, isInstant } of queries) {
        const query = filledIn(expr)
        const [time, start] = [String(END_MS / 1000), String((END_MS - HOUR_MS) / 1000)]
        const theirs = isInstant
          ? await server.ask('query', { query, time })
          : await server.ask('query_range', { query, start, end: time, step: String(STEP_MS / 1000) })
        if (theirs.status !== 'success') {
          trouble.push(`${panel.title} ${refId}: Prometheus says ${theirs.error}`)
          continue
        }
        const { value } = await ask(stored.store, expr, isInstant)
        const different = difference(value, readAnswer(theirs), false)
        if (different !== undefined) trouble.push(`${panel.title} ${refId}: ${different}`)
      }
      expect(trouble).toEqual([])
      expect(queries.length).toBeGreaterThan(5)
    },
    60_000,
  )
})
