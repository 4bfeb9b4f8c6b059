import { createHash } from 'node:crypto'
import { createServer as createHttpServer } from 'node:http'
import type { Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { makeCertificate } from '../support/certificate.ts'
import { startDnsServer } from '../support/dns-server.ts'
import { startGrpcHealth } from '../support/grpc-health-server.ts'
import { closedPort, listen, listenTcp } from '../support/listen.ts'
import { findPeer } from '../support/peers.ts'

/** A check's entry in a config, without its general fields. */
export type Entry = Readonly<Record<string, unknown>>

/** Stands wherever a credential may stand; nothing that a probe says may hold it. */
export const CANARY = 'canary-Kz81vQ'

/** What the contract needs of one probe. A case that a probe can't have is left out. */
export interface Subject {
  /** Starts a target that is as expected. */
  live?(stack: AsyncDisposableStack): Promise<Entry>
  /** A target that is not there. */
  dead?(): Promise<Entry>
  /** Starts a target that takes the connection and never answers; `reached` resolves when it was connected to. */
  silent?(
    stack: AsyncDisposableStack,
    /** What it does with a connection in place of being silent, where it is a TCP server. */
    talk?: (socket: Socket) => void,
  ): Promise<{ readonly entry: Entry; readonly reached: Promise<unknown> }>
  /** Has `CANARY` wherever a credential may stand; it points to a closed port. */
  secretive?: Entry
}

/** By the key of the probe. */
export const subjects: Readonly<Record<string, Subject>> = {
  dns: {
    async live(stack) {
      const record = [1, Buffer.from([192, 0, 2, 1])] as const
      const server = await start(
        stack,
        startDnsServer(() => ({ answers: [record] })),
      )
      return { dns: 'example.org', server: `127.0.0.1:${server.port}`, expect: { answer: '^192[.]0[.]2[.]1$' } }
    },
    dead: async () => ({ dns: 'example.org', server: `127.0.0.1:${await closedPort()}` }),
    async silent(stack) {
      const { promise: reached, resolve } = Promise.withResolvers<void>()
      const server = await start(
        stack,
        startDnsServer(() => void resolve()),
      )
      return { entry: { dns: 'example.org', server: `127.0.0.1:${server.port}` }, reached }
    },
  },
  grpc: {
    async live(stack) {
      const server = await start(stack, startGrpcHealth({ '': 'SERVING' }, makeCertificate()))
      return { grpc: server.address, tls: { insecure_skip_verify: true } }
    },
    dead: async () => ({ grpc: `127.0.0.1:${await closedPort()}` }),
    silent: (stack, talk) => silentTarget(stack, (grpc) => ({ grpc }), talk),
  },
  host: {
    live: async () => ({ host: 'local', cpu_window: '20ms' }),
  },
  http: {
    async live(stack) {
      const server = await start(stack, listen(createHttpServer((_, response) => response.end('{"status":"ok"}'))))
      return { http: `http://${server.address}/health`, expect: { json: { status: 'ok' } } }
    },
    dead: async () => ({ http: `http://127.0.0.1:${await closedPort()}/` }),
    silent: (stack, talk) => silentTarget(stack, (address) => ({ http: `http://${address}/` }), talk),
    secretive: {
      http: `http://127.0.0.1:1/?token=${CANARY}`,
      headers: { 'X-Api-Key': CANARY },
      basic_auth: { username: 'watch', password: CANARY },
    },
  },
  icmp: {
    ...(findPeer('ping').path === undefined ? {} : { live: async () => ({ icmp: '127.0.0.1' }) }),
    dead: async () => ({ icmp: 'no-such-host.invalid' }),
  },
  mysql: {
    dead: async () => ({ mysql: `mysql://watch@127.0.0.1:${await closedPort()}/app` }),
    silent: (stack, talk) => silentTarget(stack, (address) => ({ mysql: `mysql://watch@${address}/app` }), talk),
    secretive: { mysql: `mysql://watch:${CANARY}@127.0.0.1:1/app`, password: CANARY },
  },
  postgres: {
    dead: async () => ({ postgres: `postgres://watch@127.0.0.1:${await closedPort()}/app` }),
    silent: (stack, talk) => silentTarget(stack, (address) => ({ postgres: `postgres://watch@${address}/app` }), talk),
    secretive: { postgres: `postgres://watch:${CANARY}@127.0.0.1:1/app`, password: CANARY },
  },
  process: {
    live: async () => ({ process: { cmdline: 'node', min: 0 } }),
    dead: async () => ({ process: 'no-such-program-anywhere' }),
  },
  promql: {
    live: async () => ({ promql: 'queue_tasks_queued > 50' }),
    dead: async () => ({ promql: 'queue_tasks_queued', expect: 'something' }),
  },
  redis: {
    async live(stack) {
      const server = await start(
        stack,
        listenTcp((socket) =>
          socket.on('data', (bytes) => {
            const [, command = ''] = bytes.toString().split(/\r\n\$\d+\r\n/)
            socket.write(command.startsWith('PING') ? '+PONG\r\n' : '$24\r\nrole:master\r\nmaxmemory:0\r\n')
          }),
        ),
      )
      return { redis: `redis://${server.address}` }
    },
    dead: async () => ({ redis: `redis://127.0.0.1:${await closedPort()}`, queues: ['mail'] }),
    silent: (stack, talk) => silentTarget(stack, (address) => ({ redis: `redis://${address}/3` }), talk),
    secretive: { redis: `redis://watch:${CANARY}@127.0.0.1:1`, password: CANARY },
  },
  script: {
    live: async () => ({ script: ['/bin/echo', 'OK | files=3'] }),
    dead: async () => ({ script: ['/bin/sh', '-c', 'echo gone; exit 2'] }),
    async silent() {
      return { entry: { script: ['/bin/sleep', '600'] }, reached: Promise.resolve() }
    },
    secretive: { script: ['/bin/false', CANARY], env: { PASSWORD: CANARY } },
  },
  smtp: {
    async live(stack) {
      const server = await start(
        stack,
        listenTcp((socket) => {
          socket.write('220 mail.example.org ESMTP\r\n')
          socket.on('data', (bytes) => {
            if (bytes.toString().startsWith('EHLO')) socket.write('250-mail.example.org\r\n250 SIZE 1000\r\n')
          })
        }),
      )
      return { smtp: server.address }
    },
    dead: async () => ({ smtp: `127.0.0.1:${await closedPort()}` }),
    silent: (stack, talk) => silentTarget(stack, (smtp) => ({ smtp }), talk),
  },
  tcp: {
    async live(stack) {
      const server = await start(
        stack,
        listenTcp((socket) => socket.on('data', (bytes) => socket.write(`+${bytes}`))),
      )
      return { tcp: server.address, send: 'PONG\r\n', expect: '^[+]PONG$' }
    },
    dead: async () => ({ tcp: `127.0.0.1:${await closedPort()}` }),
    silent: (stack, talk) => silentTarget(stack, (tcp) => ({ tcp, expect: 'ready' }), talk),
  },
  tls: {
    async live(stack) {
      const server = await start(stack, listen(createTlsServer(makeCertificate())))
      return { tls: server.address, insecure_skip_verify: true }
    },
    dead: async () => ({ tls: `127.0.0.1:${await closedPort()}` }),
    silent: (stack, talk) => silentTarget(stack, (tls) => ({ tls }), talk),
  },
  websocket: {
    async live(stack) {
      const http = createHttpServer()
      http.on('upgrade', (request, socket) => {
        const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
        const accept = createHash('sha1').update(key).digest('base64')
        const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
        socket.write(`${head.join('\r\n')}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
        socket.on('data', () => socket.write(Buffer.from([0x81, 2, 0x6f, 0x6b])))
      })
      const server = await start(stack, listen(http))
      return { websocket: `ws://${server.address}/live`, send: 'hello', expect: '^ok$' }
    },
    dead: async () => ({ websocket: `ws://127.0.0.1:${await closedPort()}/` }),
    silent: (stack, talk) => silentTarget(stack, (address) => ({ websocket: `ws://${address}/` }), talk),
    secretive: {
      websocket: `ws://127.0.0.1:1/?access_token=${CANARY}`,
      headers: { Authorization: `Bearer ${CANARY}` },
    },
  },
}

async function start<T extends AsyncDisposable>(stack: AsyncDisposableStack, starting: Promise<T>): Promise<T> {
  return stack.use(await starting)
}

/** For `silent`: a TCP server that reads and says nothing, unless told what to say. */
export async function silentTarget(
  stack: AsyncDisposableStack,
  entryOf: (address: string) => Entry,
  talk: (socket: Socket) => void = () => undefined,
): Promise<{ entry: Entry; reached: Promise<unknown> }> {
  const { promise: reached, resolve } = Promise.withResolvers<void>()
  const server = await start(
    stack,
    listenTcp((socket) => {
      socket.resume()
      talk(socket)
      resolve()
    }),
  )
  return { entry: entryOf(server.address), reached }
}
