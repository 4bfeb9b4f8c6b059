import type { X509Certificate } from 'node:crypto'
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'
import { z } from 'zod'
import { systemClock } from '../lib/clock.ts'
import { formatDuration } from '../model/duration.ts'
import { degraded, type Finding, type ProbeMetric } from '../model/finding.ts'
import { durationMs } from './fields.ts'
import type { ProbeMetricDoc } from './probe.ts'

/** The metrics of `TlsState`. */
export const tlsMetrics = {
  probe_ssl_earliest_cert_expiry: { help: 'When the first certificate of the chain expires, in Unix seconds.' },
  probe_ssl_last_chain_expiry_timestamp_seconds: {
    help: 'When the last verified chain expires, in Unix seconds; -62135596800 when the chain was not verified.',
  },
  probe_ssl_last_chain_info: {
    help: 'What stands in the certificate of the server.',
    labels: ['fingerprint_sha256', 'subject', 'issuer', 'subjectalternative', 'serialnumber'],
  },
  probe_tls_version_info: { help: 'The TLS version that was agreed on.', labels: ['version'] },
} as const satisfies Record<string, ProbeMetricDoc>

/** What is expected of a certificate, for probes whose answer is nothing else. */
export const certificateExpect = z
  .strictObject({
    certificate: durationMs
      .optional()
      .describe('How long every certificate of the chain has to be valid; below it the check is degraded.'),
  })
  .prefault({})

/** The year 1, which is what Go's zero time is in Unix seconds: no chain was verified. */
const NO_CHAIN = -62_135_596_800
/** Longer than any real chain; issuers may form a circle. */
const MAX_CHAIN = 16

/** What is known of an established TLS connection, read once while it is open. */
export interface TlsState {
  /** `TLS 1.2` or `TLS 1.3`. */
  readonly version: string
  /** IANA name: `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string
  readonly leaf: X509Certificate
  /** Epoch milliseconds at which the first certificate of the chain that the server sent expires. */
  readonly earliestExpiryMs: number
  /** Epoch milliseconds at which the verified chain, with its root, expires; undefined when it was not verified. */
  readonly chainExpiryMs: number | undefined
}

/**
 * To be called once on a connection: Node's X509Certificate takes the certificate out of it.
 *
 * @returns undefined when the server showed no certificate
 */
export function readTlsState(socket: TLSSocket, isVerified: boolean): TlsState | undefined {
  const chainExpiryMs = isVerified ? verifiedExpiryMs(socket.getPeerCertificate(true)) : undefined
  const leaf = socket.getPeerX509Certificate()
  if (leaf === undefined) return undefined
  return {
    version: (socket.getProtocol() ?? '').replace(/^TLSv1$/, 'TLS 1.0').replace(/^TLSv/, 'TLS '),
    cipher: socket.getCipher().standardName,
    leaf,
    earliestExpiryMs: sentExpiryMs(leaf),
    chainExpiryMs,
  }
}

/** Over what the server sent, in which order whatever: there the issuer of each is the next one. */
function sentExpiryMs(leaf: X509Certificate): number {
  let earliestMs = leaf.validToDate.getTime()
  let next = leaf.issuerCertificate
  for (let left = MAX_CHAIN; next !== undefined && left > 0; left--) {
    earliestMs = Math.min(earliestMs, next.validToDate.getTime())
    next = next.issuerCertificate
  }
  return earliestMs
}

/** Over the chain that was verified, up to the root, which its own issuer is. */
function verifiedExpiryMs(leaf: DetailedPeerCertificate): number {
  let earliestMs = Date.parse(leaf.valid_to)
  let current = leaf
  for (let left = MAX_CHAIN; left > 0; left--) {
    const { issuerCertificate: next } = current
    if (next === undefined || next.fingerprint256 === current.fingerprint256) break
    earliestMs = Math.min(earliestMs, Date.parse(next.valid_to))
    current = next
  }
  return earliestMs
}

