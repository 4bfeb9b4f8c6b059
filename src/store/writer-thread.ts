import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { Connection } from './database.ts'
import type { Outcome, Request } from './operation.ts'
import { operations } from './operations.ts'
import { journalBodies } from './series/journal-bodies.ts'
import { failure, Transactor } from './transactor.ts'
import type { FromWriter, ToWriter, WriterStart } from './writer.ts'

/** The whole program of the writer thread: take what has gathered, commit it, answer. */
const port = parentPort
if (port === null) throw new Error('the writer runs as a thread of midwatch')

const { file, addonPath } = workerData as WriterStart
/** Of the journal in the connection's cache of pages. */
const JOURNAL_BYTES_KEPT = 1 << 20
let journalBytes = 0
let opened: { readonly db: Connection; readonly transactor: Transactor } | undefined

function open(): { readonly db: Connection; readonly transactor: Transactor } {
  if (opened === undefined) {
    const db = new Connection(file, { addonPath })
    opened = { db, transactor: new Transactor(db, operations) }
  }
  return opened
}

function handle(message: ToWriter): void {
  const startMs = performance.now()
  switch (message.kind) {
    case 'commit':
      answer({ id: message.id, outcomes: commit(message.requests), tookMs: performance.now() - startMs })
      tidy(journalBodies(message.requests))
      return
    case 'close':
      opened?.db.raw.pragma('wal_checkpoint(TRUNCATE)')
      opened?.db.close()
      answer({ id: message.id, outcomes: [], tookMs: performance.now() - startMs })
      return
  }
}

/**
 * Gives journal entries back at once, as the collector would let megabytes gather that hang on a few objects, and has the
 * connection forget their pages, which nobody reads again.
 */
function tidy(bodies: readonly ArrayBuffer[]): void {
  for (const body of bodies) {
    journalBytes += body.byteLength
    body.transfer(0)
  }
  if (journalBytes < JOURNAL_BYTES_KEPT) return
  journalBytes = 0
  opened?.db.raw.pragma('shrink_memory')
}

/** A file that can't be opened now is tried again with the next commit. */
function commit(requests: readonly Request[]): readonly Outcome[] {
  try {
    return open().transactor.commit(requests)
  } catch (error) {
    return requests.map(() => failure(error))
  }
}

function answer(message: FromWriter): void {
  port?.postMessage(message)
}

port.on('message', (message: ToWriter) => {
  handle(message)
  for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
    handle(next.message as ToWriter)
  }
})
