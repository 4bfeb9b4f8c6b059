import { connect, type Socket } from 'node:net'
import type { Address } from '../lib/address.ts'
import { UnexpectedAnswerError } from './socket-error.ts'

/**
 * Connects to an address that was resolved and checked before. When the signal is aborted the socket is destroyed with its
 * reason, so that whoever waits on it gets that as the error. The caller destroys the socket at the end.
 *
 * @throws the socket's error (`ECONNREFUSED`, …) or the signal's reason
 */
export function connectTcp({ address }: Address, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const socket = connect({ host: address, port })
    const abort = () => socket.destroy(signal.reason)
    signal.addEventListener('abort', abort)
    // This listener stays: a reset between two waits must not end the process.
    socket.on('error', reject)
    socket.once('close', () => signal.removeEventListener('abort', abort))
    socket.once('connect', () => resolve(socket))
  })
}

/**
 * To be called before waiting for events of a socket that may have been closed in the meantime: they would never come.
 *
 * @throws what closed it
 */
export function throwIfClosed(socket: Socket): void {
  if (!socket.destroyed) return
  throw socket.errored ?? new UnexpectedAnswerError('reset', 'the other side closed the connection')
}