export function metricsOfTls({ version, leaf, earliestExpiryMs, chainExpiryMs }: TlsState): ProbeMetric[] {
  return [
    { name: 'probe_ssl_earliest_cert_expiry', value: earliestExpiryMs / 1000 },
    {
      name: 'probe_ssl_last_chain_expiry_timestamp_seconds',
      value: chainExpiryMs === undefined ? NO_CHAIN : chainExpiryMs / 1000,
    },
    {
      name: 'probe_ssl_last_chain_info',
      value: 1,
      labels: {
        fingerprint_sha256: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
        subject: goName(leaf.subject),
        issuer: goName(leaf.issuer),
        subjectalternative: dnsNames(leaf).join(','),
        serialnumber: leaf.serialNumber.toLowerCase(),
      },
    },
    { name: 'probe_tls_version_info', value: 1, labels: { version } },
  ]
}

/**
 * Degraded when a certificate of the chain expires sooner than it may.
 *
 * @param leastMs how long it has to be valid at least
 */
export function judgeExpiry(
  { earliestExpiryMs }: TlsState,
  leastMs: number,
  target: string,
  measured: { metrics: readonly ProbeMetric[]; details: Readonly<Record<string, string | number | boolean>> },
): Finding | undefined {
  const leftMs = earliestExpiryMs - systemClock.now()
  if (leftMs >= leastMs) return undefined
  const day = new Date(earliestExpiryMs).toISOString().slice(0, 10)
  const left = leftMs <= 0 ? `expired on ${day}` : `expires in ${inWords(leftMs)}, on ${day}`
  const message = `${target}: the certificate ${left}; expected at least ${formatDuration(leastMs)}`
  return degraded('certificate', message, measured)
}

function inWords(ms: number): string {
  const days = Math.floor(ms / 86_400_000)
  if (days >= 2) return `${days} days`
  const hours = Math.floor(ms / 3_600_000)
  return hours >= 2 ? `${hours} hours` : `${Math.max(1, Math.floor(ms / 60_000))} minutes`
}

/** Whole days until the first certificate expires, for the details of a check; negative when it has expired. */
export function certificateDays({ earliestExpiryMs }: TlsState): number {
  return Math.floor((earliestExpiryMs - systemClock.now()) / 86_400_000)
}

/** Names in the order in which Go prints them: the reverse of its own fixed order. */
const GO_ORDER = ['serialNumber', 'CN', 'postalCode', 'street', 'ST', 'L', 'OU', 'O', 'C']
const GO_NAMES: Readonly<Record<string, string>> = {
  serialNumber: 'SERIALNUMBER',
  postalCode: 'POSTALCODE',
  street: 'STREET',
}
/** Attributes for which Go has no name; it prints their number and DER bytes. All of them are IA5 strings. */
const GO_NUMBERS: Readonly<Record<string, string>> = {
  emailAddress: '1.2.840.113549.1.9.1',
  DC: '0.9.2342.19200300.100.1.25',
}

/**
 * A distinguished name as Go's `pkix.Name.String` prints it, from Node's `C=…\nO=…\nCN=…`.
 *
 * @see https://pkg.go.dev/crypto/x509/pkix#Name.String
 */
export function goName(name: string): string {
  const attributes = name.split('\n').flatMap((line): (readonly [string, string])[] => {
    const at = line.indexOf('=')
    return at === -1 ? [] : [[line.slice(0, at), line.slice(at + 1)]]
  })
  const known = GO_ORDER.flatMap((type) => {
    const values = attributes.filter(([other]) => other === type)
    return values.length === 0 ? [] : [values.map(([, value]) => `${GO_NAMES[type] ?? type}=${value}`).join('+')]
  })
  const others = attributes
    .filter(([type]) => !GO_ORDER.includes(type))
    .map(([type, value]) => (GO_NUMBERS[type] === undefined ? `${type}=${value}` : `${GO_NUMBERS[type]}=${ia5(value)}`))
  return [...known, ...others.reverse()].join(',')
}

function ia5(value: string): string {
  const bytes = Buffer.from(value, 'latin1')
  const length = bytes.length < 128 ? [bytes.length] : [0x81, bytes.length]
  return `#${Buffer.from([0x16, ...length]).toString('hex')}${bytes.toString('hex')}`
}

function dnsNames({ subjectAltName = '' }: X509Certificate): string[] {
  return subjectAltName.split(', ').flatMap((part) => (part.startsWith('DNS:') ? [part.slice(4)] : []))
}
