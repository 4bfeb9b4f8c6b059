import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { Connection } from './database.ts'
import { operations } from './operations.ts'
import { Transactor } from './transactor.ts'
import type { FromWriter, ToWriter, WriterStart } from './writer.ts'

/** The whole program of the writer thread: take what has gathered, commit it, answer. */
const port = parentPort
if (port === null) throw new Error('the writer runs as a thread of midwatch')

const { file, addonPath } = workerData as WriterStart
const db = new Connection(file, { addonPath })
const transactor = new Transactor(db, operations)

function handle(message: ToWriter): void {
  const startMs = performance.now()
  switch (message.kind) {
    case 'commit': {
      const outcomes = transactor.commit(message.requests)
      answer({ id: message.id, outcomes, tookMs: performance.now() - startMs })
      return
    }
    case 'close':
      db.raw.pragma('wal_checkpoint(TRUNCATE)')
      db.close()
      answer({ id: message.id, outcomes: [], tookMs: performance.now() - startMs })
      return
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
port.postMessage('ready')
