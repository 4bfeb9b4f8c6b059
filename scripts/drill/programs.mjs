import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, chownSync, constants, readdirSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** Where one of the names of a program is, or undefined. */
export function findProgram(...names) {
  for (const name of names) {
    for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', ...postgresFolders()]) {
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

/** Debian keeps the programs of each version of PostgreSQL in a folder of their own. */
function postgresFolders() {
  const root = '/usr/lib/postgresql'
  try {
    return readdirSync(root)
      .sort()
      .reverse()
      .map((version) => join(root, version, 'bin'))
  } catch {
    return []
  }
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
export async function start(name, path, args, { ready, cwd, env = process.env, account = {} }) {
  const child = spawn(path, args, { cwd, env, ...account, stdio: ['ignore', 'pipe', 'pipe'] })
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
  const [, port] = /^tcp:(\d+)$/.exec(ready) ?? []
  if (port !== undefined) return connects(Number(port))
  try {
    const response = await fetch(ready)
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

function connects(port) {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1')
    socket.once('connect', () => socket.end(() => resolve(true)))
    socket.once('error', () => resolve(false))
  })
}

/**
 * A cluster of PostgreSQL in a folder that is there and empty, to be started on a port.
 *
 * @returns how it is started again on the same cluster
 */
export async function makePostgres(path, folder, port) {
  // It refuses to run as root; the account that its package has made owns the files then.
  const account = process.getuid() === 0 ? await accountOf('postgres') : {}
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid)
  const data = join(folder, 'cluster')
  await run(join(dirname(path), 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync'], {
    cwd: folder,
    account,
  })
  const settings = [`unix_socket_directories=${folder}`, 'fsync=off', 'shared_buffers=1MB']
  const args = ['-D', data, '-h', '127.0.0.1', '-p', String(port), ...settings.flatMap((one) => ['-c', one])]
  return async () => {
    const server = await start('postgres', path, args, { cwd: folder, account, ready: `tcp:${port}` })
    // Its fast way to stop: sessions are ended.
    return { ...server, stop: () => server.stop('SIGINT') }
  }
}

async function accountOf(user) {
  const [uid, gid] = await Promise.all(['-u', '-g'].map(async (flag) => Number(await run('id', [flag, user]))))
  return { uid, gid }
}

/** Runs a program to its end; what it said. */
export async function run(path, args, { cwd, env = process.env, account = {} } = {}) {
  const child = spawn(path, args, { cwd, env, ...account, stdio: ['ignore', 'pipe', 'pipe'] })
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
