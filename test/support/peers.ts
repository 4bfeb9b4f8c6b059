import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, test } from 'vitest'

export { freePort } from './free-port.ts'

/** Other names under which a system may have installed the same program. */
const aliases: Readonly<Record<string, readonly string[]>> = {
  alertmanager: ['prometheus-alertmanager'],
  'prometheus-alertmanager': ['alertmanager'],
  'prometheus-blackbox-exporter': ['blackbox_exporter'],
  'prometheus-node-exporter': ['node_exporter'],
  'redis-server': ['valkey-server'],
  chromium: ['chromium-browser', 'google-chrome'],
  mariadbd: ['mysqld'],
  mysqld: ['mariadbd'],
}

/** A program that tests are compared with: where it is, or why it cannot be used here. */
export type Peer =
  | { readonly name: string; readonly path: string }
  | { readonly name: string; readonly path: undefined; readonly reason: string }

/** Looks for a program on PATH, in the system folders and in PostgreSQL's own, newest version first. */
export function findPeer(name: string): Peer {
  for (const candidate of [name, ...(aliases[name] ?? [])]) {
    for (const folder of folders()) {
      const path = join(folder, candidate)
      if (isProgram(path)) return { name, path }
    }
  }
  return { name, path: undefined, reason: `${name} is not installed` }
}

/**
 * As `findPeer`, for a test that decides by itself what to do without the program.
 *
 * @throws Error when the program is missing and CI is `true`: there nothing may be left out silently
 */
export function peer(name: string): Peer {
  const found = findPeer(name)
  if (found.path === undefined && process.env.CI === 'true') throw new Error(`${found.reason}, and CI has to have it`)
  return found
}

/** A suite beside one program; skipped by name with the reason where it is missing, failed there when CI is `true`. */
export function describePeer(name: string, suite: (path: string) => void): void {
  describePeers([name], (paths) => suite(paths[name] as string))
}

/** A suite beside several programs, given their paths by name; see `describePeer`. */
export function describePeers<const Names extends readonly string[]>(
  names: Names,
  suite: (paths: Readonly<Record<Names[number], string>>) => void,
): void {
  const found = names.map(findPeer)
  describe(`beside ${names.join(' and ')}`, () => {
    const reason = reasonToSkip(found)
    if (reason === undefined) suite(pathsByName(found))
    else without(`all of it (${reason})`, reason)
  })
}

/** One test beside one program; skipped by name with the reason where it is missing, failed there when CI is `true`. */
export function testWithPeer(
  name: string,
  title: string,
  body: (path: string) => void | Promise<void>,
  timeoutMs?: number,
): void {
  const found = findPeer(name)
  if (found.path === undefined) without(`${title} (${found.reason})`, found.reason)
  else test(title, () => body(found.path), timeoutMs)
}

/** How to start a program and to know that it is there. */
export interface PeerOptions {
  /**
   * What shows that it can be used: text in its output, a loopback port that takes connections, or an address that answers
   * with 200, for programs whose port is open before they answer questions.
   */
  readonly ready?: RegExp | number | `http://${string}`
  /** How long it may take to be ready: a minute unless told, since others may keep the processors busy. */
  readonly readyWithinMs?: number
  /** The signal that asks it to stop, SIGTERM unless told; SIGKILL follows after `stopWithinMs`, 5 s unless told. */
  readonly stopSignal?: NodeJS.Signals
  readonly stopWithinMs?: number
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** User and group to run as, for programs that refuse to run as root (postgres). */
  readonly uid?: number
  readonly gid?: number
}

/** A running program; `await using` stops it. */
export interface RunningPeer extends AsyncDisposable {
  readonly pid: number
  /** What it has written so far, both streams together. */
  output(): string
  /** Fulfilled with the exit code, or null after a signal, once it is gone. */
  readonly exited: Promise<number | null>
  /** Sends any other signal, such as SIGHUP for a reload. */
  signal(name: NodeJS.Signals): void
  /** Asks it to stop, insists after the deadline, and waits until it is gone. */
  stop(): Promise<void>
}

