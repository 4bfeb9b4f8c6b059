import type { Connection } from './database.ts'

/** What an operation works with: the writer's connection inside the running transaction. */
export interface Transaction {
  readonly db: Connection
  /** A value that lives as long as the transaction, such as the head of a chain; forgotten when it is rolled back. */
  state<T>(key: string, start: () => T): T
  /** Does something once all operations of the transaction are done; what it throws undoes them. */
  beforeCommit(work: () => void): void
}

/**
 * A write, as a name and a function over plain values. What must happen together is one operation; the writer puts many
 * operations into one transaction and answers each when it is on disk.
 */
export interface Operation<Args, Result> {
  readonly name: string
  run(transaction: Transaction, args: Args): Result
}

export function defineOperation<Args, Result>(
  name: string,
  run: (transaction: Transaction, args: Args) => Result,
): Operation<Args, Result> {
  return { name, run }
}

/** One operation on its way: its registered name and its arguments, which must survive a structured clone. */
export interface Request {
  readonly operation: string
  readonly args: unknown
}

export type Outcome =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly message: string; readonly code: string | undefined }

/** The disk is full or broken: nothing was written; trying again later can help. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly code: string | undefined

  constructor(message: string, code: string | undefined) {
    super(message)
    this.code = code
  }
}
