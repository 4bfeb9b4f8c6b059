import { closeSync, ftruncate, openSync, readFileSync, write } from 'node:fs'
import { join } from 'node:path'

/** A message that arrived, as the file knows it. */
export interface Arrived {
  readonly id: number
  /** By which it is known again, should the id be that of another one by now. */
  readonly messageId: string
}

const FILE = 'midwatch.arrived'
const LINE = /^(\d+) (\S+)$/
/** The file begins anew at this size, once nothing of it counts any more. */
const LARGE_BYTES = 64 * 1024

/**
 * Which messages arrived and are not written down as delivered yet. Writing that down takes a commit, and a process that is
 * killed meanwhile would send them again. This file is written without waiting for a disk: what is in it survives the
 * process, though not the machine. It may miss lines and never has wrong ones, so it spares repetitions and loses nothing.
 */
export class ArrivedFile {
  readonly #descriptor: number | undefined
  /** What the last run left behind. */
  readonly found: readonly Arrived[]
  #bytes = 0
  #last: Promise<void> = Promise.resolve()

  constructor(dataDir: string) {
    const path = join(dataDir, FILE)
    this.found = read(path)
    // Without the file, a crash repeats more.
    this.#descriptor = attempt(() => openSync(path, 'a'))
  }

  /** Resolves when the lines are out of our hands. */
  note(arrived: readonly Arrived[]): Promise<void> {
    const descriptor = this.#descriptor
    if (descriptor === undefined) return Promise.resolve()
    const text = arrived.map(({ id, messageId }) => `${id} ${messageId}\n`).join('')
    this.#bytes += text.length
    return this.#then((done) => write(descriptor, text, done))
  }

  /** Nothing of it counts any more: all that arrived is written down as delivered. */
  settled({ isStart = false } = {}): void {
    const descriptor = this.#descriptor
    if (descriptor === undefined || (!isStart && this.#bytes < LARGE_BYTES)) return
    this.#bytes = 0
    void this.#then((done) => ftruncate(descriptor, 0, done))
  }

  async close(): Promise<void> {
    await this.#last
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
  }

  /** One after the other; an error only means that the line is not there. */
  #then(work: (done: () => void) => void): Promise<void> {
    this.#last = this.#last.then(() => new Promise<void>((resolve) => work(resolve)))
    return this.#last
  }
}

/** Whole lines only: the last one may be torn. */
function read(path: string): readonly Arrived[] {
  const text = attempt(() => readFileSync(path, 'utf8')) ?? ''
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      const [, id, messageId] = LINE.exec(line) ?? []
      return id === undefined || messageId === undefined ? [] : [{ id: Number(id), messageId }]
    })
}

function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
