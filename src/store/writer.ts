import { Worker } from 'node:worker_threads'
import { readAsset } from '../lib/asset.ts'
import { Connection } from './database.ts'
import { type Operation, type Outcome, type Request, StorageError } from './operation.ts'
import { operations } from './operations.ts'
import { journalBodies } from './series/journal-bodies.ts'
import { Transactor } from './transactor.ts'

/** What the writer thread is started with. */
export interface WriterStart {
  readonly file: string
  readonly addonPath: string | undefined
}

/** Messages to the writer thread. */
export type ToWriter =
  | { readonly kind: 'commit'; readonly id: number; readonly requests: readonly Request[] }
  | { readonly kind: 'close'; readonly id: number }

/** Messages from the writer thread. */
export interface FromWriter {
  readonly id: number
  readonly outcomes: readonly Outcome[]
  readonly tookMs: number
}

export interface WriterStats {
  /** Operations that wait for the disk. */
  readonly pending: number
  /** How long the last commit took, milliseconds. */
  readonly lastCommitMs: number
  /** Since when commits fail, epoch milliseconds; undefined while they work. */
  readonly failingSinceMs: number | undefined
  readonly lastError: string | undefined
  readonly commits: number
  readonly operations: number
}

interface Waiting {
  readonly request: Request
  readonly resolve: (result: never) => void
  readonly reject: (error: Error) => void
}

/** Beyond this, callers are told to come back: memory is finite and a slow disk is not. */
const MAX_PENDING = 50_000

const DISK_TROUBLE = /FULL|IOERR|CORRUPT|READONLY|CANTOPEN|NOTADB/

type Commit = (requests: readonly Request[]) => Promise<{ outcomes: readonly Outcome[]; tookMs: number }>

/**
 * The only way into the file. Operations that arrive while a commit runs are gathered into the next one; each caller is
 * answered when its operation is on disk.
 */
export class Writer {
  readonly #commit: Commit
  readonly #close: () => Promise<void>
  #queue: Waiting[] = []
  #inFlight = 0
  #scheduled = false
  #closing: Promise<void> | undefined
  #idle: (() => void)[] = []
  #stats = { lastCommitMs: 0, commits: 0, operations: 0 }
  #failing: { sinceMs: number; error: string } | undefined

  private constructor(commit: Commit, close: () => Promise<void>) {
    this.#commit = commit
    this.#close = close
  }

  /** Commits on the calling thread: for short commands and tests. */
  static inline(file: string, addonPath?: string): Writer {
    return Writer.on(new Connection(file, { addonPath }))
  }

  /** As `inline`, on a connection that is open; closing the writer closes it. */
  static on(db: Connection): Writer {
    const transactor = new Transactor(db, operations)
    return new Writer(
      async (requests) => {
        const startMs = performance.now()
        const outcomes = transactor.commit(requests)
        return { outcomes, tookMs: performance.now() - startMs }
      },
      async () => {
        db.raw.pragma('wal_checkpoint(TRUNCATE)')
        db.close()
      },
    )
  }

  /**
   * Commits on a thread of its own, so that no fsync ever delays a probe. The thread opens the file with its first commit:
   * until then it only gets ready, beside everything else that a start has to do.
   */
  static thread(start: WriterStart, onDeath: (error: Error) => void): Writer {
    const worker = new Worker(readAsset('writer.cjs'), {
      eval: true,
      workerData: start,
      name: 'midwatch-writer',
      // Its work is short-lived: a small nursery saves megabytes and costs it nothing.
      resourceLimits: { maxYoungGenerationSizeMb: 4 },
    })
    const answers = new Map<number, (answer: FromWriter) => void>()
    let nextId = 1
    let dead: Error | undefined
    worker.on('message', (answer: FromWriter) => {
      answers.get(answer.id)?.(answer)
      answers.delete(answer.id)
    })
    const died = (error: Error) => {
      if (dead !== undefined) return
      dead = error
      const outcome: Outcome = { ok: false, message: error.message, code: 'SQLITE_IOERR' }
      for (const [id, answer] of answers)
        answer({ id, outcomes: new Array<Outcome>(MAX_PENDING).fill(outcome), tookMs: 0 })
      answers.clear()
      if (!closing) onDeath(error)
    }
    let closing = false
    worker.on('error', died)
    worker.on('exit', (code) => died(new Error(`the writer thread ended with code ${code}`)))
    const send = (message: { kind: 'commit'; requests: readonly Request[] } | { kind: 'close' }) =>
      new Promise<FromWriter>((resolve, reject) => {
        if (dead !== undefined) return reject(new StorageError(dead.message, 'SQLITE_IOERR'))
        const id = nextId++
        worker.postMessage(
          { ...message, id } satisfies ToWriter,
          message.kind === 'commit' ? journalBodies(message.requests) : [],
        )
        answers.set(id, resolve)
      })
    return new Writer(
      (requests) => send({ kind: 'commit', requests }),
      async () => {
        closing = true
        if (dead === undefined) await send({ kind: 'close' })
        await worker.terminate()
      },
    )
  }

