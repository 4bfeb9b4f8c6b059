import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { defineCommand } from 'citty'
import type { StorageConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { type HistoryCounts, type HistoryOptions, readHistory } from '../ingest/history.ts'
import { hasAsset } from '../lib/asset.ts'
import { formatProblem } from '../model/problem.ts'
import { ExpositionError } from '../wire/exposition-error.ts'
import { CommandError } from './command-error.ts'
import { type Offline, openData } from './offline.ts'
import { plain, printJson } from './print.ts'

/** What became of the samples; `refused` counts them by reason. */
interface Report {
  readonly series: number
  readonly samples: number
  readonly refused: Readonly<Record<string, number>>
  readonly seconds: number
}

const FORMATS: Readonly<Record<string, HistoryOptions['format']>> = {
  auto: undefined,
  openmetrics: 'openmetrics',
  text: 'text',
}
const NAN = ['stale', 'value'] as const
/** The sample was there already, so nothing is missing. */
const KNOWN = 'duplicate-timestamp'
/** The config allows no more series. */
const SERIES_LIMIT = 'series-limit'
const READ_BYTES = 1024 * 1024

export const importCommand = defineCommand({
  args: {
    file: {
      type: 'positional',
      required: true,
      description: 'OpenMetrics or Prometheus text with a time on each line, also gzipped; - is the standard input',
      valueHint: 'FILE...',
    },
    format: {
      type: 'string',
      default: 'auto',
      description: 'openmetrics (times in seconds), text (in milliseconds) or auto: what the first time looks like',
      valueHint: 'FORMAT',
    },
    nan: {
      type: 'string',
      default: 'stale',
      description: 'What a NaN is: stale (the series ended, as dumps of Prometheus write it) or value',
      valueHint: 'MEANING',
    },
    json: { type: 'boolean', description: 'Print the counts as JSON' },
    data: { type: 'string', description: 'The folder for the data (./data)', valueHint: 'DIR' },
    config: { type: 'string', description: 'The config file (midwatch.yml where there is one)', valueHint: 'FILE' },
  },
  async run({ args }) {
    const files = args._ as readonly string[]
    const options = { format: formatOf(args.format), nan: nanOf(args.nan) }
    const { data: dataDir, limits } = storageOf(args)
    const writer = hasAsset('writer.cjs') ? 'thread' : 'inline'
    const advice = `another midwatch is using ${dataDir}; history is taken in while none runs, so stop it first`
    const report = await openData({ dataDir, limits, writer, advice }, (offline) => take(files, options, offline))
    if (args.json) printJson(report)
    else process.stdout.write(shown(report))
    const missing = Object.entries(report.refused).reduce((sum, [why, count]) => sum + (why === KNOWN ? 0 : count), 0)
    if (missing > 0) throw new CommandError(1, `${counted(missing)} samples were refused`)
  },
})

/** @throws CommandError after what is wrong with the config has been said */
function storageOf({ config: file, data }: { config?: string | undefined; data?: string | undefined }): StorageConfig {
  const { config, problems } = loadConfig({ file, env: process.env, overrides: { data } })
  if (config !== undefined) return config.storage
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`)
  throw new CommandError(1, 'nothing was taken in: the config has errors')
}

/** @throws CommandError for what can't be read; what stood before it has been taken in */
async function take(files: readonly string[], options: HistoryOptions, { store, audit }: Offline): Promise<Report> {
  const startMs = performance.now()
  const { series } = store
  const importer = series.importer()
  const sink = {
    ref: series.ref.bind(series),
    add: importer.add.bind(importer),
    describe: series.describe.bind(series),
  }
  const total: HistoryCounts = { series: 0, samples: 0, refused: 0 }
  let fault: Error | undefined
  for (const file of files) {
    try {
      await readHistory(bytesOf(file), sink, total, options)
    } catch (error) {
      fault = faultOf(error, file)
      break
    }
  }
  const { samples, refused: refusals } = await importer.finish()
  const refused = Object.fromEntries(refusals)
  if (total.refused > 0) refused[SERIES_LIMIT] = total.refused
  const attributes = { files: files.length, series: total.series, samples }
  await audit.record([{ event: 'history.imported', actor: 'local', action: 'import', resource: 'series', attributes }])
  if (fault === undefined)
    return { series: total.series, samples, refused, seconds: (performance.now() - startMs) / 1000 }
  const before = `the ${counted(samples)} samples before it are taken in; run it again when it is mended`
  throw new CommandError(1, samples === 0 ? fault.message : `${fault.message}\n${before}`)
}

/** The file's content; gzip is known by its first bytes. */
async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  const input = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: READ_BYTES })
  const pieces = input[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const first = await pieces.next()
  if (first.done === true) return
  const whole = startingWith(first.value, pieces)
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
    yield* whole
    return
  }
  const unzip = createGunzip({ chunkSize: READ_BYTES })
  Readable.from(whole)
    .on('error', (error) => unzip.destroy(error))
    .pipe(unzip)
  yield* unzip as AsyncIterable<Buffer>
}

async function* startingWith(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first
  for (;;) {
    const next = await rest.next()
    if (next.done === true) return
    yield next.value
  }
}

/** @returns an error with the file's name; anything but trouble with the file is thrown on */
function faultOf(error: unknown, file: string): Error {
  const { code, message } = error as NodeJS.ErrnoException
  const name = plain(file === '-' ? 'standard input' : file)
  if (error instanceof ExpositionError) return new Error(`${name}: ${plain(message)}`, { cause: error })
  if (code === 'ENOENT') return new Error(`${name}: there is no such file`, { cause: error })
  if (code === 'Z_BUF_ERROR') return new Error(`${name}: the gzip data ends too early`, { cause: error })
  if (code !== undefined && /^(?:E[A-Z]+|Z_\w+)$/.test(code)) return new Error(`${name}: ${message}`, { cause: error })
  throw error
}

function shown({ series, samples, refused, seconds }: Report): string {
  const lines = [`${counted(samples)} samples of ${counted(series)} series taken in ${seconds.toFixed(1)} s`]
  for (const [why, count] of Object.entries(refused)) {
    if (why === KNOWN) lines.push(`${counted(count)} were there already`)
    else if (why === SERIES_LIMIT) lines.push(`${counted(count)} refused: ${why}, see storage.limits in the config`)
    else lines.push(`${counted(count)} refused: ${why}`)
  }
  return `${lines.join('\n')}\n`
}

function counted(count: number): string {
  return count.toLocaleString('en-US')
}

function formatOf(text: string): HistoryOptions['format'] {
  if (Object.hasOwn(FORMATS, text)) return FORMATS[text]
  throw new CommandError(2, `--format ${plain(text)} is not a format; write one of ${Object.keys(FORMATS).join(', ')}`)
}

function nanOf(text: string): (typeof NAN)[number] {
  const found = NAN.find((each) => each === text)
  if (found !== undefined) return found
  throw new CommandError(2, `--nan ${plain(text)} is not a meaning of NaN; write stale or value`)
}
