import { setTimeout as delay } from 'node:timers/promises'
import { residentMegabytes, startMidwatch } from '../support.mjs'
import { annotationsOf, GROUPS, labelsOf } from './alert.ts'
import { runEngine } from './engine.mjs'
import { startReceiver } from './receiver.mjs'

const ALERTS = 10_000
const MOST_MS = 1000
const MOST_MEGABYTES = 100
const AT_ONCE = 500
const WATCH_MS = 30_000

const what = `${ALERTS.toLocaleString('en')} alerts in ${GROUPS} groups`

export const flushCycle = {
  name: `${what}: one flush cycle, all decided and on disk, ms`,
  bar: `<= ${MOST_MS}`,
  async run() {
    const cycles = Object.entries(await runEngine('flush-engine'))
    const worst = Math.max(...cycles.map(([, { ms }]) => ms))
    const longest = Math.max(...cycles.map(([, { longestMs }]) => longestMs))
    const each = cycles.map(([name, { ms }]) => `${name} ${ms.toFixed(0)}`).join(', ')
    return { ours: `${worst.toFixed(0)} (${each}; longest step ${longest.toFixed(0)})`, pass: worst <= MOST_MS }
  },
}

export const flushMemory = {
  name: `${what}: resident memory that they add, MB`,
  bar: `<= ${MOST_MEGABYTES}`,
  async run() {
    const told = new Set()
    const receiver = await startReceiver(({ labels }) => told.add(labels.pod))
    const midwatch = await startMidwatch(
      JSON.stringify({
        shipped_rules: false,
        alertmanager: {
          route: { receiver: 'bench', group_by: ['alertname'], group_wait: '5s', group_interval: '10s' },
          receivers: [{ name: 'bench', webhook_configs: [{ url: receiver.url }] }],
        },
      }),
    )
    const post = async (from) => {
      const startsAt = new Date().toISOString()
      const alerts = Array.from({ length: AT_ONCE }, (_, i) => alertOf(from + i, startsAt))
      const response = await fetch(`${midwatch.url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(alerts),
      })
      if (!response.ok) throw new Error(await response.text())
    }
    try {
      await delay(10_000)
      const before = residentMegabytes(midwatch.pid)
      for (let from = 0; from < ALERTS; from += AT_ONCE) await post(from)
      // What they take while they are told, and once they only fire.
      let most = 0
      const endMs = performance.now() + WATCH_MS
      while (performance.now() < endMs) {
        most = Math.max(most, residentMegabytes(midwatch.pid))
        await delay(100)
      }
      if (told.size !== ALERTS) throw new Error(`${told.size} alerts were told`)
      const more = most - before
      return { ours: `${more.toFixed(0)} (from ${before.toFixed(0)})`, pass: more <= MOST_MEGABYTES }
    } finally {
      await midwatch.stop()
      receiver.stop()
    }
  },
}

function alertOf(i, startsAt) {
  const generatorURL = 'https://watch.example.org/explore'
  return { labels: labelsOf(i), annotations: annotationsOf(i), startsAt, generatorURL }
}
