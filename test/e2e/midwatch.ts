import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export const PROGRAM = join(import.meta.dirname, '../../dist/midwatch.cjs')

/** A folder for one test, gone afterwards. */
export function tempFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'midwatch-e2e-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

interface StartOptions {
  readonly config?: string
  readonly args?: readonly string[]
  readonly env?: Record<string, string>
  /** How long it may take until it answers. */
  readonly withinMs?: number
}

/** The built program as a process of its own. */
export class Midwatch implements AsyncDisposable {
  readonly folder: string
  readonly url: string
  readonly token: string
  readonly lines: string[]
  readonly #process: ChildProcess

  private constructor(folder: string, process: ChildProcess, lines: string[], run: { url: string; token: string }) {
    this.folder = folder
    this.#process = process
    this.lines = lines
    this.url = run.url
    this.token = run.token
  }

  /** Starts it in `folder`, which holds midwatch.yml when `config` is given, and waits until it answers. */
  static async start(folder: string, { config, args = [], env = {}, withinMs }: StartOptions = {}): Promise<Midwatch> {
    if (config !== undefined) writeFileSync(join(folder, 'midwatch.yml'), config)
    const runFile = join(folder, 'data', 'midwatch.run.json')
    rmSync(runFile, { force: true })
    const child = spawn(process.execPath, [PROGRAM, 'run', '--listen', '127.0.0.1:0', ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const lines: string[] = []
    for (const stream of [child.stdout, child.stderr]) {
      let rest = ''
      stream?.setEncoding('utf8').on('data', (text: string) => {
        const parts = (rest + text).split('\n')
        rest = parts.pop() ?? ''
        lines.push(...parts.filter((line) => line !== ''))
      })
    }
    const isUp = () => {
      if (child.exitCode !== null) throw new Error(`midwatch ended with code ${child.exitCode}:\n${lines.join('\n')}`)
      return existsSync(runFile) && lines.some((line) => line.includes('midwatch.started'))
    }
    await until(isUp, 'midwatch to start', withinMs ?? 60_000).catch((error: unknown) => {
      child.kill('SIGKILL')
      throw error
    })
    return new Midwatch(
      folder,
      child,
      lines,
      JSON.parse(readFileSync(runFile, 'utf8')) as { url: string; token: string },
    )
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}${path}`)
    return (await response.json()) as T
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
  }

  get pid(): number {
    return this.#process.pid as number
  }

  /** Ends it as a power cut of the process would. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exit = once(this.#process, 'close')
    this.#process.kill('SIGKILL')
    await exit
  }

  /** Ends it as an operator would; gives the exit code. */
  async stop(): Promise<number | null> {
    if (this.#process.exitCode !== null) return this.#process.exitCode
    const exit = once(this.#process, 'close')
    this.#process.kill('SIGTERM')
    await exit
    return this.#process.exitCode
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
  }
}

/** Waits until something holds, looking again and again; fails with what it waited for. */
export async function until<T>(look: () => T | Promise<T>, what: string, withinMs = 50_000): Promise<NonNullable<T>> {
  const endMs = performance.now() + withinMs
  for (;;) {
    const value = await look()
    if (value !== undefined && value !== null && value !== false) return value as NonNullable<T>
    if (performance.now() > endMs) throw new Error(`waited ${withinMs} ms in vain for ${what}`)
    await delay(50)
  }
}
