import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const PROGRAM = join(import.meta.dirname, '../../dist/midwatch.cjs')

/** What a piece of shell did. */
export interface Said {
  readonly out: string
  /** Status codes that curl got. */
  readonly statuses: readonly number[]
  /** Commands that failed, and what was said on standard error. */
  readonly trouble: string
}

/**
 * A bash as somebody has open who reads the documentation: pieces follow each other in it, `midwatch` is the built program,
 * `node` the one that runs the tests.
 */
export class Shell implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly #errors: string
  #out = ''
  #pieces = 0

  constructor(folder: string) {
    this.#errors = join(folder, 'shell-errors.txt')
    const path = `${dirname(process.execPath)}:${process.env.PATH ?? ''}`
    // A process group of its own, so that what pieces leave in the background can be ended with it.
    this.#process = spawn('bash', ['--noprofile', '--norc'], {
      cwd: folder,
      env: { PATH: path, HOME: folder },
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    })
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text
    })
    this.#write(`exec 2>${this.#errors}
set -o pipefail
trap 'echo "failed: $BASH_COMMAND" >&2' ERR
curl() { command curl --show-error -w '%{stderr}status %{http_code}\\n' "$@"; }
midwatch() { node ${PROGRAM} "$@"; }`)
  }

  /** Runs a piece to its end. */
  async run(piece: string): Promise<Said> {
    const mark = `--- end of piece ${this.#pieces++} ---`
    const errorsBefore = this.#pieces === 1 ? 0 : this.#readErrors().length
    this.#out = ''
    this.#write(`${piece}\necho; echo '${mark}'`)
    while (!this.#out.includes(mark)) {
      if (this.#process.exitCode !== null) throw new Error(`the shell has ended: ${this.#readErrors()}`)
      await once(this.#process.stdout as NodeJS.ReadableStream, 'data')
    }
    const errors = this.#readErrors().slice(errorsBefore)
    const lines = errors.split('\n').filter((line) => line !== '')
    return {
      out: this.#out.slice(0, this.#out.indexOf(mark)),
      statuses: lines.flatMap((line) => (/^status \d+$/.test(line) ? [Number(line.slice(7))] : [])),
      trouble: lines.filter((line) => !/^status \d+$/.test(line)).join('\n'),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { pid, exitCode } = this.#process
    if (pid === undefined || exitCode !== null) return
    const exit = once(this.#process, 'exit')
    process.kill(-pid, 'SIGKILL')
    await exit
  }

  #readErrors(): string {
    return readFileSync(this.#errors, 'utf8')
  }

  #write(text: string): void {
    this.#process.stdin?.write(`${text}\n`)
  }
}
