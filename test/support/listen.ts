import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { freePort } from './free-port.ts'

/** A server on a free loopback port; `await using` closes it and all its connections. */
export interface TcpListener extends AsyncDisposable {
  readonly port: number
  /** `127.0.0.1:port`. */
  readonly address: string
  /** How many connections there were so far. */
  connections(): number
  /** Fulfilled when the clients have closed every connection. */
  allClosed(): Promise<void>
}

/** Starts any server of Node: http, https, tls, net; on any free port unless told. Errors of its connections are swallowed. */
export async function listen(server: Server, wantedPort = 0): Promise<TcpListener> {
  const sockets = new Set<Socket>()
  let connections = 0
  server.on('connection', (socket: Socket) => {
    connections++
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  // A TLS server tells of failed handshakes this way, and would end the process where nobody listens.
  server.on('tlsClientError', () => undefined)
  server.listen(wantedPort, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    address: `127.0.0.1:${port}`,
    connections: () => connections,
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

/** Calls back with every connection. */
export function listenTcp(onConnection: (socket: Socket) => void): Promise<TcpListener> {
  return listen(createServer(onConnection))
}

/** A port on which nobody listens, nor will by chance. */
export const closedPort = freePort
