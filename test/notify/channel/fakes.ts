import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { listen, type TcpListener } from '../../support/listen.ts'

/** A request as a fake service of the web saw it. */
export interface Taken {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export type Answer = (response: ServerResponse, taken: Taken) => void

/** A service that takes messages over HTTP; a test decides how it answers. */
export interface FakeWeb extends AsyncDisposable {
  readonly server: TcpListener
  readonly taken: Taken[]
  answer: Answer
}

export async function fakeWeb(answer: Answer): Promise<FakeWeb> {
  const taken: Taken[] = []
  const server = await listen(
    createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const { method = '', url: path = '', headers } = request
      const one = { method, path, headers, body: Buffer.concat(chunks).toString() }
      taken.push(one)
      it.answer(response, one)
    }),
  )
  const it: FakeWeb = { server, taken, answer, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
  return it
}

/** A mail server. */
export interface FakeMail extends AsyncDisposable {
  readonly port: number
  readonly mails: ParsedMail[]
  /** Breaks the connection that comes from this port. */
  cut(remotePort: number): void
  allClosed(): Promise<void>
}

export async function fakeMail(options: SMTPServerOptions = {}): Promise<FakeMail> {
  const mails: ParsedMail[] = []
  const sockets = new Set<Socket>()
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      simpleParser(stream).then((mail) => {
        mails.push(mail)
        done()
      }, done)
    },
    ...options,
  })
  server.on('error', () => {})
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  return {
    port,
    mails,
    cut(remotePort) {
      for (const socket of sockets) if (socket.remotePort === remotePort) socket.destroy()
    },
    async allClosed() {
      await Promise.all([...sockets].map((socket) => once(socket, 'close')))
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}
