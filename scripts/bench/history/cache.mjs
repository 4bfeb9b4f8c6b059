import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { program } from '../support.mjs'
import { isThere, peers, runProgram, startPeer } from './programs.mjs'
import { GENERATOR_VERSION, SEED } from './series.mjs'
import { jsonLines, writeOpenMetrics } from './write.mjs'

const HOUR_MS = 3_600_000
/** Raw samples are kept for 35 days, and there are 30: older data would be rolled up in the midst of a measurement. */
const MAX_AGE_MS = 3 * 24 * HOUR_MS

const root = join(tmpdir(), `midwatch-bench-history-${GENERATOR_VERSION}-${SEED}`)

/**
 * A set of series as each program has it on disk; made at the first use, kept in the system's folder for temporary files.
 *
 * @param familiesOf the series, given the end of their time
 * @returns the end, how many samples there are, and the folder of each program; undefined for a peer that is missing
 */
export async function load(name, familiesOf) {
  const endMs = endOfTime()
  const folder = join(root, name)
  mkdirSync(folder, { recursive: true })
  const text = join(folder, 'openmetrics.txt')
  const countFile = join(folder, 'samples')
  if (!existsSync(countFile)) {
    tell(`${name}: writing the samples`)
    writeFileSync(countFile, String(writeOpenMetrics(text, familiesOf(endMs))))
  }
  const samples = Number(readFileSync(countFile, 'utf8'))
  const [prometheus, [victoria, midwatch]] = await Promise.all([
    isThere(peers.prometheus) ? made(join(folder, 'prometheus'), (to) => fillPrometheus(text, to)) : undefined,
    inTurn([
      async () =>
        isThere(peers.victoria)
          ? await made(join(folder, 'victoria'), (to) => fillVictoria(familiesOf(endMs), to))
          : undefined,
      () => made(join(folder, `midwatch-${storeVersion()}`), (to) => fillMidwatch(text, to)),
    ]),
  ])
  forgetOldStores(folder)
  return { endMs, samples, text, midwatch, prometheus, victoria }
}

/** The last whole hour when the data was made. */
function endOfTime() {
  const file = join(root, 'end')
  const known = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  if (Date.now() - known < MAX_AGE_MS) return known
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root, { recursive: true })
  const endMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS
  writeFileSync(file, String(endMs))
  return endMs
}

/** A folder that is there is whole: it gets its name when it is filled. */
async function made(folder, fill) {
  if (existsSync(folder)) return folder
  const part = `${folder}.part`
  rmSync(part, { recursive: true, force: true })
  mkdirSync(part, { recursive: true })
  const startMs = performance.now()
  await fill(part)
  tell(`${folder}: filled in ${Math.round((performance.now() - startMs) / 1000)} s`)
  renameSync(part, folder)
  return folder
}

async function fillPrometheus(text, folder) {
  // A block as long as may be: the whole text is read again for each.
  await runProgram('promtool', ['tsdb', 'create-blocks-from', '--max-block-duration=744h', 'openmetrics', text, folder])
}

async function fillVictoria(families, folder) {
  const victoria = await startPeer(peers.victoria, folder)
  const call = request(`${victoria.url}/api/v1/import`, { method: 'POST' })
  Readable.from(jsonLines(families)).pipe(call)
  const [response] = await once(call, 'response')
  response.resume()
  if (response.statusCode !== 204) throw new Error(`VictoriaMetrics answered the import with ${response.statusCode}`)
  for (const step of ['force_flush', 'force_merge']) await fetch(`${victoria.url}/internal/${step}`)
  do await delay(1000)
  while (/^vm_active_(?:force_merges|merges\{.*\}) [1-9]/m.test(await (await fetch(`${victoria.url}/metrics`)).text()))
  await victoria.end()
}

async function fillMidwatch(text, folder) {
  await runProgram(process.execPath, [program, 'import', '--data', folder, text])
}

/** Changes with everything that decides how samples lie on disk. */
function storeVersion() {
  const source = join(import.meta.dirname, '../../../src')
  const hash = createHash('sha256')
  for (const part of ['model', 'store']) {
    for (const file of readdirSync(join(source, part), { recursive: true }).sort()) {
      const path = join(source, part, file)
      if (statSync(path).isFile()) hash.update(readFileSync(path))
    }
  }
  return hash.digest('hex').slice(0, 12)
}

function forgetOldStores(folder) {
  const current = `midwatch-${storeVersion()}`
  for (const name of readdirSync(folder)) {
    if (name.startsWith('midwatch-') && name !== current) rmSync(join(folder, name), { recursive: true })
  }
}

async function inTurn(works) {
  const results = []
  for (const work of works) results.push(await work())
  return results
}

function tell(text) {
  process.stderr.write(`  ${text}\n`)
}
