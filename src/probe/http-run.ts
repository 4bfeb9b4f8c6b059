import type { Socket } from 'node:net'
import type { TlsState } from './certificate.ts'
import type { TlsOptions } from './fields.ts'
import { type HttpRequest, isRedirect, redirectedRequest, serializeRequest } from './http-request.ts'
import { type ResponseHead, ResponseReader } from './http-response.ts'
import { hostOf, Lookup, resolveTarget } from './net-target.ts'
import { Phases } from './phases.ts'
import type { ProbeContext } from './probe.ts'
import { UnexpectedAnswerError } from './socket-error.ts'
import { connectTcp, throwIfClosed } from './tcp-socket.ts'
import { startTls } from './tls-socket.ts'

/** More than any health address answers, and little enough to keep in memory for each check. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024
const MAX_REDIRECTS = 10

export type HttpPhase = 'resolve' | 'connect' | 'tls' | 'processing' | 'transfer'

interface HttpRunOptions {
  readonly context: ProbeContext
  readonly followRedirects: boolean
  readonly prefer: 4 | 6 | undefined
  readonly tls: TlsOptions | undefined
}

interface Answer {
  readonly head: ResponseHead
  /** As it came over the wire; a redirect's is not read. */
  readonly body: Buffer
}

/** One request with its redirects, each over a connection of its own, and what was measured on the way. */
export class HttpRun {
  readonly lookup = new Lookup()
  readonly phases = new Phases<HttpPhase>('resolve')
  /** Answers that pointed elsewhere, whether or not that was followed. */
  redirects = 0
  /** Of the last connection; undefined without TLS. */
  tls: TlsState | undefined
  /** Of the last request, once its first lines are there. */
  head: ResponseHead | undefined
  /** How much came of a body that broke off. */
  bodyBytes = 0
  readonly #first: HttpRequest
  readonly #options: HttpRunOptions
  #url: URL

  constructor(request: HttpRequest, options: HttpRunOptions) {
    this.#first = request
    this.#options = options
    this.#url = request.url
  }

  /** The address asked last. */
  get url(): URL {
    return this.#url
  }

  /** @throws UnexpectedAnswerError, ForbiddenAddressError, or the socket's or the resolver's error */
  async run(): Promise<Answer> {
    let request = this.#first
    for (;;) {
      const answer = await this.#ask(request)
      if (!isRedirect(answer.head)) return answer
      this.redirects++
      if (!this.#options.followRedirects) return answer
      if (this.redirects > MAX_REDIRECTS) {
        throw new UnexpectedAnswerError('status', `redirects more than ${MAX_REDIRECTS} times`)
      }
      request = redirectedRequest(request, answer.head)
      this.head = undefined
      this.tls = undefined
      this.phases.enter('resolve')
    }
  }

  async #ask(request: HttpRequest): Promise<Answer> {
    const { url } = request
    const { context, prefer } = this.#options
    this.#url = url
    const host = hostOf(url)
    // Each redirect is resolved and checked like the first address, or it would lead around the policy.
    const address = await (request === this.#first
      ? this.lookup.resolve(host, context, prefer)
      : resolveTarget(host, context, prefer))
    this.phases.enter('connect')
    const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80)
    let socket: Socket = await connectTcp(address, port, context.signal)
    try {
      if (url.protocol === 'https:') socket = await this.#secure(socket, request, host)
      this.phases.enter('processing')
      return await this.#exchange(socket, request)
    } finally {
      socket.destroy()
    }
  }

  async #secure(socket: Socket, { url, headers }: HttpRequest, host: string): Promise<Socket> {
    this.phases.enter('tls')
    const { tls } = this.#options
    // A name that was set for the first server says nothing about another one that it sends us to.
    const options = url.hostname === this.#first.url.hostname ? tls : tls && { ...tls, server_name: undefined }
    // Where a Host header is set for an address, the certificate is for that name.
    const asked = headers.get('host')
    const name = asked === undefined ? host : hostOf(URL.parse(`https://${asked}`) ?? url)
    const secured = await startTls(socket, name, options, ['http/1.1'])
    this.tls = secured.tls
    return secured.socket
  }

  #exchange(socket: Socket, request: HttpRequest): Promise<Answer> {
    throwIfClosed(socket)
    const reader = new ResponseReader(request.method, MAX_BODY_BYTES)
    return new Promise((resolve, reject) => {
      let isOver = false
      const look = (read: () => void) => {
        if (isOver) return
        try {
          read()
          const { head } = reader
          // The content of a redirect is for people whose browser does not follow it.
          const isElsewhere = head !== undefined && isRedirect(head)
          if (head === undefined || !(reader.isComplete || isElsewhere)) return
          this.phases.end()
          isOver = true
          resolve({ head, body: isElsewhere ? Buffer.alloc(0) : reader.body() })
        } catch (error) {
          this.bodyBytes = reader.bodyBytes
          reject(error)
        } finally {
          this.head = reader.head
        }
      }
      let isFirst = true
      socket.on('data', (bytes: Buffer) => {
        if (isFirst) this.phases.enter('transfer')
        isFirst = false
        look(() => reader.push(bytes))
      })
      socket.on('end', () => look(() => reader.end()))
      socket.on('error', reject)
      // Every connection closes at last; an error for each of them would cost as much as the reading.
      socket.on('close', () => isOver || reject(new UnexpectedAnswerError('reset', 'the connection was closed')))
      socket.write(serializeRequest(request))
    })
  }
}
