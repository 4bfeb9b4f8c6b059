import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { platform, tmpdir } from 'node:os'
import { join } from 'node:path'
import nodeProcess from 'node:process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { process as probe } from '../../src/probe/process.ts'
import { probeContext } from '../support/probe-context.ts'

const run = (written: unknown) => probe.run(probe.config.parse({ process: written }), probeContext())

describe.runIf(platform() === 'linux')('on this machine', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'midwatch-process-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  /** Starts `sleep` under another name. */
  async function start(name: string, argument = '600') {
    const path = join(folder, name)
    await symlink('/bin/sleep', path).catch(() => undefined)
    const child = spawn(path, [argument], { stdio: 'ignore' })
    await once(child, 'spawn')
    return {
      pid: child.pid as number,
      async [Symbol.asyncDispose]() {
        child.kill('SIGKILL')
        await once(child, 'close')
      },
    }
  }

  test('finds a process by its name and tells what it takes', async () => {
    await using one = await start('mw-lonely')
    const finding = await run('mw-lonely')
    expect(finding).toMatchObject({ outcome: 'up', details: { count: 1, pid: one.pid } })
    const values = Object.fromEntries(finding.metrics.map(({ name, value }) => [name, value]))
    expect(values.probe_process_count).toBe(1)
    expect(values.probe_process_resident_memory_bytes).toBeGreaterThan(100_000)
    expect(values.probe_process_open_fds).toBeGreaterThanOrEqual(3)
    expect(values.probe_process_cpu_seconds).toBeGreaterThanOrEqual(0)
    expect(Math.abs((values.probe_process_start_time_seconds ?? 0) - Date.now() / 1000)).toBeLessThan(60)
  })

  test('does not find what has ended, nor a name that is only a part', async () => {
    const gone = await start('mw-gone')
    await gone[Symbol.asyncDispose]()
    await using _longer = await start('mw-gone-too')
    expect(await run('mw-gone')).toMatchObject({
      outcome: 'down',
      reason: 'threshold',
      message: 'no processes run as mw-gone, fewer than 1',
    })
  })

  test('tells long names apart that the kernel cuts to the same', async () => {
    await using _a = await start('mw-long-name-of-a-worker')
    await using _b = await start('mw-long-name-of-a-server')
    expect((await run('mw-long-name-of-a-worker')).details.count).toBe(1)
    expect((await run('mw-long-name-of')).details.count).toBe(2)
  })

  test('finds Node by the name of its program, whatever it calls itself', async () => {
    const path = join(folder, 'mw-node')
    await symlink(nodeProcess.execPath, path)
    const child = spawn(path, ['-e', 'console.log(1); setInterval(() => 0, 1e6)'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    try {
      await once(child.stdout, 'data')
      expect(await run('mw-node')).toMatchObject({ outcome: 'up', details: { pid: child.pid } })
    } finally {
      child.kill('SIGKILL')
      await once(child, 'close')
    }
  })

  test('finds processes by a pattern of their command line', async () => {
    await using _a = await start('mw-pattern', '601')
    await using _b = await start('mw-pattern', '602')
    expect((await run({ cmdline: 'mw-pattern 60[12]$' })).details.count).toBe(2)
    expect((await run({ cmdline: 'mw-pattern 601$' })).details.count).toBe(1)
  })

  test('counts against the least and the most', async () => {
    await using _a = await start('mw-counted')
    await using _b = await start('mw-counted')
    expect(await run({ name: 'mw-counted', min: 2, max: 2 })).toMatchObject({ outcome: 'up' })
    expect(await run({ name: 'mw-counted', max: 1 })).toMatchObject({
      outcome: 'down',
      message: '2 processes run as mw-counted, more than 1',
    })
    expect(await run({ name: 'mw-nobody', min: 0, max: 0 })).toMatchObject({ outcome: 'up' })
  })

  test('reads a pid file, and takes a missing or an old one for a process that does not run', async () => {
    const pidfile = join(folder, 'app.pid')
    expect(await run({ pidfile })).toMatchObject({ outcome: 'down', details: { count: 0 } })
    const one = await start('mw-daemon')
    await writeFile(pidfile, `${one.pid}\n`)
    expect(await run({ pidfile })).toMatchObject({ outcome: 'up', details: { pid: one.pid } })
    await one[Symbol.asyncDispose]()
    expect(await run({ pidfile })).toMatchObject({ outcome: 'down' })
    await writeFile(pidfile, 'not a number')
    expect(await run({ pidfile })).toMatchObject({ outcome: 'down' })
    expect(await run({ pidfile: folder })).toMatchObject({ outcome: 'unknown', reason: 'internal' })
  })

  test('does not count a process that is dead and only not yet buried', async () => {
    await symlink('/bin/sleep', join(folder, 'mw-zombie'))
    // The shell becomes a program that never asks what has become of its child, well before that one ends.
    const script = `"$0" 1 & echo $!; exec sleep 600`
    const parent = spawn('/bin/sh', ['-c', script, join(folder, 'mw-zombie')], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      const [pid] = (await once(parent.stdout, 'data')) as [Buffer]
      const state = async () => (await readFile(`/proc/${Number(pid)}/stat`, 'utf8')).split(' ')[2]
      await expect.poll(state).toBe('Z')
      expect((await run('mw-zombie')).details.count).toBe(0)
    } finally {
      parent.kill('SIGKILL')
      await once(parent, 'close')
    }
  })
})

test.each([
  [{}, 'one of name, cmdline and pidfile'],
  [{ name: 'nginx', pidfile: '/run/nginx.pid' }, 'one of name, cmdline and pidfile'],
  ['/usr/sbin/nginx', 'write the name'],
  [{ pidfile: 'run/nginx.pid' }, 'absolute path'],
  [{ name: 'nginx', min: 3, max: 2 }, 'at most 2 and wants at least 3'],
  [{ cmdline: '(' }, 'regular expression'],
])('refuses process: %j', (written, hint) => {
  expect(() => probe.config.parse({ process: written })).toThrow(hint)
})
