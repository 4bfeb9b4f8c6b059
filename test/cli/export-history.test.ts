import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { Labels } from '../../src/model/labels.ts'
import { BatchBuilder } from '../../src/model/sample.ts'
import { openStore } from '../../src/store/store.ts'
import { midwatch } from '../support/cli.ts'
import { runPeer, testWithPeer } from '../support/peers.ts'
import { type TempFolder, tempFolder } from '../support/test-store.ts'

let folder: TempFolder
let data: string
let out: string

beforeEach(async () => {
  folder = await tempFolder()
  data = join(folder.path, 'data')
  out = join(folder.path, 'out')
  writeFileSync(join(folder.path, 'midwatch.yml'), '{}')
})

afterEach(() => folder[Symbol.asyncDispose]())

/** `name{labels} value milliseconds` for each sample, sorted. */
type Line = string

const HOUR_MS = 3_600_000

/** Three days of two series in segments, then samples that only the journal has; returns all of them. */
async function fill(nowMs: number): Promise<Line[]> {
  const lines: Line[] = []
  let text = '# TYPE requests counter\n'
  const startMs = nowMs - 3 * 24 * HOUR_MS
  const add = (labels: string, value: number, timeMs: number) => {
    text += `${labels} ${value} ${(timeMs / 1000).toFixed(3)}\n`
    lines.push(`${labels} ${value} ${timeMs}`)
  }
  for (let i = 0; i < 2000; i++) add('requests_total{code="200"}', 3 * (i % 1500), startMs + i * 120_000 + (i % 7))
  text += '# TYPE temperature gauge\n'
  for (let i = 0; i < 2000; i++)
    add('temperature{place="a\\"b\\\\c"}', i % 50 === 0 ? -0.1 : i / 7, startMs + i * 120_000)
  const file = join(folder.path, 'history.om')
  writeFileSync(file, `${text}# EOF\n`)
  expect(await midwatch(['import', '--data', data, file])).toMatchObject({ code: 0 })

  const store = await openStore({
    dataDir: data,
    clock: systemClock,
    limits: { series: 1000, seriesPerMetric: 1000 },
    writer: 'inline',
    onCorrupt: () => {},
    onWriterDeath: () => {},
  })
  const ref = store.series.ref(Labels.of({ __name__: 'queue_length', queue: 'mail' })) as number
  const batch = new BatchBuilder(16)
  for (let i = 0; i < 20; i++) {
    const timeMs = nowMs - 60_000 * (20 - i)
    batch.add(ref, timeMs, i * 1e15)
    lines.push(`queue_length{queue="mail"} ${i * 1e15} ${timeMs}`)
  }
  batch.addStale(ref, nowMs)
  await Promise.all([store.series.append(batch.take()), store.series.durable()])
  await store.close()
  return lines.sort()
}

const run = () =>
  midwatch([
    'export',
    out,
    '--config',
    join(folder.path, 'midwatch.yml'),
    '--data',
    data,
    '--only',
    'blackbox',
    '--history',
  ])

const folderOf = () => join(out, 'history/samples')

function exported(): Line[] {
  return readdirSync(folderOf())
    .flatMap((name) => readFileSync(join(folderOf(), name), 'utf8').split('\n'))
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) =>
      line.replace(/(\d+)\.(\d{3})$/, (_, seconds: string, ms: string) => String(Number(seconds) * 1000 + Number(ms))),
    )
    .sort()
}

test('exports every sample once, those that only the journal has among them, a file for each day', async () => {
  const nowMs = Math.floor(Date.now() / 1000) * 1000
  const lines = await fill(nowMs)
  const { code, out: said } = await run()
  expect(code).toBe(0)
  expect(said).toMatch(/history\/ {2}\d days, 4020 samples/)
  expect(exported()).toEqual(lines)
  for (const name of readdirSync(folderOf())) {
    const text = readFileSync(join(folderOf(), name), 'utf8')
    expect(text.endsWith('# EOF\n')).toBe(true)
    const days = new Set(
      [...text.matchAll(/ (\d+)\.\d{3}$/gm)].map(([, seconds]) =>
        new Date(Number(seconds) * 1000).toISOString().slice(0, 10),
      ),
    )
    expect([...days]).toEqual([name.slice(0, 10)])
  }
})

test('reads what is there while another process has the data', async () => {
  await fill(Date.now())
  const store = await openStore({
    dataDir: data,
    clock: systemClock,
    limits: { series: 1000, seriesPerMetric: 1000 },
    writer: 'inline',
    onCorrupt: () => {},
    onWriterDeath: () => {},
  })
  try {
    expect(await run()).toMatchObject({ code: 0 })
    expect(exported()).toHaveLength(4020)
  } finally {
    await store.close()
  }
})

test('says that there is no history where there is no data', async () => {
  const { code, err } = await run()
  expect(code).toBe(0)
  expect(err).toContain('no history')
})

testWithPeer('promtool', 'makes blocks of it that have the very same samples', async (path) => {
  const lines = await fill(Math.floor(Date.now() / 1000) * 1000)
  await run()
  const blocks = join(folder.path, 'prometheus')
  // As a Prometheus that has run once leaves it.
  mkdirSync(join(blocks, 'wal'), { recursive: true })
  for (const name of readdirSync(folderOf())) {
    await runPeer(path, ['tsdb', 'create-blocks-from', 'openmetrics', join(folderOf(), name), blocks])
  }
  const { stdout } = await runPeer(path, ['tsdb', 'dump', blocks])
  const dumped = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => {
      const [, inside = '', value, timeMs] = /^\{(.*)\} (\S+) (\d+)$/.exec(line) ?? []
      const name = /__name__="([^"]+)"(?:, )?/.exec(inside)
      return `${name?.[1]}{${inside.replace(name?.[0] ?? '', '')}} ${Number(value)} ${timeMs}`
    })
  expect(dumped.sort()).toEqual(lines)
})
