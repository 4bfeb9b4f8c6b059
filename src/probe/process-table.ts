import { closeSync, openSync, readSync } from 'node:fs'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Regex } from '../model/regex.ts'

/** How to tell a process: by its program, by its command line, or by the file into which it has written its number. */
export type ProcessSelector = { readonly name: string } | { readonly cmdline: Regex } | { readonly pidfile: string }

/** What a running process takes. */
export interface RunningProcess {
  readonly pid: number
  readonly residentBytes: number
  /** In user and system mode since its start. */
  readonly cpuSeconds: number
  /** Undefined where it belongs to another user. */
  readonly openFiles: number | undefined
  /** Epoch milliseconds. */
  readonly startedMs: number
}

/** The kernel cuts the names of programs. */
const NAME_LENGTH = 15
/** Node renames its main thread, by which the kernel calls the process. */
const NAME_IN_NODE = 'MainThread'
const TICKS_PER_SECOND = 100
const AT_ONCE = 64

/**
 * The running processes that the selector means; zombies do not run.
 *
 * @throws the error of reading `/proc` or the pid file (`ENOENT`, `EACCES`), or the signal's reason
 */
export async function findProcesses(selector: ProcessSelector, signal: AbortSignal): Promise<RunningProcess[]> {
  const bootMs = await readBootMs()
  if ('pidfile' in selector) {
    const text = (await readFile(selector.pidfile, { encoding: 'utf8', signal })).trim()
    const found = /^\d{1,10}\b/.test(text) ? await readProcess(Number.parseInt(text, 10), bootMs) : undefined
    return found === undefined ? [] : [found]
  }
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const meant =
    'name' in selector
      ? await pidsByName(pids, selector.name, signal)
      : await pidsByCmdline(pids, selector.cmdline, signal)
  const found = await Promise.all(meant.map((pid) => readProcess(pid, bootMs)))
  return found.filter((one) => one !== undefined)
}

/**
 * Names are read at once rather than by the thread pool, which costs ten times as much: the kernel answers from memory and
 * never waits for the process. Other work has its turn between two batches.
 */
async function pidsByName(pids: readonly number[], name: string, signal: AbortSignal): Promise<number[]> {
  const meant: number[] = []
  const unsure: number[] = []
  for (let i = 0; i < pids.length; i += AT_ONCE) {
    signal.throwIfAborted()
    for (const pid of pids.slice(i, i + AT_ONCE)) {
      const comm = readComm(pid)
      if (comm === name) meant.push(pid)
      else if (comm === NAME_IN_NODE || (comm.length === NAME_LENGTH && name.startsWith(comm))) unsure.push(pid)
    }
    if (i + AT_ONCE < pids.length) await setImmediate()
  }
  const isMeant = await Promise.all(unsure.map((pid) => hasProgram(pid, name)))
  return [...meant, ...unsure.filter((_, i) => isMeant[i])]
}

/** Command lines stand in the memory of the processes, and one that hangs can make the reader wait. */
async function pidsByCmdline(pids: readonly number[], pattern: Regex, signal: AbortSignal): Promise<number[]> {
  const meant: number[] = []
  for (let i = 0; i < pids.length; i += AT_ONCE) {
    signal.throwIfAborted()
    const batch = pids.slice(i, i + AT_ONCE)
    const lines = await Promise.all(batch.map(readCmdline))
    // This process would often find itself, since its configuration may stand in its arguments.
    meant.push(...batch.filter((pid, k) => pid !== process.pid && pattern.test((lines[k] ?? []).join(' '))))
  }
  return meant
}

async function hasProgram(pid: number, name: string): Promise<boolean> {
  const [program = ''] = await readCmdline(pid)
  return basename(program) === name || (await programFile(pid)) === name
}

/** @returns undefined when the process has ended, also when its parent has not asked yet how */
async function readProcess(pid: number, bootMs: number): Promise<RunningProcess | undefined> {
  const [stat, status, openFiles] = await Promise.all([
    read(`/proc/${pid}/stat`),
    read(`/proc/${pid}/status`),
    countOpenFiles(pid),
  ])
  if (stat === undefined) return undefined
  // The name stands in parentheses and may have any character in it, so fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, user, system, start] = [fields[0], fields[11], fields[12], fields[19]]
  if (state === 'Z' || state === 'X') return undefined
  return {
    pid,
    residentBytes: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status ?? '')?.[1] ?? 0) * 1024,
    cpuSeconds: (Number(user) + Number(system)) / TICKS_PER_SECOND,
    openFiles,
    startedMs: bootMs + (Number(start) * 1000) / TICKS_PER_SECOND,
  }
}

async function readBootMs(): Promise<number> {
  return Number(/^btime (\d+)$/m.exec(await readFile('/proc/stat', 'utf8'))?.[1] ?? 0) * 1000
}

const buffer = Buffer.alloc(64)

/** @returns '' when the process has ended */
function readComm(pid: number): string {
  let file: number | undefined
  try {
    file = openSync(`/proc/${pid}/comm`, 'r')
    const length = readSync(file, buffer)
    return buffer.toString('utf8', 0, length - 1)
  } catch {
    return ''
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

async function readCmdline(pid: number): Promise<string[]> {
  return ((await read(`/proc/${pid}/cmdline`)) ?? '').split('\0').filter((part) => part !== '')
}

/** The name of the program's file, where we may look. */
async function programFile(pid: number): Promise<string | undefined> {
  try {
    return basename((await readlink(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, ''))
  } catch {
    return undefined
  }
}

async function countOpenFiles(pid: number): Promise<number | undefined> {
  try {
    return (await readdir(`/proc/${pid}/fd`)).length
  } catch {
    return undefined
  }
}

/** A process may end at any moment, so a file that is not there is no error. */
async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return undefined
  }
}
