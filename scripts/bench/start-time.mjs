import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median, nodeFlags, program } from './support.mjs'

const RUNS = 9
const LIMIT_MS = 300

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** From the start of the process to the first 200 of `path`. */
async function firstAnswer(args, folder, port, path) {
  const startMs = performance.now()
  const child = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore', env: { PATH: process.env.PATH } })
  for (;;) {
    const answer = await new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`),
      )
      socket.once('data', (data) => {
        socket.destroy()
        resolve(String(data).startsWith('HTTP/1.1 200'))
      })
      socket.once('error', () => resolve(false))
      socket.once('close', () => resolve(false))
    })
    if (answer) break
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const ms = performance.now() - startMs
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
  return ms
}

export const startTime = {
  name: 'start to first /health 200, ms (peer: bare node:http)',
  bar: `<= ${LIMIT_MS}`,
  async run() {
    const ours = []
    const bare = []
    for (let i = 0; i < RUNS; i++) {
      const folder = mkdtempSync(join(tmpdir(), 'midwatch-bench-'))
      const port = await freePort()
      ours.push(
        await firstAnswer([...nodeFlags, program, 'run', '--listen', `127.0.0.1:${port}`], folder, port, '/health'),
      )
      const code = `require('node:http').createServer((_, r) => r.end('ok')).listen(${port}, '127.0.0.1')`
      bare.push(await firstAnswer(['-e', code], folder, port, '/'))
      rmSync(folder, { recursive: true, force: true })
    }
    const [mine, theirs] = [median(ours), median(bare)]
    return {
      ours: Math.round(mine),
      peer: Math.round(theirs),
      ratio: (mine / theirs).toFixed(2),
      pass: mine <= LIMIT_MS,
    }
  },
}
