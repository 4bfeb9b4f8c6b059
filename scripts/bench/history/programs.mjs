import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** Where a program is, or undefined. */
export function findProgram(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return join(folder, name)
    } catch {
      // Not in this one.
    }
  }
  return undefined
}

const prometheus = {
  name: 'Prometheus',
  needs: ['prometheus', 'promtool'],
  ready: '/-/ready',
  args(folder, port) {
    const config = join(folder, 'prometheus.yml')
    mkdirSync(folder, { recursive: true })
    writeFileSync(config, 'scrape_configs: []\n')
    return [
      `--config.file=${config}`,
      `--storage.tsdb.path=${folder}`,
      '--storage.tsdb.retention.time=100y',
      // Blocks as promtool made them, the fewest there can be, are the best case; nothing is put together meanwhile.
      '--storage.tsdb.min-block-duration=2h',
      '--storage.tsdb.max-block-duration=2h',
      '--query.max-samples=500000000',
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ]
  },
}

const victoria = {
  name: 'VictoriaMetrics',
  needs: ['victoria-metrics'],
  ready: '/health',
  args: (folder, port) => [
    `-storageDataPath=${folder}`,
    '-retentionPeriod=100y',
    // What is measured is the answer, not the memory of having given it.
    '-search.disableCache',
    '-search.latencyOffset=0s',
    `-httpListenAddr=127.0.0.1:${port}`,
    '-loggerLevel=ERROR',
  ],
}

/** What midwatch is compared with. */
export const peers = { prometheus, victoria }

export function isThere({ needs }) {
  return needs.every((name) => findProgram(name) !== undefined)
}

/** Starts a peer on the data in `folder`; resolves when it can be asked. */
export async function startPeer({ name, needs: [program], args, ready }, folder) {
  const port = await freePort()
  const child = spawn(findProgram(program), args(folder, port), { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-4000)
  })
  const killAtExit = () => child.kill('SIGKILL')
  process.once('exit', killAtExit)
  child.once('exit', () => process.off('exit', killAtExit))
  const url = `http://127.0.0.1:${port}`
  while (!(await isReady(url + ready))) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}: ${said}`)
    await delay(2)
  }
  return {
    name,
    url,
    async end(signal = 'SIGTERM') {
      const exit = once(child, 'exit')
      child.kill(signal)
      await exit
    },
  }
}

export async function isReady(url) {
  try {
    const response = await fetch(url)
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

/** Runs a program to its end. */
export async function runProgram(name, args) {
  const child = spawn(findProgram(name) ?? name, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-4000)
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${said}`)
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
