import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { percentile, program, startMidwatch, timedGet } from './support.mjs'

const LIMIT_MS = 20
const SECONDS = 15
const SERIES = 300
const HOURS = 24
const STEP_SECONDS = 15

/** Queries that each take long: many steps, many series, wide windows, sorting, much to write. */
const QUERIES = [
  ['sum by (pair) (rate(x_total[5m]))', 15],
  ['topk(5, x_total)', 30],
  ['quantile_over_time(0.9, x_total[2h])', 600],
  ['x_total', 60],
  ['max_over_time(rate(x_total[5m])[3h:1m])', 300],
]

async function writeHistory(file, endSeconds) {
  const stream = createWriteStream(file)
  stream.write('# TYPE x counter\n')
  const values = new Array(SERIES).fill(0)
  for (let time = endSeconds - HOURS * 3600; time < endSeconds; time += STEP_SECONDS) {
    let text = ''
    for (let i = 0; i < SERIES; i++) {
      values[i] += (time * (i + 7)) % 13
      text += `x_total{pair="${i % 50}",instance="host-${i}:9100"} ${values[i]} ${time}\n`
    }
    if (!stream.write(text)) await once(stream, 'drain')
  }
  stream.end('# EOF\n')
  await once(stream, 'close')
}

export const healthUnderQuery = {
  name: `/health p99 while two clients ask range queries over ${SERIES} series and a day, ms`,
  bar: `<= ${LIMIT_MS}`,
  async run() {
    const endSeconds = Math.floor(Date.now() / 1000)
    const file = join(tmpdir(), `midwatch-bench-${process.pid}.om`)
    await writeHistory(file, endSeconds)
    const midwatch = await startMidwatch('{}', (folder) => {
      const { status, stderr } = spawnSync(process.execPath, [program, 'import', file], { cwd: folder })
      if (status !== 0) throw new Error(String(stderr))
    })
    rmSync(file)
    const agents = [1, 2, 3].map(() => new Agent({ keepAlive: true, maxSockets: 1 }))
    const [asker, ...queriers] = agents
    const endMs = performance.now() + SECONDS * 1000
    let answered = 0
    let slowestMs = 0
    const asking = queriers.map(async (agent, offset) => {
      for (let i = offset; performance.now() < endMs; i++) {
        const [query, step] = QUERIES[i % QUERIES.length]
        const span = `start=${endSeconds - HOURS * 3600}&end=${endSeconds}&step=${step}`
        const path = `/api/v1/query_range?${span}&query=${encodeURIComponent(query)}`
        const { ms, status } = await timedGet(midwatch.url + path, agent)
        if (status !== 200) throw new Error(`${query} was answered with ${status}`)
        slowestMs = Math.max(slowestMs, ms)
        answered++
      }
    })
    const times = []
    while (performance.now() < endMs) {
      times.push((await timedGet(`${midwatch.url}/health`, asker)).ms)
      await delay(5)
    }
    await Promise.all(asking)
    for (const agent of agents) agent.destroy()
    await midwatch.stop()
    const p99 = percentile(times, 0.99)
    const story = `${answered} queries, the longest ${Math.round(slowestMs)} ms`
    return { ours: `${p99.toFixed(1)}, at most ${Math.max(...times).toFixed(0)} (${story})`, pass: p99 <= LIMIT_MS }
  },
}
