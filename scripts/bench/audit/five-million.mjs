import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { percentile } from '../support.mjs'
import { bundleSources } from './bundle.mjs'
import { entryOf, shuffledTraces, traceOf } from './records.mjs'

const RECORDS = 5_000_000
const BATCH = 5000
/** How many batches wait for the disk at a time: one is being written while others are made. */
const IN_FLIGHT = 6
const MARK = 500_000
const LOOKUPS = 20_000
const P50_LIMIT_US = 100
const P99_LIMIT_US = 1000
const LEAST_RATE = 30_000

const SOURCES = `
  export { appendAudit, auditOfTrace } from './store/audit.ts'
  export { Connection } from './store/database.ts'
  export { sqliteAddonPath } from './lib/native-addon.ts'
  export { migrate } from './store/migrate.ts'
  export { verifyAudit } from './store/verify-audit.ts'
  export { Writer } from './store/writer.ts'`

/** Appends all records through the writer's thread; records a second of every 500,000. */
async function fill(writer, appendAudit, traces) {
  const rates = []
  const inFlight = new Set()
  let markMs = performance.now()
  for (let done = 0; done < RECORDS; done += BATCH) {
    const entries = Array.from({ length: BATCH }, (_, i) => entryOf(done + i, traces[done + i]))
    const written = writer.run(appendAudit, { entries }).finally(() => inFlight.delete(written))
    inFlight.add(written)
    if (inFlight.size >= IN_FLIGHT) await Promise.race(inFlight)
    if ((done + BATCH) % MARK !== 0) continue
    await Promise.all(inFlight)
    const nowMs = performance.now()
    rates.push(Math.round(MARK / ((nowMs - markMs) / 1000)))
    markMs = nowMs
    process.stderr.write(`  ${(done + BATCH) / 1e6} M: ${rates.at(-1)} records/s\n`)
  }
  return rates
}

export const auditFiveMillion = {
  name: 'audit, 5,000,000 records, 4 a trace in random order: us to read a trace, p50 / p99; records/s over the last 500,000',
  bar: `<= ${P50_LIMIT_US} / ${P99_LIMIT_US}; >= ${LEAST_RATE}`,
  async run() {
    const { files, remove } = await bundleSources({ store: SOURCES })
    const { appendAudit, auditOfTrace, Connection, migrate, sqliteAddonPath, verifyAudit, Writer } = createRequire(
      import.meta.url,
    )(files.store)
    const folder = mkdtempSync(join(tmpdir(), 'midwatch-bench-'))
    try {
      const file = join(folder, 'midwatch.db')
      const addonPath = sqliteAddonPath()
      const setup = new Connection(file, { addonPath })
      migrate(setup, Date.now())
      setup.close()
      const writer = Writer.thread({ file, addonPath }, (error) => {
        throw error
      })
      const rates = await fill(writer, appendAudit, shuffledTraces(RECORDS))
      const reader = new Connection(file, { readonly: true, addonPath })
      const times = []
      for (let i = 0; i < LOOKUPS; i++) {
        const traceId = traceOf(Math.floor(Math.random() * (RECORDS / 4)))
        const startMs = performance.now()
        const records = auditOfTrace(reader, traceId, 10_000)
        times.push((performance.now() - startMs) * 1000)
        if (records.length !== 4) throw new Error(`a trace has ${records.length} records`)
      }
      const { intact, records } = await verifyAudit(reader)
      if (!intact || records !== RECORDS) throw new Error(`the chain of ${records} records does not hold`)
      reader.close()
      await writer.close()
      const [p50, p99] = [percentile(times, 0.5), percentile(times, 0.99)]
      const [first, last] = [rates[0], rates.at(-1)]
      return {
        ours: `${p50.toFixed(0)} / ${p99.toFixed(0)}; ${last} (first 500,000: ${first})`,
        pass: p50 <= P50_LIMIT_US && p99 <= P99_LIMIT_US && last >= LEAST_RATE,
      }
    } finally {
      if (existsSync(folder)) rmSync(folder, { recursive: true, force: true })
      remove()
    }
  },
}
