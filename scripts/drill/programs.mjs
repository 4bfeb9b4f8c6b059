import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** Where one of the names of a program is, or undefined. */
export function findProgram(...names) {
  for (const name of names) {
    for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']) {
      try {
        accessSync(join(folder, name), constants.X_OK)
        return join(folder, name)
      } catch {
        // Not in this one.
      }
    }
  }
  return undefined
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Starts a program; `ready` is asked until it answers 200 (or connects, for `tcp:PORT`). */
export async function start(name, path, args, { ready, cwd, env = process.env }) {
  const child = spawn(path, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-4000)
    })
  }
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const exited = once(child, 'exit').finally(() => process.off('exit', kill))
  const untilMs = Date.now() + 60_000
  while (!(await answers(ready))) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}: ${said}`)
    if (Date.now() > untilMs) throw new Error(`${name} is not ready after a minute: ${said}`)
    await delay(50)
  }
  return {
    name,
    said: () => said,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill(signal)
      await exited
    },
  }
}

async function answers(ready) {
  try {
    const response = await fetch(ready)
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

/** Runs a program to its end; what it said. */
export async function run(path, args, { cwd, env = process.env } = {}) {
  const child = spawn(path, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${path} ${args.join(' ')} ended with ${code}: ${err || out}`)
  return out
}
