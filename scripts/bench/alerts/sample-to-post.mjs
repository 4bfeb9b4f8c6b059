import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { percentile, startMidwatch } from '../support.mjs'
import { startReceiver } from './receiver.mjs'

const INTERVAL_MS = 1000
const EXTRA_MS = 250
const SERIES = 400
const LONGEST_MS = 60_000

const RULE = `
groups:
  - name: queues
    interval: 1s
    rules:
      - alert: QueueIsLong
        expr: queue_tasks_queued > 50
        labels: { severity: critical }
        annotations: { summary: 'Queue {{ $labels.queue }} is long' }
`

export const sampleToPost = {
  name: `from a push over the threshold to the POST at the receiver, p99 of ${SERIES}, ms (for: 0, group_wait: 0, evaluated every second)`,
  bar: `<= ${INTERVAL_MS + EXTRA_MS}`,
  async run() {
    const arrived = new Map()
    const receiver = await startReceiver(({ labels }, atMs) => {
      if (!arrived.has(labels.queue)) arrived.set(labels.queue, atMs)
    })
    const config = JSON.stringify({
      evaluation: { cron: '* * * * * *' },
      shipped_rules: false,
      rule_files: ['rules/*.yml'],
      alertmanager: {
        route: { receiver: 'bench', group_by: ['...'], group_wait: '0s', group_interval: '1s' },
        receivers: [{ name: 'bench', webhook_configs: [{ url: receiver.url }] }],
      },
    })
    const midwatch = await startMidwatch(config, (folder) => {
      mkdirSync(join(folder, 'rules'))
      writeFileSync(join(folder, 'rules', 'queues.yml'), RULE)
    })
    const push = async (entries) => {
      const response = await fetch(`${midwatch.url}/api/v1/metrics`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(entries),
      })
      if (!response.ok) throw new Error(await response.text())
    }
    const entry = (queue, set) => ({ name: 'queue_tasks_queued', type: 'gauge', labels: { queue: `q${queue}` }, set })
    try {
      await push(Array.from({ length: SERIES }, (_, i) => entry(i, 10)))
      await delay(3 * INTERVAL_MS)
      const crossed = new Map()
      for (let i = 0; i < SERIES; i++) {
        crossed.set(`q${i}`, performance.now())
        await push([entry(i, 60)])
        // At every moment between two evaluations.
        await delay(20 + 60 * Math.random())
      }
      const endMs = performance.now() + LONGEST_MS
      while (arrived.size < SERIES) {
        if (performance.now() > endMs) throw new Error(`${SERIES - arrived.size} alerts did not arrive`)
        await delay(50)
      }
      const times = [...crossed].map(([queue, atMs]) => arrived.get(queue) - atMs)
      const p99 = percentile(times, 0.99)
      return {
        ours: `${p99.toFixed(0)} (median ${percentile(times, 0.5).toFixed(0)})`,
        pass: p99 <= INTERVAL_MS + EXTRA_MS,
      }
    } finally {
      await midwatch.stop()
      receiver.stop()
    }
  },
}
