import { setTimeout as delay } from 'node:timers/promises'
import { cpuSeconds, startMidwatch, startTarget } from './support.mjs'

const CORE_SHARE = 0.25
const DELAY_SECONDS = '0.2'
const SECONDS = 40

export const thousandChecks = {
  name: '1,000 http checks every 10 s: share of one core (and of starts within 200 ms)',
  bar: `<= ${CORE_SHARE}, 99 %`,
  async run() {
    const target = await startTarget()
    const checks = Array.from(
      { length: 1000 },
      (_, i) =>
        `  - { name: c${i}, http: "http://127.0.0.1:${target.port}/", every: 10s, expect: { json: { status: ok } } }`,
    )
    const midwatch = await startMidwatch(`checks:\n${checks.join('\n')}\n`)
    await delay(15_000)
    const before = cpuSeconds(midwatch.pid)
    const startMs = performance.now()
    await delay(SECONDS * 1000)
    const share = (cpuSeconds(midwatch.pid) - before) / ((performance.now() - startMs) / 1000)
    const report = await (await fetch(`${midwatch.url}/metrics`)).json()
    const [delays] = report.metrics.midwatch_probe_start_delay_seconds.series
    const onTime = delays.buckets[DELAY_SECONDS] / delays.count
    const health = await (await fetch(`${midwatch.url}/health`)).json()
    const isComplete = health.summary.healthy >= 1000
    await midwatch.stop()
    target.stop()
    return {
      ours: `${share.toFixed(3)}, ${(onTime * 100).toFixed(2)} %`,
      pass: share <= CORE_SHARE && onTime >= 0.99 && isComplete,
    }
  },
}
