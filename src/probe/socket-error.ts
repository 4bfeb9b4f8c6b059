import { ForbiddenAddressError } from '../lib/address.ts'
import { formatDuration } from '../model/duration.ts'
import { type Details, down, type Finding, type ProbeMetric, type Reason, unknown } from '../model/finding.ts'
import type { ProbeContext } from './probe.ts'

/** The other side did something else than was asked or expected of it. */
export class UnexpectedAnswerError extends Error {
  override readonly name = 'UnexpectedAnswerError'
  readonly reason: Reason

  constructor(reason: Reason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

interface Circumstances {
  readonly context: ProbeContext
  /** What was connected to, for a person: `db.internal:5432`. */
  readonly target: string
  /** The part of the probe that was under way. */
  readonly phase?: string | undefined
  readonly metrics?: readonly ProbeMetric[]
  readonly details?: Details
}

/** What each phase waits for, in words. */
const WAITING: Readonly<Record<string, string>> = {
  resolve: 'the name to be resolved',
  connect: 'the connection',
  tls: 'the TLS handshake',
  processing: 'the first byte of the answer',
  transfer: 'the end of the answer',
  answer: 'the expected answer',
  greeting: 'the greeting of the server',
  ehlo: 'the answer to EHLO',
  starttls: 'the answer to STARTTLS',
  message: 'a message',
}

const REASONS: Readonly<Record<string, readonly [Reason, string]>> = {
  ENOTFOUND: ['dns', 'the name does not exist'],
  ENODATA: ['dns', 'the name has no address'],
  EAI_NODATA: ['dns', 'the name has no address'],
  EAI_AGAIN: ['dns', 'the resolver did not answer'],
  ESERVFAIL: ['dns', 'the resolver failed'],
  EREFUSED: ['dns', 'the resolver refused to answer'],
  ECONNREFUSED: ['refused', 'connection refused: nothing listens there'],
  ECONNRESET: ['reset', 'the connection was reset by the other side'],
  ECONNABORTED: ['reset', 'the connection was given up'],
  ERR_STREAM_PREMATURE_CLOSE: ['reset', 'the other side closed the connection'],
  EPIPE: ['reset', 'the other side closed the connection while it was being written to'],
  EHOSTUNREACH: ['unreachable', 'the host is unreachable'],
  ENETUNREACH: ['unreachable', 'the network is unreachable: this machine has no route to the address'],
  EHOSTDOWN: ['unreachable', 'the host is down'],
  ENETDOWN: ['unreachable', 'the network is down'],
  EADDRNOTAVAIL: ['unreachable', 'this machine has no address from which the target could be reached'],
  EACCES: ['unreachable', 'this machine does not allow the connection (a firewall or missing permission)'],
  EPERM: ['unreachable', 'this machine does not allow the connection (a firewall or missing permission)'],
  ETIMEDOUT: ['timeout', 'nothing answers at the address (the system gave up)'],
}

/** What OpenSSL's errors mean, in a handshake and after it. */
const TLS_ERRORS: readonly (readonly [pattern: RegExp, words: string])[] = [
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|RECORD_LAYER/,
    'the server does not speak TLS on this port',
  ],
  [/ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/, 'there is no TLS version that both sides speak'],
  [/CERTIFICATE_REQUIRED/, 'the server asks for a client certificate; name it in cert_file and key_file'],
  [/UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN/, 'the server does not accept our client certificate'],
  [/HANDSHAKE_FAILURE|NO_SHARED_CIPHER|NO_CIPHERS/, 'there is no cipher that both sides speak'],
  [/UNRECOGNIZED_NAME/, 'the server has no certificate for this name'],
]

/** Errors that say something of this machine and nothing of the target. */
const OWN_TROUBLE: Readonly<Record<string, string>> = {
  EMFILE: 'this process has too many open files',
  ENFILE: 'this machine has too many open files',
  ENOBUFS: 'this machine has no memory left for connections',
  ENOMEM: 'this machine has no memory left',
}

/**
 * The finding for what went wrong on a connection: refused, unreachable, reset, timeout, dns, tls, forbidden, or whatever
 * an `UnexpectedAnswerError` says.
 *
 * @throws the error itself when it is none that the world can cause
 */
export function downBySocketError(error: unknown, circumstances: Circumstances): Finding {
  const { context, target, phase } = circumstances
  if (context.signal.aborted) return timedOut(circumstances)
  if (error instanceof UnexpectedAnswerError) {
    const judge = error.reason === 'internal' ? unknown : down
    return judge(error.reason, `${target}: ${error.message}`, circumstances)
  }
  if (error instanceof ForbiddenAddressError) return down('forbidden', error.message, circumstances)
  const code = errorCode(error)
  if (code === undefined) throw error
  const known = REASONS[code]
  if (known !== undefined) return down(known[0], `${target}: ${known[1]} (${code})`, circumstances)
  const own = OWN_TROUBLE[code]
  if (own !== undefined) return unknown('internal', `${target} could not be checked: ${own} (${code})`, circumstances)
  if (phase === 'resolve') return down('dns', `${target}: the name could not be resolved (${code})`, circumstances)
  const { message } = error as Error
  if (code === 'EPROTO' || code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS')) {
    const words = TLS_ERRORS.find(([pattern]) => pattern.test(code))?.[1] ?? message
    return down('tls', `${target}: ${words} (${code})`, circumstances)
  }
  return down('protocol', `${target}: ${message} (${code})`, circumstances)
}

/** What an error of the network means, in words and with its code; the error's own message where it is none that we know. */
export function socketErrorWords(error: Error): string {
  const code = errorCode(error)
  const words = code === undefined ? undefined : (REASONS[code]?.[1] ?? OWN_TROUBLE[code])
  const tls = TLS_ERRORS.find(([pattern]) => code !== undefined && pattern.test(code))?.[1]
  return words === undefined && tls === undefined ? error.message : `${words ?? tls} (${code})`
}

function timedOut(circumstances: Circumstances): Finding {
  const { context, target, phase } = circumstances
  const waiting = phase === undefined ? '' : `, waiting for ${WAITING[phase] ?? phase}`
  const withinMs = Math.max(1, Math.round(context.timeoutMs))
  return down('timeout', `${target}: timed out after ${formatDuration(withinMs)}${waiting}`, circumstances)
}

function errorCode(error: unknown): string | undefined {
  // TypeError and RangeError are how Node says that we called it wrongly.
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return undefined
  if (!('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
