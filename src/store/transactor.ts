import type { Connection } from './database.ts'
import type { Operation, Outcome, Request, Transaction } from './operation.ts'

type AnyOperation = Operation<never, unknown>

/**
 * Commits operations in groups on one connection. When one of a group fails, the group is rolled back and each is run in a
 * transaction of its own, so that a bad one harms nobody else. Where no transaction can begin, all fail at once.
 */
export class Transactor {
  readonly #db: Connection
  readonly #operations: ReadonlyMap<string, AnyOperation>

  constructor(db: Connection, operations: readonly AnyOperation[]) {
    this.#db = db
    this.#operations = new Map(operations.map((operation) => [operation.name, operation]))
  }

  /** @returns one outcome a request, in order; all that are `ok` are on disk */
  commit(requests: readonly Request[]): Outcome[] {
    try {
      return this.#inOneTransaction(requests)
    } catch (error) {
      if (requests.length === 1 || error instanceof BeginError) return requests.map(() => failure(error))
    }
    return requests.map((request) => {
      try {
        return this.#inOneTransaction([request])[0] as Outcome
      } catch (error) {
        return failure(error)
      }
    })
  }

  #inOneTransaction(requests: readonly Request[]): Outcome[] {
    const states = new Map<string, unknown>()
    const atEnd: (() => void)[] = []
    const transaction: Transaction = {
      db: this.#db,
      state<T>(key: string, start: () => T): T {
        if (!states.has(key)) states.set(key, start())
        return states.get(key) as T
      },
      beforeCommit: (work) => void atEnd.push(work),
    }
    const { raw } = this.#db
    try {
      this.#db.statement('BEGIN IMMEDIATE').run()
    } catch (error) {
      throw new BeginError(error as Error & { code?: string })
    }
    try {
      const outcomes = requests.map(({ operation, args }): Outcome => {
        const known = this.#operations.get(operation)
        if (known === undefined) throw new Error(`no such operation: ${operation}`)
        return { ok: true, result: known.run(transaction, args as never) }
      })
      for (const work of atEnd) work()
      this.#db.statement('COMMIT').run()
      return outcomes
    } catch (error) {
      // SQLite has already rolled back by itself after some errors (full disk, I/O).
      if (raw.inTransaction) this.#db.statement('ROLLBACK').run()
      throw error
    }
  }
}

/** Each try may wait for a lock as long as the busy timeout: asking again for every operation would add that up. */
class BeginError extends Error {
  readonly code: string | undefined

  constructor(cause: Error & { code?: string }) {
    super(cause.message, { cause })
    this.code = cause.code
  }
}

/** An error as an outcome, in a shape that travels between threads. */
export function failure(error: unknown): Outcome {
  const { message, code } = error as Error & { code?: unknown }
  return { ok: false, message, code: typeof code === 'string' ? code : undefined }
}
