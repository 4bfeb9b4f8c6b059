import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerSession } from 'smtp-server'

/** What a receiver may do instead of taking a message. */
type Fault =
  | 'limits'
  | 'breaks'
  | 'hangs'
  | 'cuts before it reads'
  | 'cuts while it reads'
  | 'cuts before it answers'
  | 'takes it and cuts'

/** How often each of them comes, of one. */
const SHARES: Readonly<Record<Fault, number>> = {
  limits: 0.04,
  breaks: 0.04,
  hangs: 0.004,
  'cuts before it reads': 0.02,
  'cuts while it reads': 0.02,
  'cuts before it answers': 0.02,
  // Nobody can tell this from one that was not taken: it has to come again.
  'takes it and cuts': 0.001,
}
/** After so many connections it listens no more for a while. */
const REFUSES_AFTER = 90

export interface Taken {
  readonly text: string
  /** Epoch milliseconds. */
  readonly atMs: number
  /** It was not said that it is taken. */
  readonly isSecret: boolean
}

/** Somebody who takes messages, mostly. */
export interface ChaosReceiver extends AsyncDisposable {
  readonly port: number
  /** What it took, in the order in which it did. */
  readonly taken: readonly Taken[]
  /** What it did instead, and how often. */
  readonly faults: ReadonlyMap<string, number>
  /** From now on it takes everything; whoever hangs on it is cut off. */
  calm(): void
}

/** What both kinds have: the dice, and a door that closes at times. */
class Trouble {
  readonly faults = new Map<string, number>()
  readonly sockets = new Set<Socket>()
  readonly #random: () => number
  readonly #hanging = new Set<Socket>()
  #connections = 0
  #isCalm = false
  #door: Promise<unknown> = Promise.resolve()

  constructor(random: () => number) {
    this.#random = random
  }

  next(): Fault | undefined {
    if (this.#isCalm) return undefined
    let dice = this.#random()
    for (const [fault, share] of Object.entries(SHARES) as [Fault, number][]) {
      dice -= share
      if (dice < 0) return this.#note(fault)
    }
    return undefined
  }

  hang(socket: Socket | null | undefined): void {
    if (socket !== null && socket !== undefined) this.#hanging.add(socket)
  }

  calm(): void {
    this.#isCalm = true
    for (const socket of this.#hanging) socket.destroy()
  }

  /** Counts connections, and refuses them for a while after some. */
  watch(server: Server, port: () => number): void {
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => this.sockets.delete(socket))
      this.#connections++
      if (this.#isCalm || this.#connections % REFUSES_AFTER !== 0) return
      this.#note('refuses')
      server.close()
      this.#door = delay(200 + 400 * this.#random()).then(async () => {
        server.listen(port(), '127.0.0.1')
        await once(server, 'listening')
      })
    })
  }

  async close(server: Server): Promise<void> {
    await this.#door
    for (const socket of this.sockets) socket.destroy()
    server.close()
  }

  #note<Name extends string>(name: Name): Name {
    this.faults.set(name, (this.faults.get(name) ?? 0) + 1)
    return name
  }
}

/** As Slack's incoming webhooks; `read` says what is kept of a body. */
export async function chaosSlack(random: () => number, read: (body: string) => string): Promise<ChaosReceiver> {
  const trouble = new Trouble(random)
  const taken: Taken[] = []
  const take = (text: string, isSecret: boolean) => void taken.push({ text, atMs: Date.now(), isSecret })
  const answer = (response: ServerResponse, fault: Fault | undefined, body: string): void => {
    switch (fault) {
      case 'limits':
        return void response.writeHead(429, { 'retry-after': '1' }).end('rate_limited')
      case 'breaks':
        return void response.writeHead(500).end('internal error')
      case 'hangs':
        return void trouble.hang(response.socket)
      case undefined:
        take(read(body), false)
        return void response.end('ok')
      case 'takes it and cuts':
        take(read(body), true)
        return void response.socket?.destroy()
      default:
        return void response.socket?.destroy()
    }
  }
  const server = createServer((request, response) => {
    const fault = trouble.next()
    if (fault === 'cuts before it reads') return void request.socket.destroy()
    const parts: Buffer[] = []
    request.on('error', () => undefined)
    request.on('data', (part: Buffer) => {
      parts.push(part)
      if (fault === 'cuts while it reads') request.socket.destroy()
    })
    request.on('end', () => answer(response, fault, Buffer.concat(parts).toString('utf8')))
  })
  let port = 0
  trouble.watch(server, () => port)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  return {
    port,
    taken,
    faults: trouble.faults,
    calm: () => trouble.calm(),
    [Symbol.asyncDispose]: () => trouble.close(server),
  }
}

/** A mail server; the subject is what is kept of a mail. */
export async function chaosMail(random: () => number): Promise<ChaosReceiver> {
  const trouble = new Trouble(random)
  const taken: Taken[] = []
  /** The fault of each connection that has one, by the port at the other end. */
  const faultOf = new Map<number, Fault>()
  const socketOf = ({ remotePort }: SMTPServerSession) =>
    [...trouble.sockets].find((socket) => socket.remotePort === remotePort)
  const refusal = (code: number, text: string) => Object.assign(new Error(text), { responseCode: code })
  const server: SMTPServer = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onConnect(session, done) {
      const fault = trouble.next()
      if (fault === undefined) return done()
      faultOf.set(session.remotePort, fault)
      if (fault === 'limits') return done(refusal(421, 'too many connections'))
      if (fault === 'cuts before it reads') return void socketOf(session)?.destroy()
      done()
    },
    onMailFrom(_address, session, done) {
      if (faultOf.get(session.remotePort) !== 'hangs') return done()
      return trouble.hang(socketOf(session))
    },
    onData(stream, session, done) {
      const fault = faultOf.get(session.remotePort)
      if (fault === 'cuts while it reads') return void socketOf(session)?.destroy()
      simpleParser(stream).then((mail) => {
        if (fault === 'breaks') return done(refusal(451, 'local error in processing'))
        if (fault === 'cuts before it answers') return void socketOf(session)?.destroy()
        // Whoever is gone before the end has not handed over anything.
        if (stream.sizeExceeded || socketOf(session) === undefined) return done()
        taken.push({ text: mail.subject ?? '', atMs: Date.now(), isSecret: fault === 'takes it and cuts' })
        if (fault === 'takes it and cuts') return void socketOf(session)?.destroy()
        return done()
      }, done)
    },
    onClose: ({ remotePort }) => void faultOf.delete(remotePort),
  })
  server.on('error', () => undefined)
  let port = 0
  trouble.watch(server.server, () => port)
  server.server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  port = (server.server.address() as AddressInfo).port
  return {
    port,
    taken,
    faults: trouble.faults,
    calm: () => trouble.calm(),
    [Symbol.asyncDispose]: () => trouble.close(server.server),
  }
}
