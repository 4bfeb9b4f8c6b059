// How many alerts go through the deciding stages in a second, group by group as at a flush.
import { Inhibitor } from '../../../src/notify/inhibition.ts'
import { fromSent } from '../../../src/notify/notify-alert.ts'
import { matchRoutes } from '../../../src/notify/route.ts'
import { runStages } from '../../../src/notify/stage.ts'
import { firing, START_MS, setUp } from './many-alerts.ts'

const ROUNDS = 40

const { routing, stages } = setUp()
const alerts = firing(START_MS).map((alert) => fromSent(alert, START_MS))
const groups = [...Map.groupBy(alerts, ({ labels }) => labels.get('alertname')).values()]
const rates: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  const nowMs = START_MS + round * 60_000
  const startMs = performance.now()
  let made: Inhibitor | undefined
  const inhibitor = () => {
    made ??= new Inhibitor(routing.inhibitRules ?? [], alerts, nowMs)
    return made
  }
  let passed = 0
  for (const group of groups) {
    const [route] = matchRoutes(routing.root, (group[0] as (typeof alerts)[number]).labels)
    if (route === undefined) throw new Error('no route')
    passed += runStages(stages, group, { nowMs, route, inhibitor }).pass.length
  }
  if (passed !== alerts.length) throw new Error(`${passed} passed`)
  rates.push((alerts.length / (performance.now() - startMs)) * 1000)
}
rates.sort((a, b) => a - b)
process.stdout.write(JSON.stringify({ median: rates[ROUNDS >> 1], slowest: rates[0] }))
