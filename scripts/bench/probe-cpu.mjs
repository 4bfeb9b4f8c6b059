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

/** Far more checks than fit, sixteen at a time: what a probe costs, storing and judging included. */
async function midwatchCost(target) {
  const checks = Array.from(
    { length: 4000 },
    (_, i) => `  - { name: c${i}, http: "http://127.0.0.1:${target.port}/", every: 1s }`,
  )
  const midwatch = await startMidwatch(`probes: { concurrency: 16 }\nchecks:\n${checks.join('\n')}\n`)
  // New series and compiled code belong to the start; what a probe costs shows after it.
  await delay(25_000)
  const [cpuBefore, servedBefore] = [cpuSeconds(midwatch.pid), await target.served()]
  await delay(15_000)
  const used = cpuSeconds(midwatch.pid) - cpuBefore
  const probes = (await target.served()) - servedBefore
  await midwatch.stop()
  return (used * 1000) / (probes / 1000)
}

export const probeCpu = {
  name: 'processor time for 1,000 http probes, ms (peer: blackbox_exporter; ours stores and judges too)',
  bar: `<= ${LIMIT} of the peer`,
  async run() {
    const target = await startTarget()
    const peer = await blackbox(target.port)
    const ours = await midwatchCost(target)
    target.stop()
    return {
      ours: Math.round(ours),
      peer: Math.round(peer),
      ratio: (ours / peer).toFixed(2),
      pass: ours <= LIMIT * peer,
    }
  },
}
