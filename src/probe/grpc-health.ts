import { type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2'
import type { Socket } from 'node:net'
import { UnexpectedAnswerError } from './socket-error.ts'

/** By the numbers of the protocol. */
export const servingStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const

export type ServingStatus = (typeof servingStatuses)[number]

/** What a health service answered. */
export interface GrpcHealth {
  /** 0 is OK; see `grpcStatusNames`. */
  readonly statusCode: number
  /** What came with a code other than 0. */
  readonly statusMessage: string
  /** Undefined when the code is not 0. */
  readonly serving: ServingStatus | undefined
}

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
export const grpcStatusNames = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const

interface HealthRequest {
  /** `host:port`, for the server's routing. */
  readonly authority: string
  readonly isEncrypted: boolean
  /** '' asks for the server as a whole. */
  readonly service: string
  /** Sent along, so that the server need not work on after it. */
  readonly timeoutMs: number
}

/** An answer of this protocol has a few bytes. */
const MOST_BYTES = 64 * 1024

/**
 * Calls `grpc.health.v1.Health/Check` over a connected socket, which is closed when the promise settles.
 *
 * By hand, since a call with one field in either direction needs no library: HTTP/2 is Node's own, and a gRPC client costs
 * 11 MB of memory as soon as it is loaded.
 *
 * @throws UnexpectedAnswerError when the other side does not speak gRPC, or the socket's error
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export async function checkGrpcHealth(socket: Socket, request: HealthRequest): Promise<GrpcHealth> {
  const scheme = request.isEncrypted ? 'https' : 'http'
  const session = connect(`${scheme}://${request.authority}`, { createConnection: () => socket })
  const failed = Promise.withResolvers<never>()
  session.on('error', failed.reject)
  // Destroying the socket at the deadline closes the session without an error.
  session.on('close', () => failed.reject(new UnexpectedAnswerError('reset', 'the server closed the connection')))
  failed.promise.catch(() => undefined)
  try {
    return await Promise.race([exchange(session.request(headersOf(request)), request.service), failed.promise])
  } catch (error) {
    throw asAnswer(error)
  } finally {
    session.destroy()
    socket.destroy()
  }
}

function headersOf({ authority, isEncrypted, timeoutMs }: HealthRequest) {
  return {
    ':method': 'POST',
    ':scheme': isEncrypted ? 'https' : 'http',
    ':authority': authority,
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': 'midwatch',
    // At most eight digits.
    'grpc-timeout': `${Math.min(Math.max(1, Math.ceil(timeoutMs)), 99_999_999)}m`,
  }
}

async function exchange(stream: ClientHttp2Stream, service: string): Promise<GrpcHealth> {
  const name = Buffer.from(service, 'utf8')
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name])
  const frame = Buffer.alloc(5 + message.length)
  frame.writeUInt32BE(message.length, 1)
  message.copy(frame, 5)
  stream.end(frame)

  let headers: IncomingHttpHeaders = {}
  let trailers: IncomingHttpHeaders = {}
  stream.on('response', (received) => {
    headers = received
  })
  stream.on('trailers', (received) => {
    trailers = received
  })
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > MOST_BYTES) throw noGrpc('its answer is too long')
  }
  const httpStatus = headers[':status']
  if (httpStatus === undefined) throw noGrpc('it sent no answer')
  // Without a body the status stands in the only headers there are.
  const status = trailers['grpc-status'] ?? headers['grpc-status']
  if (status === undefined) throw noGrpc(`it answered with HTTP status ${httpStatus} and without a gRPC status`)
  const statusCode = Number(status)
  const statusMessage = unescapePercent(String(trailers['grpc-message'] ?? headers['grpc-message'] ?? ''))
  if (statusCode !== 0) return { statusCode, statusMessage, serving: undefined }
  return { statusCode, statusMessage, serving: readServing(Buffer.concat(chunks)) }
}

/** A frame is a byte that says whether it is compressed, four bytes of length, and the message. */
function readServing(frame: Buffer): ServingStatus {
  if (frame.length < 5 || frame[0] !== 0 || frame.readUInt32BE(1) !== frame.length - 5) {
    throw noGrpc('its message is cut off or compressed')
  }
  let number = 0
  for (let at = 5; at < frame.length; ) {
    const tag = readVarint(frame, at)
    const value = readVarint(frame, tag.end)
    const [field, wireType] = [tag.value >>> 3, tag.value & 7]
    if (wireType === 0) {
      // Of a field that comes twice the last one counts.
      if (field === 1) number = value.value
      at = value.end
    } else if (wireType === 2) at = value.end + value.value
    else throw noGrpc('its message is no answer of a health service')
  }
  return servingStatuses[number] ?? 'UNKNOWN'
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]
}

function readVarint(bytes: Buffer, from: number): { value: number; end: number } {
  let value = 0
  for (let i = 0; i < 5; i++) {
    const byte = bytes[from + i]
    if (byte === undefined) break
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte < 0x80) return { value, end: from + i + 1 }
  }
  throw noGrpc('its message is no answer of a health service')
}

function asAnswer(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error
  if (
    error.code !== 'ERR_HTTP2_ERROR' &&
    error.code !== 'ERR_HTTP2_STREAM_ERROR' &&
    error.code !== 'ERR_HTTP2_SESSION_ERROR'
  )
    return error
  const isRefused = /REFUSED_STREAM/.test(error.message)
  if (isRefused) return new UnexpectedAnswerError('refused', 'the server takes no more calls', { cause: error })
  return new UnexpectedAnswerError('protocol', `what answers there does not speak HTTP/2: ${error.message}`, {
    cause: error,
  })
}

function noGrpc(what: string): UnexpectedAnswerError {
  return new UnexpectedAnswerError('protocol', `what answers there does not speak gRPC: ${what}`)
}

function unescapePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
