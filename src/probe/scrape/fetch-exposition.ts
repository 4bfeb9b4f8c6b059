import { lookup as systemLookup } from 'node:dns'
import { readFile } from 'node:fs/promises'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { resolve } from 'node:path'
import { type AddressPolicy, ForbiddenAddressError, isAllowed } from '../../lib/address.ts'
import { version } from '../../lib/version.ts'
import { SCRAPE_ACCEPT } from '../../wire/exposition-media.ts'
import type { BodyBuffers } from './body-buffers.ts'
import type { ScrapeConfig } from './config.ts'
import { authorizationOf, tlsOptionsOf } from './credentials.ts'
import { type ReceivedBody, receiveBody, sharedRead } from './receive-body.ts'
import { ScrapeError } from './sample-labels.ts'

/** What a target answered, unpacked. */
export interface Exposition extends ReceivedBody {
  readonly contentType: string | undefined
}

interface FetchOptions {
  readonly url: URL
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** About how long the body will be; 0 when nobody knows. */
  readonly expectedBytes: number
}

interface Answer {
  readonly response: IncomingMessage
  /** Undefined unless it is a 200. */
  readonly received: Promise<ReceivedBody> | undefined
}

const MAX_REDIRECTS = 10
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** Fetches expositions for one job; connections stay open between scrapes. */
export class ExpositionFetcher {
  readonly #config: ScrapeConfig
  readonly #policy: AddressPolicy
  readonly #baseFolder: string
  readonly #buffers: BodyBuffers
  readonly #http: HttpAgent
  readonly #https: HttpsAgent

  constructor(config: ScrapeConfig, policy: AddressPolicy, baseFolder: string, buffers: BodyBuffers) {
    this.#buffers = buffers
    this.#config = config
    this.#policy = policy
    this.#baseFolder = baseFolder
    const options = { keepAlive: true, maxFreeSockets: 256, maxSockets: Infinity, scheduling: 'lifo' } as const
    // Node hands an agent's options to the connections that it makes; the types know only some of them.
    const withMemory = { ...options, onread: sharedRead }
    this.#http = new HttpAgent(withMemory)
    this.#https = new HttpsAgent(options)
  }

  close(): void {
    this.#http.destroy()
    this.#https.destroy()
  }

  /**
   * Answers with the body of a 200; everything else throws.
   *
   * @throws ScrapeError, ForbiddenAddressError, the signal's reason, or the error of the connection
   */
  async fetch({ url, timeoutMs, signal, expectedBytes }: FetchOptions): Promise<Exposition> {
    let current = url
    for (let redirects = 0; ; redirects++) {
      signal.throwIfAborted()
      const isTrusted = keepsCredentials(url, current)
      const { response, received } = await this.#request(current, isTrusted, timeoutMs, signal, expectedBytes)
      const status = response.statusCode ?? 0
      if (received !== undefined) return { ...(await received), contentType: response.headers['content-type'] }
      response.destroy()
      const location = response.headers.location
      if (!REDIRECTS.has(status) || !this.#config.followRedirects || location === undefined) {
        throw new ScrapeError(`server returned HTTP status ${status} ${response.statusMessage ?? ''}`.trimEnd())
      }
      if (redirects === MAX_REDIRECTS) throw new ScrapeError(`stopped after ${MAX_REDIRECTS} redirects`)
      if (!URL.canParse(location, current))
        throw new ScrapeError(`redirected to ${JSON.stringify(location)}, which is no address`)
      current = new URL(location, current)
      if (current.protocol !== 'http:' && current.protocol !== 'https:') {
        throw new ScrapeError(`redirected to ${current.protocol}, which is not followed`)
      }
    }
  }

  async #request(
    url: URL,
    trusted: boolean,
    timeoutMs: number,
    signal: AbortSignal,
    expectedBytes: number,
  ): Promise<Answer> {
    const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
    // Node asks no `lookup` about an address.
    if (isIP(host) !== 0 && !isAllowed(host, this.#policy)) throw forbidden(host, [host])
    const options = {
      host,
      port: url.port === '' ? undefined : Number(url.port),
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      signal,
      lookup: lookupWithin(this.#policy),
      headers: await this.#headers(url, trusted, timeoutMs),
    }
    for (;;) {
      const request =
        url.protocol === 'https:'
          ? httpsRequest({
              ...options,
              agent: this.#https,
              ...(await tlsOptionsOf(this.#config.tls, this.#file, trusted)),
            })
          : httpRequest({ ...options, agent: this.#http })
      try {
        return await new Promise<Answer>((resolve, reject) => {
          // What comes after the answer has begun is told by the answer's own stream.
          request.on('error', reject)
          request.on('response', (response) => resolve({ response, received: this.#receive(response, expectedBytes) }))
          request.end()
        })
      } catch (error) {
        // The server may close an idle connection in the moment in which it is used again.
        if (!request.reusedSocket || signal.aborted || (error as NodeJS.ErrnoException).code !== 'ECONNRESET')
          throw error
      }
    }
  }

  async #headers(url: URL, trusted: boolean, timeoutMs: number): Promise<Record<string, string>> {
    const authorization = trusted ? await authorizationOf(this.#config.credentials, this.#file) : undefined
    return {
      Host: url.host,
      'User-Agent': `midwatch/${version}`,
      Accept: SCRAPE_ACCEPT,
      'Accept-Encoding': this.#config.compression ? 'gzip' : 'identity',
      'X-Prometheus-Scrape-Timeout-Seconds': String(timeoutMs / 1000),
      ...(authorization === undefined ? {} : { Authorization: authorization }),
    }
  }

  /** Certificates are read at each scrape, too; an unchanged one keeps its connection. */
  readonly #file = async (path: string): Promise<Buffer> => {
    try {
      return await readFile(resolve(this.#baseFolder, path))
    } catch (error) {
      throw new ScrapeError(`${path} can't be read: ${(error as Error).message}`, { cause: error })
    }
  }

  /** The body of a 200, read from the moment of the answer on, as the connection's memory is shared. */
  #receive(response: IncomingMessage, expectedBytes: number): Promise<ReceivedBody> | undefined {
    if (response.statusCode !== 200) return undefined
    const limitBytes = this.#config.limits.bodyBytes
    return receiveBody(response, { buffers: this.#buffers, expectedBytes, limitBytes })
  }
}

/** Credentials go only to where they were meant for: the same place, or the same host when it asks for TLS. */
function keepsCredentials(meant: URL, now: URL): boolean {
  if (meant.origin === now.origin) return true
  return meant.hostname === now.hostname && meant.protocol === 'http:' && now.protocol === 'https:'
}

/** Resolves as the system does, and leaves out what the policy does not allow. */
function lookupWithin(policy: AddressPolicy): LookupFunction {
  return (host, options, callback) => {
    systemLookup(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '', 0)
      const allowed = found.filter(({ address }) => isAllowed(address, policy))
      const [first] = allowed
      if (first === undefined) {
        const refusal = forbidden(
          host,
          found.map(({ address }) => address),
        )
        return callback(refusal, '', 0)
      }
      if (options.all === true) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}

function forbidden(host: string, addresses: readonly string[]): ForbiddenAddressError {
  const what = addresses.length === 1 && addresses[0] === host ? host : `${host} is ${addresses.join(', ')}, which`
  return new ForbiddenAddressError(`${what} is not allowed as a target (link-local, metadata or private address)`)
}
