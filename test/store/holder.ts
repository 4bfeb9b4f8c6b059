// Holds the data folder given as argument: writes numbers as samples, pushes and audit records, and prints each one that
// all three have acknowledged. Ends when it is killed.
import { writeSync } from 'node:fs'
import { systemClock } from '../../src/lib/clock.ts'
import { Labels } from '../../src/model/labels.ts'
import { createMatcher } from '../../src/model/matcher.ts'
import { BatchBuilder } from '../../src/model/sample.ts'
import { appendAudit } from '../../src/store/audit.ts'
import { openStore } from '../../src/store/store.ts'

const store = await openStore({
  dataDir: process.argv[2] as string,
  clock: systemClock,
  limits: { series: 100, seriesPerMetric: 100 },
  writer: 'inline',
  onCorrupt: (what) => console.error(what),
  onWriterDeath: () => {},
})
const { series, writer, pushed } = store
const held = Labels.of({ __name__: 'held' })
const total = JSON.stringify(Labels.of({ __name__: 'held_total' }).pairs)
const [before] = series.select({ matchers: [createMatcher('__name__', '=', 'held')], startMs: 0, endMs: 1e15 })
let lastMs = Math.max(systemClock.now(), before?.samples(0, 1e15).timesMs.at(-1) ?? 0)

for (let n = Math.max(0, ...(before?.samples(0, 1e15).values ?? [])) + 1; ; n++) {
  const batch = new BatchBuilder(1)
  lastMs = Math.max(lastMs + 1, systemClock.now())
  batch.add(series.ref(held) as number, lastMs, n)
  series.append(batch).catch(() => {})
  const nowMs = systemClock.now()
  const entry = {
    atMs: nowMs,
    receivedMs: nowMs,
    traceId: 'a'.repeat(32),
    spanId: null,
    event: 'held',
    actor: String(n),
  }
  await Promise.all([
    series.durable(),
    pushed.apply({
      nowMs,
      changes: [{ labels: total, kind: 'counter', add: 1, ttlMs: undefined }],
      key: undefined,
      bodyHash: '',
    }),
    writer.run(appendAudit, {
      entries: [{ ...entry, action: '', resource: '', outcome: 'success', durationMs: null, body: '{}' }],
    }),
  ])
  writeSync(1, `${n}\n`)
  // Sealing goes on beside it.
  if (n % 20 === 0) series.seal(lastMs - 5, 0, new AbortController().signal).catch((error) => console.error(error))
}
