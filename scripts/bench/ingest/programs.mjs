import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findProgram } from '../history/programs.mjs'
import { nodeEnv, nodeFlags, program, residentMegabytes } from '../support.mjs'

export const PEER_MISSING = 'peer missing: prometheus'
export const hasPrometheus = () => findProgram('prometheus') !== undefined

/**
 * midwatch or Prometheus in a folder of its own, to be started and killed as often as wanted on the same data and the same
 * address. `target` is scraped every `everyMs`; `rules` is the text of a rule file.
 */
export async function makeOurs({ target, everyMs, rules, evaluation = '*/15 * * * * *', label = '' }) {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-bench-'))
  writeFileSync(
    join(folder, 'midwatch.yml'),
    [
      'shipped_rules: false',
      `evaluation: { cron: "${evaluation}" }`,
      `scrape_configs:\n${scrapeConfig(target, everyMs, '/ours', label)}`,
      ...ruleLines(folder, rules),
    ].join('\n'),
  )
  const port = await freePort()
  return new Program({
    folder,
    url: `http://127.0.0.1:${port}`,
    ready: '/health/ready',
    command: process.execPath,
    args: [...nodeFlags, program, 'run', '--listen', `127.0.0.1:${port}`],
    env: { PATH: process.env.PATH, ...nodeEnv, MIDWATCH_LOG_LEVEL: 'error' },
  })
}

export async function makePrometheus({ target, everyMs, rules, label = '' }) {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-bench-'))
  mkdirSync(join(folder, 'data'))
  writeFileSync(
    join(folder, 'prometheus.yml'),
    [`scrape_configs:\n${scrapeConfig(target, everyMs, '/peer', label)}`, ...ruleLines(folder, rules)].join('\n'),
  )
  const port = await freePort()
  return new Program({
    folder,
    url: `http://127.0.0.1:${port}`,
    ready: '/-/ready',
    command: findProgram('prometheus'),
    args: [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    env: process.env,
  })
}

/** The label takes part in the moment of the scrape within the interval, in both programs. */
function scrapeConfig(target, everyMs, path, label) {
  return [
    '  - job_name: bench',
    `    scrape_interval: ${everyMs}ms`,
    `    scrape_timeout: ${everyMs}ms`,
    `    metrics_path: ${path}`,
    `    static_configs: [{ targets: ["127.0.0.1:${target.port}"], labels: { slot: "${label}" } }]`,
  ].join('\n')
}

function ruleLines(folder, rules) {
  if (rules === undefined) return []
  writeFileSync(join(folder, 'rules.yml'), rules)
  return ['rule_files: [rules.yml]']
}

class Program {
  url
  #setup
  #child
  #killAtExit = () => this.#child?.kill('SIGKILL')

  constructor({ url, ...setup }) {
    this.url = url
    this.#setup = setup
    process.once('exit', this.#killAtExit)
  }

  get pid() {
    return this.#child.pid
  }

  get folder() {
    return this.#setup.folder
  }

  /** @returns milliseconds from the start of the process to the first time that it says it is ready */
  async start() {
    const { command, args, env, folder, ready } = this.#setup
    const startMs = performance.now()
    const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'] })
    this.#child = child
    for (;;) {
      if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`)
      const isReady = await fetch(this.url + ready).then(
        async (response) => {
          await response.arrayBuffer()
          return response.ok
        },
        () => false,
      )
      if (isReady) return performance.now() - startMs
      await delay(2)
    }
  }

  async kill() {
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }

  /** Kills it and forgets its data. */
  async remove() {
    if (this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null) await this.kill()
    process.off('exit', this.#killAtExit)
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** The values of an instant query. */
  async query(expr, atMs) {
    const parameters = new URLSearchParams({ query: expr, ...(atMs === undefined ? {} : { time: atMs / 1000 }) })
    const response = await fetch(`${this.url}/api/v1/query`, { method: 'POST', body: parameters })
    const { status, error, data } = await response.json()
    if (status !== 'success') throw new Error(`${this.url}: ${error}`)
    return data.result
  }

  async metricNames() {
    const response = await fetch(`${this.url}/api/v1/label/__name__/values`)
    return (await response.json()).data
  }

  /** The value of a metric of its own, by its name and a text that its labels hold. */
  async own(name, holding = '') {
    const response = await fetch(`${this.url}/metrics`, { headers: { accept: 'text/plain' } })
    const line = (await response.text()).split('\n').find((text) => text.startsWith(name) && text.includes(holding))
    return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1))
  }

  get residentMegabytes() {
    return residentMegabytes(this.pid)
  }

  /** The most it ever had, and its share of what it has in common with others. */
  get memory() {
    const read = (file, name) =>
      Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${this.pid}/${file}`, 'utf8'))[1]) / 1024
    return { peak: read('status', 'VmHWM'), proportional: read('smaps_rollup', 'Pss') }
  }
}

/** A target of so many series in a process of its own. */
export async function startTarget(series, shape) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'target.mjs'), String(series), shape], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const [text] = await once(child.stdout.setEncoding('utf8'), 'data')
  const port = Number(text)
  return {
    port,
    /** When each program asked last, epoch milliseconds, and how often, by its path. */
    async requests() {
      return await (await fetch(`http://127.0.0.1:${port}/requests`)).json()
    },
    /** Answers no scrape from now on, so that what the programs have stays as it is. */
    async beQuiet() {
      await fetch(`http://127.0.0.1:${port}/quiet`)
    },
    stop() {
      process.off('exit', kill)
      kill()
    },
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
