import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Connection } from '../../src/store/database.ts'
import { DATABASE_FILE } from '../../src/store/store.ts'
import { midwatch } from '../support/cli.ts'
import { runPeer, testWithPeer } from '../support/peers.ts'
import { type TempFolder, tempFolder, testStore } from '../support/test-store.ts'

let folder: TempFolder
let data: string

beforeEach(async () => {
  folder = await tempFolder()
  data = join(folder.path, 'data')
})

afterEach(() => folder[Symbol.asyncDispose]())

const START_SECONDS = 1_700_000_000
const STEPS = 1000
const END_SECONDS = START_SECONDS + 15 * (STEPS - 1)

/** A counter and a gauge, series by series, over some hours. */
function openMetrics({ from = 0, to = STEPS } = {}): string {
  const rows = (text: (i: number) => string) => Array.from({ length: to - from }, (_, i) => text(from + i)).join('')
  const seconds = (i: number) => (START_SECONDS + 15 * i + (i % 3) / 1000).toFixed(3)
  return [
    '# HELP requests What came in.\n# TYPE requests counter\n',
    rows((i) => `requests_total{code="200"} ${3 * i} ${seconds(i)}\n`),
    '# TYPE temperature gauge\n',
    rows((i) => `temperature ${20 + (i % 10) / 10} ${seconds(i)}\n`),
    '# EOF\n',
  ].join('')
}

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder.path, name)
  await writeFile(path, content)
  return path
}

const take = (...args: string[]) => midwatch(['import', '--data', data, ...args])

/** What `midwatch query` says of the same data, at the end of the samples unless told. */
async function ask(expr: string, ...args: string[]): Promise<string> {
  const time = args.length > 0 ? args : ['--time', String(END_SECONDS + 1)]
  const { out, err } = await midwatch(['query', '--data', data, expr, ...time])
  expect(err).toBe('')
  return out
}

test('takes OpenMetrics in, so that queries find it', async () => {
  const { out, err, code } = await take(await file('history.om', openMetrics()))
  expect(err).toBe('')
  expect(out).toMatch(/^2,000 samples of 2 series taken in [\d.]+ s\n$/)
  expect(code).toBe(0)
  expect(await ask('requests_total')).toBe('requests_total{code="200"}  2997\n')
  expect(await ask('count_over_time(temperature[1d])')).toBe('{}  1000\n')
  expect(await ask('max_over_time(temperature[1d])')).toBe('{}  20.9\n')
})

test('keeps every value and time as it was written', async () => {
  const values = [0.1, 1e-300, 123456789.123456, -0.07, Number.MAX_SAFE_INTEGER, 2 ** -1074, 1 / 3]
  const lines = values.map((value, i) => `odd ${value} ${START_SECONDS + i}.${100 + i}\n`)
  await take(await file('odd.om', `${lines.join('')}# EOF\n`))
  const range = ['--time', String(START_SECONDS + 100), '--json']
  const { result } = JSON.parse(await ask('odd[1h]', ...range))
  expect(result[0].values).toEqual(values.map((_, i) => [START_SECONDS + i + (100 + i) / 1000, expect.anything()]))
  expect(result[0].values.map(([, text]: [number, string]) => Number(text))).toEqual(values)
})

test('takes several files, gzipped ones too, as one history', async () => {
  const first = await file('first.om', openMetrics({ to: 400 }))
  const second = await file('second.om.gz', gzipSync(openMetrics({ from: 400 })))
  // The later one first: the order of files does not matter.
  const { out } = await take(second, first)
  expect(out).toContain('2,000 samples of 2 series')
  expect(await ask('increase(requests_total[1d])')).toContain('2997')
  expect(await ask('count_over_time(requests_total[1d])')).toContain('1000')
})

test('takes the Prometheus text format with times in milliseconds', async () => {
  const { code } = await take(await file('history.prom', `up{job="shop"} 1 ${START_SECONDS}250\n`))
  expect(code).toBe(0)
  expect(await ask('timestamp(up)', '--time', String(START_SECONDS + 60))).toContain(`${START_SECONDS}.25`)
})

testWithPeer('promtool', 'takes what promtool dumps, as promtool has taken it from the same file', async (promtool) => {
  const blocks = join(folder.path, 'blocks')
  const history = await file('history.om', openMetrics())
  const made = await runPeer(promtool, ['tsdb', 'create-blocks-from', 'openmetrics', history, blocks])
  expect(made).toMatchObject({ code: 0 })
  // A data folder of Prometheus has one, if only an empty one.
  await mkdir(join(blocks, 'wal'))
  const { stdout } = await runPeer(promtool, ['tsdb', 'dump', blocks])
  const { out } = await take(await file('dump.txt', stdout))
  expect(out).toContain('2,000 samples of 2 series')
  const again = await take(history)
  expect(again.out).toMatch(/^0 samples of 2 series .*\n2,000 were there already\n$/)
  expect(await ask('max_over_time(temperature[1d])')).toBe('{}  20.9\n')
})

test('reads the standard input for -', async () => {
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(Readable.from([Buffer.from(openMetrics())]) as typeof process.stdin)
  const { out } = await take('-')
  vi.restoreAllMocks()
  expect(out).toContain('2,000 samples of 2 series')
})

