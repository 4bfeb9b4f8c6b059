import type { ResponseHead } from './http-response.ts'
import { displayUrl } from './net-target.ts'
import { UnexpectedAnswerError } from './socket-error.ts'

/** What is asked of a server. */
export interface HttpRequest {
  readonly url: URL
  readonly method: string
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>
  readonly body?: string | undefined
}

/** Headers by lower-case name, where a later source wins over an earlier one. */
export function headerMap(...sources: readonly (Readonly<Record<string, string>> | undefined)[]): Map<string, string> {
  const map = new Map<string, string>()
  for (const source of sources) {
    for (const name in source) map.set(name.toLowerCase(), source[name] as string)
  }
  return map
}

/** The bytes of a request on a connection of its own. */
export function serializeRequest({ url, method, headers, body }: HttpRequest): Buffer {
  let head = `${method} ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${headers.get('host') ?? url.host}\r\n`
  for (const [name, value] of headers) if (name !== 'host') head += `${name}: ${value}\r\n`
  if (body === undefined) return Buffer.from(`${head}\r\n`, 'latin1')
  const bytes = Buffer.from(body, 'utf8')
  if (!headers.has('content-length')) head += `content-length: ${bytes.length}\r\n`
  return Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), bytes])
}

/** Whether an answer sends the client elsewhere. A redirect without a place to go is an answer like any other. */
export function isRedirect({ status, headers }: ResponseHead): boolean {
  const isStatus = status === 301 || status === 302 || status === 303 || status === 307 || status === 308
  return isStatus && (headers.get('location')?.[0] ?? '') !== ''
}

/** Headers that tell nothing of us; any other that an operator sets may be what lets us in. */
export const HARMLESS_HEADER =
  /^(?:accept(?:-[a-z]+)?|user-agent|content-(?:type|length|encoding|language)|connection|cache-control|pragma|range)$/

/**
 * The request that a redirect asks for. Headers that may be credentials, and `Host`, stay behind when it leads to another
 * server.
 *
 * @throws UnexpectedAnswerError where it leads to something that is not HTTP
 * @see RFC 9110 section 15.4
 */
export function redirectedRequest(request: HttpRequest, { status, headers }: ResponseHead): HttpRequest {
  // Headers are read byte by byte; a place with other letters comes as UTF-8.
  const location = Buffer.from(headers.get('location')?.[0] ?? '', 'latin1').toString('utf8')
  const url = URL.parse(location, request.url.href)
  if (url === null)
    throw new UnexpectedAnswerError('protocol', `redirects to ${JSON.stringify(location)}, which is no URL`)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new UnexpectedAnswerError('forbidden', `redirects to ${displayUrl(url)}; only http and https are followed`)
  }
  url.username = ''
  url.password = ''
  url.hash = ''
  const becomesGet = status < 307 && request.method !== 'GET' && request.method !== 'HEAD'
  const isSameServer = staysOnServer(request.url, url)
  const kept = [...request.headers].filter(
    ([name]) => (isSameServer || HARMLESS_HEADER.test(name)) && !(becomesGet && name.startsWith('content-')),
  )
  return {
    url,
    method: becomesGet ? 'GET' : request.method,
    headers: new Map(kept),
    body: becomesGet ? undefined : request.body,
  }
}

/** The same origin, or the step from http to https of one host. */
function staysOnServer(from: URL, to: URL): boolean {
  if (from.origin === to.origin) return true
  const isUpgrade = from.protocol === 'http:' && to.protocol === 'https:'
  return isUpgrade && from.hostname === to.hostname && from.port === '' && to.port === ''
}
