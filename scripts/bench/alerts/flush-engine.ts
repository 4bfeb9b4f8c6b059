// Looks at due groups with the program's own dispatcher, store and writer thread; only the clock is told.
import { randomBytes } from 'node:crypto'
import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { sqliteAddonPath } from '../../../src/lib/native-addon.ts'
import { AckLinks } from '../../../src/notify/ack-links.ts'
import { Dispatcher } from '../../../src/notify/dispatcher.ts'
import { plainEvaluation, saveEvaluation } from '../../../src/store/alerts.ts'
import { saveFlush } from '../../../src/store/notify.ts'
import { openStore } from '../../../src/store/store.ts'
import { GROUPS } from './alert.ts'
import { ALERTS, firing, START_MS, setUp } from './many-alerts.ts'

const M = 60_000
/** As the program. */
const ALERTS_AT_ONCE = 500

async function main() {
  const [dataDir = ''] = process.argv.slice(2)
  let nowMs = START_MS
  const clock = { now: () => nowMs, monotonicMs: () => performance.now(), sleep: () => new Promise<void>(() => {}) }
  const fail = (error: unknown) => {
    throw error
  }
  const store = await openStore({
    dataDir,
    clock,
    limits: { series: 1000, seriesPerMetric: 1000 },
    writer: 'thread',
    addonPath: sqliteAddonPath(dataDir),
    onCorrupt: fail,
    onWriterDeath: fail,
  })
  const options = { ...setUp(), ackLinks: new AckLinks(randomBytes(32)) }
  const dispatcher = new Dispatcher(options, { alerts: [], groups: [], log: [] }, { lastAliveMs: nowMs, nowMs })
  const take = async (alerts: ReturnType<typeof firing>) => {
    const { events, ...notify } = dispatcher.take(alerts, nowMs)
    await store.writer.run(saveEvaluation, plainEvaluation({ nowMs, upserts: [], removals: [], events, notify }))
  }
  /** One cycle: all that is due decided, and what it comes to on disk. */
  const cycle = async () => {
    const startMs = performance.now()
    const before = process.cpuUsage()
    let longestMs = 0
    let messages = 0
    const saved: Promise<unknown>[] = []
    for (;;) {
      const partMs = performance.now()
      const change = dispatcher.flush(nowMs, ALERTS_AT_ONCE)
      longestMs = Math.max(longestMs, performance.now() - partMs)
      if (change === undefined) break
      messages += change.messages.length
      saved.push(store.writer.run(saveFlush, change))
      await yieldToOthers()
    }
    await Promise.all(saved)
    const { user, system } = process.cpuUsage(before)
    return { ms: performance.now() - startMs, cpuMs: (user + system) / 1000, longestMs, messages }
  }
  const cycles: Record<string, Awaited<ReturnType<typeof cycle>>> = {}
  await take(firing(nowMs))
  nowMs += 1000
  cycles.first = await cycle()
  for (const name of ['quiet', 'quiet again']) {
    nowMs += M
    await take(firing(nowMs))
    cycles[name] = await cycle()
  }
  nowMs += M
  const over = firing(nowMs, GROUPS).map((alert) => ({ ...alert, endsAtMs: nowMs }))
  await take([...over, ...firing(nowMs).slice(GROUPS)])
  cycles['one of each group over'] = await cycle()
  if (dispatcher.alerts.length !== ALERTS - GROUPS) throw new Error(`${dispatcher.alerts.length} alerts are held`)
  await store.close()
  process.stdout.write(JSON.stringify(cycles))
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
