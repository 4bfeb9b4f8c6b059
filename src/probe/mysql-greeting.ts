import type { Socket } from 'node:net'
import { UnexpectedAnswerError } from './socket-error.ts'

/** What a server says before anybody has said anything to it. */
export interface MysqlGreeting {
  /** `8.4.3`, or `10.11.9-MariaDB-…`. */
  readonly version: string
  readonly isMariadb: boolean
  readonly canEncrypt: boolean
}

const PROTOCOL_10 = 10
const ERROR_PACKET = 0xff
const CLIENT_SSL = 0x0800
/** A greeting is about a hundred bytes. */
const LONGEST_GREETING = 4096

/**
 * Reads the greeting and puts it back, so that the client library reads it as well. The socket is paused afterwards.
 *
 * @throws UnexpectedAnswerError when it is no MySQL server, or one that refuses us already; or the socket's error
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html
 */
export async function readGreeting(socket: Socket): Promise<MysqlGreeting> {
  const packet = await firstPacket(socket)
  const payload = packet.subarray(4)
  if (payload[0] === ERROR_PACKET && payload.length > 3) {
    const message = payload.toString('utf8', 3).replace(/^#[0-9A-Z]{5}/, '')
    throw new UnexpectedAnswerError('reported', `the server says: ${message} (error ${payload.readUInt16LE(1)})`)
  }
  const versionEnd = payload.indexOf(0, 1)
  // Behind the version: thread id, 8 bytes of salt, a zero, the lower half of what the server can.
  const flagsAt = versionEnd + 1 + 4 + 8 + 1
  if (payload[0] !== PROTOCOL_10 || versionEnd === -1 || payload.length < flagsAt + 2) throw noMysql()
  // MariaDB passes for version 5.5.5 to old replicas.
  const version = payload.toString('latin1', 1, versionEnd).replace(/^5\.5\.5-(?=\d+\.\d+\.\d+-MariaDB)/, '')
  return {
    version,
    isMariadb: /mariadb/i.test(version),
    canEncrypt: (payload.readUInt16LE(flagsAt) & CLIENT_SSL) !== 0,
  }
}

/** Three bytes of length, a sequence number (0 for the first one), the payload. */
async function firstPacket(socket: Socket): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0)
  const arrived = Promise.withResolvers<Buffer>()
  const take = (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    const length = bytes.length < 4 ? 0 : bytes.readUIntLE(0, 3)
    if (bytes.length >= 4 && (bytes[3] !== 0 || length === 0 || length > LONGEST_GREETING)) arrived.reject(noMysql())
    else if (bytes.length >= 4 + length && bytes.length >= 4) arrived.resolve(bytes.subarray(0, 4 + length))
  }
  const fail = (error: Error) => arrived.reject(error)
  const close = () => fail(new UnexpectedAnswerError('reset', 'the server closed the connection before its greeting'))
  socket.on('data', take).once('error', fail).once('end', close)
  try {
    return await arrived.promise
  } finally {
    socket.off('data', take).off('error', fail).off('end', close)
    socket.pause()
    if (bytes.length > 0 && !socket.destroyed) socket.unshift(bytes)
  }
}

function noMysql(): UnexpectedAnswerError {
  return new UnexpectedAnswerError('protocol', 'what answers there is no MySQL or MariaDB server')
}