test('keeps what is there and counts what comes again', async () => {
  const once = await file('half.om', openMetrics({ to: 600 }))
  const again = await file('whole.om', openMetrics().replaceAll('temperature 2', 'temperature 9'))
  await take(once)
  const { out, code } = await take(again)
  expect(out).toMatch(/^800 samples of 2 series taken in .*\n1,200 were there already\n$/)
  expect(code).toBe(0)
  expect(await ask('max_over_time(temperature[1d])', '--time', String(START_SECONDS + 15 * 599 + 1))).toBe('{}  20.9\n')
  expect(await ask('max_over_time(temperature[5m])')).toBe('{}  90.9\n')
})

test('puts history under samples that are there, without touching them', async () => {
  const stored = await testStore({ dataDir: data })
  await stored[Symbol.asyncDispose]()
  const nowSeconds = Math.floor(Date.now() / 1000)
  const lines = Array.from({ length: 400 }, (_, i) => `live_total ${i} ${nowSeconds - 60 * (400 - i)}\n`)
  await take(await file('newest.om', `${lines.slice(200).join('')}# EOF\n`))
  await take(await file('all.om', `${lines.join('')}# EOF\n`))
  expect(await ask('count_over_time(live_total[1d])', '--time', String(nowSeconds))).toBe('{}  400\n')
  expect(await ask('increase(live_total[6h])', '--time', String(nowSeconds))).toMatch(/\{\} {2}3(?:59|60)/)
})

test('prints the counts as JSON', async () => {
  const { out } = await take('--json', await file('history.om', openMetrics()))
  expect(JSON.parse(out)).toEqual({ series: 2, samples: 2000, refused: {}, seconds: expect.any(Number) })
})

test('remembers what the metrics are', async () => {
  await take(await file('history.om', openMetrics()))
  const database = new Connection(join(data, DATABASE_FILE), { readonly: true })
  const known = database.statement('SELECT name, type, help FROM metric ORDER BY name').all()
  database.close()
  expect(known).toEqual([
    { name: 'requests_total', type: 'counter', help: 'What came in.' },
    { name: 'temperature', type: 'gauge', help: '' },
  ])
})

test('takes a NaN for the end of a series, which spoils no sum, unless it is to be a value', async () => {
  const text = `a 1 ${START_SECONDS}\na NaN ${START_SECONDS + 15}\na 2 ${START_SECONDS + 30}\n# EOF\n`
  const path = await file('nan.om', text)
  await take(path)
  const sum = () => ask('sum_over_time(a[1h])', '--time', String(START_SECONDS + 60))
  expect(await sum()).toBe('{}  3\n')
  data = join(folder.path, 'other')
  await take('--nan', 'value', path)
  expect(await sum()).toBe('{}  NaN\n')
})

test('says which line it can not read, and has taken in what stands before', async () => {
  const text = openMetrics().replace('# TYPE temperature gauge\n', 'requests_total 5\n')
  const { out, err, code } = await take(await file('broken.om', text))
  expect(err).toMatch(/broken\.om: line 1003: the sample has no time; .*\nthe 1,000 samples before it are taken in/)
  expect(out).toBe('')
  expect(code).toBe(1)
  expect(await ask('count_over_time(requests_total[1d])')).toBe('{code="200"}  1000\n')
})

test.each([
  ['a file that is not there', 'missing.om', undefined, /missing\.om: there is no such file/],
  ['a folder', 'folder', 'mkdir', /folder: EISDIR/],
  ['gzip that was cut off', 'cut.om.gz', gzipSync(openMetrics()).subarray(0, 200), /cut\.om\.gz: the gzip data ends/],
  ['what is no text of samples', 'midwatch.json', '{"version": 1}\n', /midwatch\.json: line 1: /],
])('exits 1 for %s, and says what is wrong', async (_, name, content, message) => {
  if (content === 'mkdir') await mkdir(join(folder.path, name))
  else if (content !== undefined) await file(name, content)
  const { err, code } = await take(join(folder.path, name))
  expect(err).toMatch(message)
  expect(code).toBe(1)
})

test.each([
  [['--format', 'csv', 'x'], '--format csv is not a format; write one of auto, openmetrics, text'],
  [['--nan', 'null', 'x'], '--nan null is not a meaning of NaN; write stale or value'],
])('exits 2 for %j, and says what is wrong', async (args, message) => {
  const { err, code } = await take(...args)
  expect(err).toContain(message)
  expect(code).toBe(2)
})

test('refuses series beyond the limits of the config, with the reason', async () => {
  const config = await file('midwatch.yml', 'storage: { limits: { series: 1 } }\n')
  const { out, err, code } = await take('--config', config, await file('history.om', openMetrics()))
  expect(out).toMatch(/^1,000 samples of 1 series .*\n1,000 refused: series-limit/)
  expect(err).toContain('1,000 samples were refused')
  expect(code).toBe(1)
})

test('refuses to work beside a midwatch that runs with the same data', async () => {
  await using running = await testStore()
  data = running.dataDir
  const { err, code } = await take(await file('history.om', openMetrics()))
  expect(err).toContain(`another midwatch is using ${data}; history is taken in while none runs, so stop it first`)
  expect(code).toBe(1)
})

test('leaves a record in the audit log', async () => {
  await take(await file('history.om', openMetrics()))
  const { out } = await midwatch(['verify', '--data', data])
  expect(out).toContain('the audit log is intact (1 record)')
})
