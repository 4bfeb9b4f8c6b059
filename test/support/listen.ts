import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A TCP server on a free loopback port; `await using` closes it and all its connections. */
export interface TcpListener extends AsyncDisposable {
  readonly port: number
  /** Fulfilled when the clients have closed every connection. */
  allClosed(): Promise<void>
}

/** Calls back with every connection; its errors are swallowed. */
export async function listenTcp(onConnection: (socket: Socket) => void): Promise<TcpListener> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async allClosed() {
      await Promise.all([...sockets].map((socket) => once(socket, 'close')))
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
