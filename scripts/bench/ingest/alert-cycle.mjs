import { setTimeout as delay } from 'node:timers/promises'
import { median } from '../support.mjs'
import { hasPrometheus, makeOurs, makePrometheus, PEER_MISSING, startTarget } from './programs.mjs'

const RULES = 500
const SERIES_A_RULE = 20
const EVERY_MS = 2000
const CYCLES = 15
const WARM_UP = 8

/** One comparison over twenty series each; ten of them fire all the time, forty come and go. */
function ruleFile() {
  const rules = Array.from({ length: RULES }, (_, i) => {
    const metric = `worker_${String(i).padStart(3, '0')}_queue_length`
    return `      - alert: QueueOf${i}IsLong
        expr: ${metric} > 50
        for: ${i % 50 === 0 ? '5s' : '5m'}
        labels: { severity: ${i % 2 === 0 ? 'page' : 'ticket'} }
        annotations:
          summary: 'Queue of {{ $labels.pod }} is long'
          description: '{{ $value }} tasks wait in {{ $labels.zone }}'`
  })
  return `groups:\n  - name: queues\n    interval: ${EVERY_MS / 1000}s\n    rules:\n${rules.join('\n')}\n`
}

export const alertCycle = {
  name: `cycle of ${RULES} alerting rules over ${(RULES * SERIES_A_RULE).toLocaleString('en')} series, ms (peer: Prometheus)`,
  bar: '<= the peer',
  async run() {
    const target = await startTarget(RULES * SERIES_A_RULE, 'workers')
    const options = { target, everyMs: EVERY_MS, rules: ruleFile() }
    const ours = await makeOurs({ ...options, evaluation: '* * * * * *' })
    const peer = hasPrometheus() ? await makePrometheus(options) : undefined
    const both = [
      [ours, 'midwatch_rule_group_last_duration_seconds'],
      [peer, 'prometheus_rule_group_last_duration_seconds'],
    ].filter(([one]) => one !== undefined)
    try {
      for (const [one] of both) await one.start()
      await delay(WARM_UP * EVERY_MS)
      const times = new Map(both.map(([one]) => [one, []]))
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        await delay(EVERY_MS)
        for (const [one, metric] of both) times.get(one).push((await one.own(metric, 'queues')) * 1000)
      }
      const alerts = []
      for (const [one] of both)
        alerts.push(Number((await one.query('count(ALERTS{alertstate="firing"})'))[0]?.value[1]))
      if (alerts.some((count) => count !== RULES / 50)) throw new Error(`${alerts} alerts fire, not ${RULES / 50}`)
      const mine = median(times.get(ours))
      if (peer === undefined) return { ours: mine.toFixed(1), peer: PEER_MISSING, pass: false }
      const theirs = median(times.get(peer))
      return {
        ours: mine.toFixed(1),
        peer: theirs.toFixed(1),
        ratio: (mine / theirs).toFixed(2),
        pass: mine <= theirs,
      }
    } finally {
      for (const [one] of both) await one.remove()
      target.stop()
    }
  },
}