  /**
   * Runs one operation and answers when it is on disk.
   *
   * @throws StorageError when it could not be written
   */
  run<Args, Result>(operation: Operation<Args, Result>, args: Args): Promise<Result> {
    if (this.#closing !== undefined) return Promise.reject(new StorageError('the store is closed', undefined))
    if (this.#queue.length + this.#inFlight >= MAX_PENDING) {
      return Promise.reject(new StorageError('too many writes are waiting for the disk', 'SQLITE_BUSY'))
    }
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ request: { operation: operation.name, args }, resolve, reject })
      this.#schedule()
    })
  }

  get stats(): WriterStats {
    return {
      ...this.#stats,
      pending: this.#queue.length + this.#inFlight,
      failingSinceMs: this.#failing?.sinceMs,
      lastError: this.#failing?.error,
    }
  }

  /** Resolves when everything accepted so far is on disk or refused. */
  async flush(): Promise<void> {
    if (this.#queue.length + this.#inFlight === 0) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Takes nothing more, ends what was accepted, and closes the file. */
  close(): Promise<void> {
    this.#closing ??= this.flush().then(() => this.#close())
    return this.#closing
  }

  #schedule(): void {
    if (this.#scheduled || this.#inFlight > 0) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      void this.#next()
    })
  }

  async #next(): Promise<void> {
    const batch = this.#queue
    if (batch.length === 0) return
    this.#queue = []
    this.#inFlight = batch.length
    const outcomes = await this.#outcomesOf(batch.map(({ request }) => request))
    this.#inFlight = 0
    this.#note(outcomes)
    for (const [i, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[i]
      if (outcome?.ok) resolve(outcome.result as never)
      else reject(new StorageError(outcome?.message ?? 'no answer from the writer', outcome?.code))
    }
    if (this.#queue.length > 0) this.#schedule()
    else for (const resolve of this.#idle.splice(0)) resolve()
  }

  async #outcomesOf(requests: readonly Request[]): Promise<readonly Outcome[]> {
    try {
      const { outcomes, tookMs } = await this.#commit(requests)
      const { commits, operations: before } = this.#stats
      this.#stats = { lastCommitMs: tookMs, commits: commits + 1, operations: before + requests.length }
      return outcomes
    } catch (error) {
      const { message, name } = error as Error
      if (name !== 'DataCloneError') return requests.map(() => ({ ok: false, message, code: 'SQLITE_IOERR' }))
      // One holds what can't travel to the thread: the others must not fall with it.
      if (requests.length === 1) return [{ ok: false, message, code: undefined }]
      const each: Outcome[] = []
      for (const request of requests) each.push(...(await this.#outcomesOf([request])))
      return each
    }
  }

  /**
   * A failing disk shows in `/health`; an operation that was wrong by itself does not. On a full disk some small ones still
   * find room, so all of a commit have to be fine before it counts as over.
   */
  #note(outcomes: readonly Outcome[]): void {
    const failed = outcomes.find((outcome) => !outcome.ok && DISK_TROUBLE.test(outcome.code ?? ''))
    if (failed !== undefined && !failed.ok) this.#failing ??= { sinceMs: Date.now(), error: failed.message }
    else if (outcomes.some(({ ok }) => ok)) this.#failing = undefined
  }
}
