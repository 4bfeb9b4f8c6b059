import type { Socket } from 'node:net'
import type { Address } from '../lib/address.ts'
import type { DatabaseTls } from './database-tls.ts'
import { UnexpectedAnswerError } from './socket-error.ts'
import { connectTcp } from './tcp-socket.ts'
import { startTls, type TlsConnection } from './tls-socket.ts'

/** A connection on which the startup message may be sent. */
export interface PostgresSocket {
  readonly socket: Socket
  /** Undefined when the connection is not encrypted. */
  readonly tls: TlsConnection['tls'] | undefined
}

/** Length 8, then the number 80877103 that asks for TLS. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/**
 * Connects and agrees on encryption. The caller destroys the socket at the end.
 *
 * @param host the name that the certificate has to be for
 * @throws UnexpectedAnswerError, the socket's error or the signal's reason
 * @see https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
 */
export async function connectPostgres(
  address: Address,
  { host, port, tls }: { host: string; port: number; tls: DatabaseTls },
  signal: AbortSignal,
): Promise<PostgresSocket> {
  const socket = await connectTcp(address, port, signal)
  if (tls === 'off') return { socket, tls: undefined }
  try {
    socket.write(SSL_REQUEST)
    const answer = await firstByte(socket)
    if (answer === 'S') {
      return await startTls(socket, host, tls === 'prefer' ? { insecure_skip_verify: true } : tls)
    }
    if (answer !== 'N') throw new UnexpectedAnswerError('protocol', 'what answers there is no PostgreSQL server')
    if (tls === 'prefer') return { socket, tls: undefined }
    throw new UnexpectedAnswerError('tls', 'the server does not offer TLS; switch it on there, or write tls: false')
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** What comes after the one byte must be encrypted already, or somebody between has put it in (CVE-2021-23222). */
async function firstByte(socket: Socket): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    socket.once('readable', resolve)
    socket.once('error', reject)
    socket.once('close', () => reject(new UnexpectedAnswerError('reset', 'the server closed the connection at once')))
  })
  const bytes = socket.read() as Buffer | null
  if (bytes === null) throw new UnexpectedAnswerError('reset', 'the server closed the connection at once')
  if (bytes.length > 1) throw new UnexpectedAnswerError('protocol', 'what answers there is no PostgreSQL server')
  return bytes.toString('latin1')
}
