import { readFile } from 'node:fs/promises'
import { isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import { systemClock } from '../lib/clock.ts'
import { readTlsState, type TlsState } from './certificate.ts'
import type { TlsOptions } from './fields.ts'
import { UnexpectedAnswerError } from './socket-error.ts'
import { throwIfClosed } from './tcp-socket.ts'

/** An established TLS connection whose certificate is trusted, or need not be. */
export interface TlsConnection {
  readonly socket: TLSSocket
  readonly tls: TlsState
}

/** Why OpenSSL or Node does not trust a certificate, in words. */
const DISTRUST: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is self-signed and not trusted here; to trust it, name it in ca_file',
  SELF_SIGNED_CERT_IN_CHAIN: 'comes from an authority that is not trusted here; to trust it, name its root in ca_file',
  UNABLE_TO_GET_ISSUER_CERT: 'has an issuer that is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'has an issuer that is not known here: the server leaves out an intermediate certificate, or its root is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'has an issuer that is not known here: the server leaves out an intermediate certificate, or its root is not trusted',
  CERT_REVOKED: 'was revoked',
  INVALID_PURPOSE: 'is not made for servers',
  INVALID_CA: 'was issued by a certificate that is no authority',
  CERT_SIGNATURE_FAILURE: 'has a wrong signature',
  PATH_LENGTH_EXCEEDED: 'has too many authorities above it',
}

/**
 * Speaks TLS on a connected socket and returns once the handshake is over and the certificate is trusted.
 *
 * @param host the name that the certificate has to be for, unless `server_name` says another
 * @throws UnexpectedAnswerError with reason `tls`, or the socket's error
 */
export async function startTls(
  socket: Socket,
  host: string,
  options: TlsOptions | undefined,
  alpn: readonly string[] = [],
): Promise<TlsConnection> {
  const name = options?.server_name ?? host
  const keys = await keysOf(options ?? {})
  throwIfClosed(socket)
  const secured = connect({
    socket,
    host: name,
    // Server Name Indication carries names only (RFC 6066 section 3).
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    // The certificate is judged below, before anything is sent, so that the message can say what stands in it.
    rejectUnauthorized: false,
    ...keys,
  })
  await handshake(secured)
  const isTrusted = secured.authorized
  if (!isTrusted && options?.insecure_skip_verify !== true) {
    const message = distrust(secured, name)
    secured.destroy()
    throw new UnexpectedAnswerError('tls', message)
  }
  const tls = readTlsState(secured, isTrusted && options?.insecure_skip_verify !== true)
  if (tls !== undefined) return { socket: secured, tls }
  secured.destroy()
  throw new UnexpectedAnswerError('tls', 'the server showed no certificate')
}

function handshake(socket: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    const close = () =>
      reject(new UnexpectedAnswerError('tls', 'the server closed the connection in the TLS handshake'))
    // It stays: an error after the handshake must not end the process where nobody else listens.
    socket.on('error', reject)
    socket.once('close', close)
    socket.once('secureConnect', () => {
      socket.off('close', close)
      resolve()
    })
  })
}

/** Why the certificate is not trusted, with what stands in it. */
function distrust(socket: TLSSocket, name: string): string {
  const leaf = socket.getPeerX509Certificate()
  const code = errorCode(socket.authorizationError)
  if (leaf === undefined) return 'the server showed no certificate'
  switch (code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID': {
      const names = leaf.subjectAltName ?? leaf.subject.replaceAll('\n', ', ')
      return `the certificate is for ${names} and not for ${name}`
    }
    case 'CERT_HAS_EXPIRED': {
      const expired = leaf.validToDate.getTime() < systemClock.now()
      return expired
        ? `the certificate expired on ${leaf.validTo}`
        : 'a certificate above the one of the server has expired'
    }
    case 'CERT_NOT_YET_VALID':
      return `the certificate is valid only from ${leaf.validFrom} on`
    default:
      return `the certificate ${DISTRUST[code] ?? 'can not be trusted'} (${code})`
  }
}

/** Node gives a code or an error, whatever its types say. */
function errorCode(error: unknown): string {
  if (error instanceof Error) return 'code' in error ? String(error.code) : error.message
  return String(error)
}

/** The authorities that come with Node and nothing of any target; making one costs more than a handshake. */
let usualContext: SecureContext | undefined

/** Files are read at each run, so that a renewed certificate counts without a restart. */
async function keysOf({ ca_file, cert_file, key_file }: Partial<TlsOptions>): Promise<ConnectionOptions> {
  if (ca_file === undefined && cert_file === undefined && key_file === undefined) {
    usualContext ??= createSecureContext()
    return { secureContext: usualContext }
  }
  const [ca, cert, key] = await Promise.all([ca_file, cert_file, key_file].map(readKeyFile))
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  try {
    return { secureContext: createSecureContext(files) }
  } catch (error) {
    const names = [ca_file, cert_file, key_file].filter((name) => name !== undefined).join(', ')
    const message = `${names} can't be used for TLS: ${(error as Error).message}`
    throw new UnexpectedAnswerError('internal', message, { cause: error })
  }
}

/** @throws UnexpectedAnswerError with reason `internal` when the file can't be read */
export async function readKeyFile(path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined
  try {
    return await readFile(path)
  } catch (error) {
    throw new UnexpectedAnswerError('internal', `${path} can't be read: ${(error as Error).message}`, { cause: error })
  }
}
