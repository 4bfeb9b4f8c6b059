import { once } from 'node:events'
import {
  type Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { type AddressPolicy, allowedLookup, refuseLiteral } from './address.ts'

export interface PostRequest {
  /** http or https. */
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
  /** Ends it at any point. */
  readonly signal: AbortSignal
  readonly policy: AddressPolicy
  /** `http://user:password@proxy.example.org:3128`, or https; undefined connects directly, whatever the environment says. */
  readonly proxy: URL | undefined
  /** How TLS is spoken with the server; as usual unless told. */
  readonly tls?: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'> | undefined
  /** Keeps connections for those who post again and again to one address; without it, and with a proxy, each has its own. */
  readonly agent?: Agent | undefined
}

export interface PostAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The first 64 KiB of the body, or less where the connection broke. */
  readonly text: string
}

/** The proxy would not let us through; its answer says why. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError'
}

const MAX_ANSWER_BYTES = 64 * 1024

/**
 * One POST. The addresses of the name are judged as they are connected to, so that a name whose
 * addresses change in between leads nowhere else; redirects are answers like any other.
 *
 * @throws ForbiddenAddressError, ProxyError, the signal's reason, or what the connection failed with (`ECONNREFUSED`, …)
 */
export async function httpPost(options: PostRequest): Promise<PostAnswer> {
  const { signal, body } = options
  signal.throwIfAborted()
  refuseLiteral(options.url.hostname, options.policy)
  const request = await start(options)
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    request.on('error', reject)
  })
  let isKept = false
  try {
    request.end(body)
    const answer = await answered
    const read = await readAnswer(answer, signal)
    isKept = options.agent !== undefined && answer.complete
    return read
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    if (!isKept) request.destroy()
  }
}

async function start(options: PostRequest): Promise<ClientRequest> {
  const { url, proxy, signal, policy, body, tls = {} } = options
  const headers = { ...options.headers, 'content-length': String(Buffer.byteLength(body)) }
  const base = { method: 'POST', headers, signal, agent: false } as const
  if (proxy === undefined)
    return requesterOf(url)(withoutLogin(url), {
      ...base,
      ...tls,
      agent: options.agent ?? false,
      lookup: allowedLookup(policy),
    })
  refuseLiteral(proxy.hostname, policy)
  if (url.protocol === 'https:') {
    const tunnel = await openTunnel(options, proxy)
    const host = url.hostname.replace(/^\[|\]$/g, '')
    // An address is no name to ask for, and the certificate has to be for it all the same.
    const secured = connectTls({ socket: tunnel, host, ...(isIP(host) === 0 ? { servername: host } : {}), ...tls })
    // An agent, even one of its own, would make a connection past the proxy.
    return requestHttps(withoutLogin(url), { ...base, agent: undefined, createConnection: () => secured })
  }
  return requesterOf(proxy)(withoutLogin(proxy), {
    ...base,
    headers: { ...headers, ...proxyHeaders(proxy), host: url.host },
    path: url.href,
    lookup: allowedLookup(policy),
  })
}

/** A connection through a proxy that passes on whatever is sent (RFC 9110, section 9.3.6). */
async function openTunnel({ url, signal, policy }: PostRequest, proxy: URL): Promise<Socket> {
  const target = `${url.hostname}:${url.port === '' ? 443 : url.port}`
  const request = requesterOf(proxy)(withoutLogin(proxy), {
    method: 'CONNECT',
    path: target,
    headers: { ...proxyHeaders(proxy), host: target },
    signal,
    agent: false,
    lookup: allowedLookup(policy),
  })
  request.end()
  const answered = once(request, 'connect') as Promise<[IncomingMessage, Socket]>
  const refused = once(request, 'response') as Promise<[IncomingMessage]>
  refused.catch(() => {})
  const [answer, socket] = await Promise.race([answered, refused])
  if (socket !== undefined && answer.statusCode === 200) return socket
  request.destroy()
  answered.catch(() => {})
  throw new ProxyError(`the proxy ${proxy.host} answered ${answer.statusCode} ${answer.statusMessage ?? ''}`.trim())
}

/** What broke while the answer came in was said after its status, and the status is what counts. */
async function readAnswer(answer: IncomingMessage, signal: AbortSignal): Promise<PostAnswer> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= MAX_ANSWER_BYTES) break
    }
  } catch (error) {
    const isSuccess = answer.statusCode !== undefined && answer.statusCode < 300
    if (signal.aborted && !isSuccess) throw error
  }
  const text = Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8')
  return { status: answer.statusCode ?? 0, headers: answer.headers, text }
}

function requesterOf({ protocol }: URL): typeof requestHttp {
  return protocol === 'https:' ? requestHttps : requestHttp
}

/** Node would make an `Authorization` of it, which a proxy passes on. */
function withoutLogin(url: URL): URL {
  const plain = new URL(url)
  plain.username = ''
  plain.password = ''
  return plain
}

function proxyHeaders({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` }
}
