import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { program, startMidwatch } from '../support.mjs'
import { load } from './cache.mjs'
import { Client } from './client.mjs'
import { corpus } from './corpus.mjs'
import { copyOf } from './lab.mjs'
import { peers, runProgram } from './programs.mjs'

const LIMIT = 1.75
const DAY_MS = 86_400_000
/** What VictoriaMetrics writes down at its end only to start faster, and what Prometheus' own log of the empty head takes. */
const NOT_DATA = new Set(['cache', 'wal', 'chunks_head', 'queries.active', 'prometheus.yml', 'lock'])

function bytesIn(folder) {
  let bytes = 0
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (NOT_DATA.has(entry.name)) continue
    const path = join(folder, entry.name)
    bytes += entry.isDirectory() ? bytesIn(path) : statSync(path).size
  }
  return bytes
}

/** How many of the samples midwatch does not give back as they were, to the last bit and millisecond. */
async function changedSamples(dataFolder, endMs) {
  const midwatch = await startMidwatch('{}', copyOf(dataFolder))
  const client = new Client(midwatch.url)
  let changed = 0
  for (const { series } of corpus(endMs)) {
    const [{ labels, times, values }] = series
    const column = values()
    const expected = new Map(Array.from(times.timesMs, (timeMs, i) => [timeMs, column[i]]))
    for (let dayMs = endMs; dayMs > times.timesMs[0]; dayMs -= DAY_MS) {
      const answer = await client.query(`${labels.__name__}[1d]`, { time: dayMs / 1000 })
      for (const [key, value] of answer.series) {
        const timeMs = Math.round(Number(key.slice(key.lastIndexOf(' ') + 1)) * 1000)
        if (!Object.is(expected.get(timeMs), value)) changed++
        expected.delete(timeMs)
      }
    }
    changed += expected.size
  }
  client.close()
  await midwatch.stop()
  return changed
}

/** What a folder takes into which nothing was imported: tables for alerts, audit and all the rest. */
async function emptyBytes() {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-bench-'))
  const text = join(folder, 'nothing.om')
  writeFileSync(text, '# EOF\n')
  await runProgram(process.execPath, [program, 'import', '--data', join(folder, 'data'), text])
  const bytes = bytesIn(join(folder, 'data'))
  rmSync(folder, { recursive: true, force: true })
  return bytes
}

export const sampleSize = {
  name: 'history: bytes a sample, ten kinds of series, the data folder less an empty one',
  bar: `<= ${LIMIT}, every sample as it was`,
  async run() {
    const { endMs, samples, ...folders } = await load('corpus', corpus)
    const ours = (bytesIn(folders.midwatch) - (await emptyBytes())) / samples
    const theirs = Object.keys(peers).map((key) =>
      folders[key] === undefined ? undefined : bytesIn(folders[key]) / samples,
    )
    const changed = await changedSamples(folders.midwatch, endMs)
    return {
      ours: `${ours.toFixed(2)}${changed > 0 ? `; ${changed} samples changed` : ''}`,
      peer: theirs.map((size, i) => size?.toFixed(2) ?? `${Object.values(peers)[i].name} missing`).join(' / '),
      ratio: theirs.map((size) => (size === undefined ? '-' : `${(size / ours).toFixed(2)}x`)).join(' / '),
      pass: ours <= LIMIT && changed === 0,
    }
  },
}
