import { ForbiddenAddressError } from '../../lib/address.ts'
import { httpPost, type PostAnswer, ProxyError } from '../../lib/http-post.ts'
import type { Secret } from '../../lib/secret.ts'
import { version } from '../../lib/version.ts'
import { socketErrorWords } from '../../probe/socket-error.ts'
import { oneLine } from '../message.ts'
import { DeliveryError, type SendContext } from './channel.ts'
import { readTlsFiles, type TlsFiles } from './tls-files.ts'

/** A message on its way to a server that takes messages over HTTP. */
export interface Posting {
  /** Who that is, at the beginning of errors: `Slack`. */
  readonly who: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** A URL; undefined connects directly. */
  readonly proxy: Secret | undefined
  /** How TLS is spoken with it; as usual unless told. */
  readonly tls?: TlsFiles | undefined
  /** What must not show in an error, whatever the server answers. */
  readonly secrets: readonly string[]
  /** What the server says is wrong, out of the text of its answer; the beginning of the text unless told. */
  readonly explain?: (text: string) => string | undefined
  /** Whether waiting can help, where the status alone does not tell. */
  readonly judge?: (answer: PostAnswer) => 'later' | 'never' | undefined
}

/**
 * Statuses that say that the message itself can't be taken, now or later. Everything else that is refused may be mended
 * while the message waits: a token, a URL, a limit, the server.
 */
const FINAL = new Set([400, 406, 410, 413, 414, 415, 422, 431])
/** Characters of an error that a person is shown. */
export const MAX_REASON = 300
/** Shorter texts stand in answers by chance. */
export const SHORTEST_SECRET = 6

/**
 * Posts, and gives the answer when it is a 2xx.
 *
 * @throws DeliveryError with a reason that a person can act on and no secret in it
 */
export async function post(
  posting: Posting,
  { signal, nowMs }: Pick<SendContext, 'signal' | 'nowMs'>,
): Promise<PostAnswer> {
  const { url, body, headers, who, proxy } = posting
  const tls = await readTlsFiles(posting.tls)
  let answer: PostAnswer
  try {
    answer = await httpPost({
      url,
      body,
      headers: { 'user-agent': `midwatch/${version}`, ...headers },
      signal,
      policy: 'no-link-local',
      proxy: proxy === undefined ? undefined : new URL(proxy.reveal()),
      tls,
    })
  } catch (error) {
    if (signal.aborted) throw new DeliveryError('later', `${who} did not answer in time`, { cause: error })
    throw new DeliveryError('later', `${who} can't be reached: ${hide(reasonOf(error as Error), posting)}`, {
      cause: error,
    })
  }
  const { status } = answer
  if (status >= 200 && status < 300) return answer
  const retry = posting.judge?.(answer) ?? (FINAL.has(status) ? 'never' : 'later')
  const said = posting.explain?.(answer.text) ?? answer.text
  const reason = `${status} ${status >= 300 && status < 400 ? redirectWords(answer) : ''}${said}`
  throw new DeliveryError(retry, oneLine(`${who} answered ${hide(reason, posting)}`, MAX_REASON), {
    waitMs: retryAfterMs(answer.headers['retry-after'], nowMs),
  })
}

/** What a gateway in front of a server may want to see. */
export function authorizationHeader(value: Secret | undefined): Record<string, string> {
  return value === undefined ? {} : { authorization: value.reveal() }
}

/** Seconds or a date (RFC 9110, section 10.2.3); 0 when it says nothing. */
export function retryAfterMs(header: string | undefined, nowMs: number): number {
  if (header === undefined) return 0
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs
  return Math.max(ms || 0, 0)
}

/** Whoever sends us elsewhere has not taken the message, and what stands in it is not for others. */
function redirectWords({ headers }: PostAnswer): string {
  return headers.location === undefined ? '' : 'and sends elsewhere; write the address where it ends: '
}

function reasonOf(error: Error): string {
  if (error instanceof ForbiddenAddressError || error instanceof ProxyError) return error.message
  // Several addresses were tried, and each has its own reason.
  const first = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : undefined
  return socketErrorWords(first ?? error)
}

/** Error pages repeat the path that was asked and the headers that came with it. */
function hide(text: string, { secrets, proxy, headers }: Posting): string {
  const login = proxy === undefined ? [] : [new URL(proxy.reveal()).password]
  const { authorization = '' } = headers
  const all = [...secrets, ...login, ...authorization.split(' ').slice(1)]
  const spelled = all.flatMap((part) => [part, decoded(part), encodeURIComponent(decoded(part))])
  return [...new Set(spelled)]
    .filter((part) => part.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length)
    .reduce((shown, part) => shown.replaceAll(part, '<secret>'), text)
}

/** The parts of an address that is a secret as a whole: whoever has it can post. */
export function partsOf({ pathname, search, hash }: URL): readonly string[] {
  return `${pathname}${search}${hash}`.split(/[/?&=#]/)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
