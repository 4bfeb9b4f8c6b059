import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export const program = join(import.meta.dirname, '../../dist/midwatch.cjs')

/** How `npm start` starts it: what it sets for the C library's memory, and Node's flags. */
const { start } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')).scripts
export const nodeFlags = start
  .match(/exec node(.*) dist\//)[1]
  .trim()
  .split(' ')
  .filter((flag) => flag !== '')
export const nodeEnv = Object.fromEntries(
  Array.from(start.matchAll(/([A-Z_]+)=(\S+)/g), ([, name, value]) => [name, value]),
)

/** Starts the built program in a folder of its own; `prepare` may put data there first. */
export async function startMidwatch(config, prepare = () => {}) {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-bench-'))
  writeFileSync(join(folder, 'midwatch.yml'), config)
  prepare(folder)
  const running = await runMidwatch(folder)
  return {
    ...running,
    folder,
    async stop() {
      await running.end('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Starts the built program, or another bundle of it, in a folder that is there. */
export async function runMidwatch(folder, file = program) {
  const runFile = join(folder, 'data/midwatch.run.json')
  // What a killed one left behind names another address.
  rmSync(runFile, { force: true })
  const child = spawn(process.execPath, [...nodeFlags, file, 'run', '--listen', '127.0.0.1:0'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { PATH: process.env.PATH, ...nodeEnv, MIDWATCH_LOG_LEVEL: 'error' },
  })
  const killAtExit = () => child.kill('SIGKILL')
  process.once('exit', killAtExit)
  child.once('exit', () => process.off('exit', killAtExit))
  while (!existsSync(runFile)) {
    if (child.exitCode !== null) throw new Error(`midwatch ended with ${child.exitCode}`)
    await delay(5)
  }
  const { url, token } = JSON.parse(readFileSync(runFile, 'utf8'))
  return {
    url,
    token,
    pid: child.pid,
    async end(signal) {
      const exit = once(child, 'exit')
      child.kill(signal)
      await exit
    },
  }
}

/** Processor seconds that a process has used, its threads included. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

export function residentMegabytes(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
}

/** One GET on a kept connection; the time to its end in milliseconds. */
export function timedGet(url, agent) {
  return new Promise((resolve, reject) => {
    const startMs = performance.now()
    const call = request(url, { agent }, (response) => {
      response.resume()
      response.on('end', () => resolve({ ms: performance.now() - startMs, status: response.statusCode }))
    })
    call.on('error', reject)
    call.end()
  })
}

export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]
}

export const median = (values) => percentile(values, 0.5)

/** A web server in a process of its own, so that its work is not counted as ours; it counts what it serves. */
export async function startTarget() {
  const code = `
    let served = 0
    const server = require('node:http').createServer((request, response) => {
      response.setHeader('content-type', 'application/json')
      if (request.url === '/served') return response.end(String(served))
      served++
      response.end('{"status":"ok"}')
    })
    server.listen(0, '127.0.0.1', () => console.log(server.address().port))`
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [text] = await once(child.stdout.setEncoding('utf8'), 'data')
  const port = Number(text)
  return {
    port,
    served: async () => Number(await (await fetch(`http://127.0.0.1:${port}/served`)).text()),
    stop: () => child.kill('SIGKILL'),
  }
}
