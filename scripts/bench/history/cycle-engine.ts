// The rule path of the program on stored data, at moments that the parent process names: engine, store, writer thread and
// journal are the program's own; only the clock is told.
import { createInterface } from 'node:readline'
import { sqliteAddonPath } from '../../../src/lib/native-addon.ts'
import { METRIC_NAME } from '../../../src/model/labels.ts'
import { readRuleFile } from '../../../src/rule/load.ts'
import { queryStore } from '../../../src/rule/query.ts'
import { RuleEngine } from '../../../src/rule/rule-engine.ts'
import { openStore } from '../../../src/store/store.ts'

async function main() {
  const [dataDir = '', rules = ''] = process.argv.slice(2)
  const { groups, problems } = readRuleFile(rules, 'rules.yml')
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('; '))

  let nowMs = 0
  const clock = {
    now: () => nowMs,
    monotonicMs: () => performance.now(),
    sleep: () => Promise.reject(new Error('nothing here waits')),
  }
  const fail = (error: unknown) => {
    throw error
  }
  const store = await openStore({
    dataDir,
    clock,
    limits: { series: Number.POSITIVE_INFINITY, seriesPerMetric: Number.POSITIVE_INFINITY },
    writer: 'thread',
    addonPath: sqliteAddonPath(dataDir),
    onCorrupt: fail,
    onWriterDeath: fail,
  })
  const engine = new RuleEngine(
    {
      query: (expr, atMs) => queryStore(store.series, expr, atMs),
      sink: store.series,
      externalUrl: 'http://127.0.0.1',
      onResult: () => {},
      onError: fail,
    },
    groups,
  )

  for await (const line of createInterface({ input: process.stdin })) {
    nowMs = Number(line)
    const startMs = performance.now()
    await engine.tick(nowMs)
    await store.series.durable()
    const ms = performance.now() - startMs
    const recorded = await queryStore(store.series, '{__name__=~"slo:sli_error:ratio_rate.+"}', nowMs)
    const values = recorded.map(({ labels, value }) => [labels.get(METRIC_NAME), labels.get('sloth_slo'), value])
    process.stdout.write(`${JSON.stringify({ ms, values })}\n`)
  }
  await store.close()
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
