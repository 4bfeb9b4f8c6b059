import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { median, runMidwatch } from '../support.mjs'
import { Client } from './client.mjs'
import { barText, verdict } from './compare.mjs'
import { closeLab, copyOf, historyData } from './lab.mjs'
import { isReady, isThere, peers, startPeer } from './programs.mjs'

const ROUNDS = 5
const BARS = { prometheus: 50, victoria: 5 }
const QUERY = '1 - sum(increase(ok_total[30d])) / sum(increase(all_total[30d]))'

/** Milliseconds of the first query of a program that has just started, which is stopped in order afterwards. */
async function firstQuery(start, endMs) {
  const program = await start()
  const client = new Client(program.url)
  const { ms } = await client.query(QUERY, { time: endMs / 1000 })
  client.close()
  await program.end('SIGTERM')
  return ms
}

async function startOurs(folder) {
  const midwatch = await runMidwatch(folder)
  while (!(await isReady(`${midwatch.url}/health/ready`))) await delay(2)
  return midwatch
}

export const restart = {
  name: 'history: first availability over 30 d after a restart, 100 pairs',
  bar: barText(BARS),
  async run() {
    // Two of a peer can't have the same data.
    await closeLab()
    const { endMs, ...data } = await historyData()
    const folder = mkdtempSync(join(tmpdir(), 'midwatch-bench-'))
    writeFileSync(join(folder, 'midwatch.yml'), '{}')
    copyOf(data.midwatch)(folder)
    const starts = { midwatch: () => startOurs(folder) }
    for (const [key, peer] of Object.entries(peers)) {
      if (isThere(peer)) starts[key] = () => startPeer(peer, data[key])
    }
    const times = Object.fromEntries(Object.keys(starts).map((key) => [key, []]))
    for (let round = 0; round < ROUNDS; round++) {
      for (const [key, start] of Object.entries(starts)) times[key].push(await firstQuery(start, endMs))
    }
    rmSync(folder, { recursive: true, force: true })
    const ms = Object.fromEntries(Object.entries(times).map(([key, list]) => [key, median(list)]))
    return verdict({ ms }, BARS)
  },
}