/**
 * Starts a program and waits until it is ready.
 *
 * @throws Error with its output when it ends before it is ready, or is not ready in time (it is stopped then)
 */
export async function startPeer(
  path: string,
  args: readonly string[],
  options: PeerOptions = {},
): Promise<RunningPeer> {
  const child = spawn(path, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  })
  let output = ''
  const waiters = new Set<() => void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      for (const look of waiters) look()
    })
  }
  await once(child, 'spawn')
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  const killAtExit = () => child.kill('SIGKILL')
  process.once('exit', killAtExit)
  void exited.then(() => process.off('exit', killAtExit))

  const stop = () => stopChild(child, exited, options.stopSignal ?? 'SIGTERM', options.stopWithinMs ?? 5_000)
  const running: RunningPeer = {
    pid: child.pid as number,
    output: () => output,
    exited,
    signal: (name) => void child.kill(name),
    stop,
    [Symbol.asyncDispose]: stop,
  }
  const { ready, readyWithinMs = 60_000 } = options
  if (ready === undefined) return running

  const over = new AbortController()
  const outcome = await Promise.race([
    ready instanceof RegExp
      ? textAppears(ready, () => output, waiters)
      : holds(() => (typeof ready === 'number' ? accepts(ready) : answers(ready, over.signal)), over.signal),
    exited.then((code) => `ended with ${code ?? 'a signal'} before it was ready`),
    delay(readyWithinMs, `was not ready within ${readyWithinMs} ms`, { signal: over.signal }),
  ]).finally(() => {
    over.abort()
    waiters.clear()
  })
  if (outcome === 'ready') return running
  await stop()
  throw new Error(`${path} ${outcome}; it said:\n${output}`)
}

/** What a program that ran to its end has left. */
export interface PeerResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end; a code other than 0 is a result, not an error. Killed after `timeoutMs`, a minute unless told. */
export async function runPeer(
  path: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: string; readonly timeoutMs?: number } & Pick<
    PeerOptions,
    'env' | 'uid' | 'gid'
  > = {},
): Promise<PeerResult> {
  const child = spawn(path, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: 'pipe',
    timeout: options.timeoutMs ?? 60_000,
    killSignal: 'SIGKILL',
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  // A program that does not read its input closes the pipe; that is its right.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

function folders(): string[] {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin', ...postgresFolders()]
}

function postgresFolders(): string[] {
  const root = '/usr/lib/postgresql'
  try {
    const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a))
    return versions.map((version) => join(root, version, 'bin'))
  } catch {
    return []
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function reasonToSkip(found: readonly Peer[]): string | undefined {
  const reasons = found.flatMap((one) => (one.path === undefined ? [one.reason] : []))
  return reasons.length === 0 ? undefined : reasons.join(', ')
}

function pathsByName<Name extends string>(found: readonly Peer[]): Readonly<Record<Name, string>> {
  return Object.fromEntries(found.map((one) => [one.name, one.path ?? ''])) as Record<Name, string>
}

function without(title: string, reason: string): void {
  if (process.env.CI !== 'true') test.skip(title, () => undefined)
  else
    test(title, () => {
      throw new Error(`${reason}, and CI has to have it`)
    })
}

async function stopChild(
  child: ChildProcess,
  exited: Promise<number | null>,
  signal: NodeJS.Signals,
  withinMs: number,
): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal)
    const insist = setTimeout(() => child.kill('SIGKILL'), withinMs)
    await exited
    clearTimeout(insist)
  }
  await exited
}

function textAppears(pattern: RegExp, output: () => string, waiters: Set<() => void>): Promise<'ready'> {
  return new Promise((resolve) => {
    const look = () => {
      if (output().search(pattern) !== -1) resolve('ready')
    }
    waiters.add(look)
    look()
  })
}

async function holds(look: () => Promise<boolean>, signal: AbortSignal): Promise<string> {
  while (!signal.aborted) {
    if (await look()) return 'ready'
    await delay(25)
  }
  return 'was given up'
}

function answers(url: string, signal: AbortSignal): Promise<boolean> {
  return fetch(url, { signal }).then(
    async (response) => {
      await response.body?.cancel()
      return response.ok
    },
    () => false,
  )
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
