import { type ChildProcess, spawn } from 'node:child_process'

/** What a program has left when it was over. */
export interface ProgramResult {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Cut at `mostBytes`. */
  readonly stdout: string
  readonly stderr: string
}

interface ProgramOptions {
  /** Ends the program and everything it has started. */
  readonly signal: AbortSignal
  /** Added to PATH and LANG; nothing else of our own environment is passed on, since it holds secrets. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** What is kept of each stream; the rest is read and thrown away. 64 KiB unless told. */
  readonly mostBytes?: number
}

/** How long what a program has started may hold its output open after its end. */
const GRACE_MS = 200

/**
 * Runs a program to its end, without a shell, as the leader of a process group of its own.
 *
 * @throws the error of starting it (`ENOENT`, `EACCES`), or the signal's reason
 */
export function runProgram(argv: readonly [string, ...string[]], options: ProgramOptions): Promise<ProgramResult> {
  const { signal, env = {}, cwd = '/', mostBytes = 64 * 1024 } = options
  const [program, ...args] = argv
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const { PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG = 'C.UTF-8' } = process.env
    const child = spawn(program, args, {
      cwd,
      env: { PATH, LANG, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const stdout = keep(child.stdout, mostBytes)
    const stderr = keep(child.stderr, mostBytes)
    const abort = () => killGroup(child)
    signal.addEventListener('abort', abort)
    let grace: NodeJS.Timeout | undefined
    const settle = () => {
      signal.removeEventListener('abort', abort)
      clearTimeout(grace)
    }
    child.once('error', (error) => {
      settle()
      reject(error)
    })
    child.once('exit', () => {
      grace = setTimeout(abort, GRACE_MS)
    })
    child.once('close', (code, endedBy) => {
      settle()
      if (signal.aborted) reject(signal.reason)
      else resolve({ code, signal: endedBy, stdout: stdout(), stderr: stderr() })
    })
  })
}

function keep(stream: NodeJS.ReadableStream, mostBytes: number): () => string {
  const chunks: Buffer[] = []
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    if (bytes < mostBytes) chunks.push(chunk.subarray(0, mostBytes - bytes))
    bytes += chunk.length
  })
  return () => Buffer.concat(chunks).toString('utf8')
}

/** The negative number means the group: a script's own children must not outlive it. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // All of them are gone.
  }
}
