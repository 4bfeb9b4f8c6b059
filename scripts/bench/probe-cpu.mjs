import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { cpuSeconds, startMidwatch, startTarget, timedGet } from './support.mjs'

const PROBES = 2000
const LIMIT = 0.25

/** blackbox_exporter asked over HTTP for the same probe, sixteen at a time; milliseconds of processor a thousand. */
async function blackbox(port) {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-bench-'))
  writeFileSync(
    join(folder, 'b.yml'),
    'modules: { http_2xx: { prober: http, http: { preferred_ip_protocol: ip4 } } }\n',
  )
  const listen = 20_000 + (process.pid % 10_000)
  const child = spawn(
    'prometheus-blackbox-exporter',
    ['--config.file', join(folder, 'b.yml'), `--web.listen-address=127.0.0.1:${listen}`],
    { stdio: 'ignore' },
  )
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const url = `http://127.0.0.1:${listen}/probe?module=http_2xx&target=${encodeURIComponent(`http://127.0.0.1:${port}/`)}`
  for (let tries = 0; ; tries++) {
    try {
      await timedGet(url, agent)
      break
    } catch (error) {
      if (tries > 100) throw error
      await delay(50)
    }
  }
  const before = cpuSeconds(child.pid)
  for (let done = 0; done < PROBES; done += 16)
    await Promise.all(Array.from({ length: 16 }, () => timedGet(url, agent)))
  const ms = ((cpuSeconds(child.pid) - before) * 1000) / (PROBES / 1000)
  agent.destroy()
  child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
  return ms
}

/** 200 checks a second for twenty seconds against none: what a probe costs, storing and judging included. */
async function midwatchCost(port) {
  const seconds = 20
  const measure = async (count) => {
    const checks = Array.from(
      { length: count },
      (_, i) => `  - { name: c${i}, http: "http://127.0.0.1:${port}/", every: 1s }`,
    )
    const midwatch = await startMidwatch(`checks:\n${checks.join('\n')}\n`)
    await delay(8000)
    const before = cpuSeconds(midwatch.pid)
    await delay(seconds * 1000)
    const used = cpuSeconds(midwatch.pid) - before
    await midwatch.stop()
    return used
  }
  const [many, one] = [await measure(201), await measure(1)]
  return ((many - one) * 1000) / ((200 * seconds) / 1000)
}

export const probeCpu = {
  name: 'processor time for 1,000 http probes, ms (peer: blackbox_exporter; ours stores and judges too)',
  bar: `<= ${LIMIT} of the peer`,
  async run() {
    const target = await startTarget()
    const peer = await blackbox(target.port)
    const ours = await midwatchCost(target.port)
    target.stop()
    return {
      ours: Math.round(ours),
      peer: Math.round(peer),
      ratio: (ours / peer).toFixed(2),
      pass: ours <= LIMIT * peer,
    }
  },
}
