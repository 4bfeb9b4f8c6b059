import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TlsOptions } from './fields.ts'

/** `prefer` encrypts when the server can, without looking at the certificate, as the programs psql and mysql do. */
export type DatabaseTls = 'off' | 'prefer' | TlsOptions

/**
 * The option `tls` goes before what the URL says.
 *
 * @param mode the parameter of the URL, which means what it means to the database's own programs
 * @returns undefined for a mode that is not known
 */
export function chooseTls(
  tls: boolean | TlsOptions | undefined,
  mode: string | undefined,
  modes: Readonly<Record<string, DatabaseTls>>,
): DatabaseTls | undefined {
  if (tls === false) return 'off'
  if (tls === true) return { insecure_skip_verify: false }
  if (tls !== undefined) return tls
  return mode === undefined ? 'prefer' : modes[mode]
}

/**
 * Connects to a server on this machine through a socket file. The caller destroys the socket at the end.
 *
 * @throws the socket's error or the signal's reason
 */
export async function connectSocketFile(path: string, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted()
  const socket = connect({ path })
  const abort = () => socket.destroy(signal.reason)
  signal.addEventListener('abort', abort)
  socket.once('close', () => signal.removeEventListener('abort', abort))
  await once(socket, 'connect')
  // A reset between two waits must not end the process.
  socket.on('error', () => undefined)
  return socket
}
