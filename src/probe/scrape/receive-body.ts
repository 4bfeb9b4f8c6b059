import type { IncomingMessage } from 'node:http'
import type { OnReadOpts, Socket } from 'node:net'
import { createGunzip, type Gunzip } from 'node:zlib'
import type { BodyBuffers } from './body-buffers.ts'
import { ScrapeError } from './sample-labels.ts'

/** A body, unpacked. */
export interface ReceivedBody {
  /** Only until `release` is called, which has to be done once. */
  readonly body: Buffer
  readonly release: () => void
}

interface ReceiveOptions {
  readonly buffers: BodyBuffers
  /** About how long the body will be; 0 when nobody knows. */
  readonly expectedBytes: number
  /** The most that it may have, unpacked. */
  readonly limitBytes: number
}

const MIN_PIECE_BYTES = 16 * 1024
const MAX_PIECE_BYTES = 256 * 1024
const MAX_TOLD_BYTES = 32 * 1024 * 1024

const memory = Buffer.allocUnsafeSlow(256 * 1024)

/**
 * For an agent: all its connections read into the same memory. Node would take new memory for every 64 KB, and after some
 * large scrapes the process would hold many times what it uses.
 *
 * Whoever listens to `data` must be done with it when the listener returns, so `receiveBody` has to be called in the moment of
 * the answer, and nobody may pause it.
 */
export const sharedRead: OnReadOpts = {
  buffer: memory,
  callback(this: unknown, bytes: number): boolean {
    ;(this as Socket).emit('data', memory.subarray(0, bytes))
    return true
  },
}

/**
 * Receives the body of an answer from now on.
 *
 * @throws ScrapeError when it is too long or packed in an unknown way, or the error of the connection
 */
export function receiveBody(
  response: IncomingMessage,
  { buffers, expectedBytes, limitBytes }: ReceiveOptions,
): Promise<ReceivedBody> {
  return new Promise((resolve, reject) => {
    const unpacker = unpackerOf(response.headers['content-encoding'] ?? '', expectedBytes)
    if (unpacker instanceof ScrapeError) {
      response.destroy()
      return reject(unpacker)
    }
    // What the server says is a hint, not a reason to take any amount of memory.
    const toldBytes =
      unpacker === undefined ? Math.min(Number(response.headers['content-length'] ?? 0), MAX_TOLD_BYTES) : 0
    let buffer = buffers.take(Math.min(Math.max(expectedBytes, toldBytes), limitBytes))
    let length = 0
    let isOver = false
    const fail = (error: Error) => {
      if (isOver) return
      isOver = true
      buffers.give(buffer)
      reject(error)
      response.destroy()
      unpacker?.destroy()
    }
    const take = (chunk: Buffer) => {
      if (isOver) return
      const end = length + chunk.length
      if (end > limitBytes) return fail(tooLong(limitBytes))
      if (end > buffer.length) buffer = buffers.grow(buffer, length, end)
      chunk.copy(buffer, length)
      length = end
    }
    const done = () => {
      if (isOver) return
      isOver = true
      resolve({ body: buffer.subarray(0, length), release: () => buffers.give(buffer) })
    }
    response.on('error', fail)
    response.on('close', () => {
      if (!response.complete) fail(new ScrapeError('the connection was closed in the middle of the answer'))
    })
    if (unpacker === undefined) response.on('data', take).on('end', done)
    else {
      unpacker.on('data', take).on('end', done).on('error', fail)
      pass(response, unpacker, limitBytes, fail)
    }
  })
}

/** Hands copies over without ever pausing; together they are at most as long as what may come out of them. */
function pass(response: IncomingMessage, unpacker: Gunzip, limitBytes: number, fail: (error: Error) => void): void {
  let packedBytes = 0
  response.on('data', (chunk: Buffer) => {
    packedBytes += chunk.length
    if (packedBytes > limitBytes) fail(tooLong(limitBytes))
    else if (!unpacker.destroyed) unpacker.write(Buffer.from(chunk))
  })
  response.on('end', () => {
    if (!unpacker.destroyed) unpacker.end()
  })
}

function unpackerOf(encoding: string, expectedBytes: number): Gunzip | undefined | ScrapeError {
  switch (encoding.toLowerCase()) {
    case 'identity':
    case '':
      return undefined
    case 'gzip':
    case 'x-gzip':
      // A large body in Node's pieces of 16 KB takes three times as long.
      return createGunzip({ chunkSize: Math.min(Math.max(expectedBytes >> 4, MIN_PIECE_BYTES), MAX_PIECE_BYTES) })
    default:
      return new ScrapeError(`server answered with Content-Encoding ${encoding}, which was not asked for`)
  }
}

function tooLong(limitBytes: number): ScrapeError {
  return new ScrapeError(`body_size_limit exceeded (limit: ${limitBytes} bytes)`)
}
