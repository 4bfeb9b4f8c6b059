import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { isIP } from 'node:net'

/** A certificate with its key, as PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
  /** What it was made from, for certificates that it signs. */
  readonly subject: Subject
}

type Subject = Readonly<Record<string, string>>

interface CertificateOptions {
  /** `{ C: 'DE', O: 'Example', CN: 'localhost' }` unless told, in that order. */
  readonly subject?: Subject
  /** Names and addresses that it is for; localhost and 127.0.0.1 unless told. */
  readonly names?: readonly string[]
  readonly from?: Date
  readonly until?: Date
  /** Who signs it; itself unless told. */
  readonly issuer?: Certificate
  readonly isAuthority?: boolean
}

const DAY_MS = 86_400_000

const TYPES: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
}

/** Makes an X.509 certificate over a new P-256 key, valid from yesterday for 90 days unless told. */
export function makeCertificate({
  subject = { C: 'DE', O: 'Example', CN: 'localhost' },
  names = ['localhost', '127.0.0.1'],
  from = new Date(Date.now() - DAY_MS),
  until = new Date(Date.now() + 90 * DAY_MS),
  issuer,
  isAuthority = false,
}: CertificateOptions = {}): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'))
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    // The first bit of a serial number is no sign.
    der(0x02, Buffer.concat([Buffer.from([0x4d]), randomBytes(15)])),
    ecdsaWithSha256,
    nameOf(issuer?.subject ?? subject),
    sequence(time(from), time(until)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(basicConstraints(isAuthority), ...(names.length === 0 ? [] : [alternativeNames(names)]))),
  )
  const signature = sign('sha256', toBeSigned, issuer?.key ?? key)
  const whole = sequence(toBeSigned, ecdsaWithSha256, der(0x03, Buffer.from([0]), signature))
  const lines = whole.toString('base64').match(/.{1,64}/g) as string[]
  const cert = `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
  return { cert, key, subject }
}

function basicConstraints(isAuthority: boolean): Buffer {
  const critical = der(0x01, Buffer.from([0xff]))
  return sequence(oid('2.5.29.19'), critical, der(0x04, sequence(...(isAuthority ? [critical] : []))))
}

function alternativeNames(names: readonly string[]): Buffer {
  const entries = names.map((name) =>
    isIP(name) === 4 ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name, 'ascii')),
  )
  return sequence(oid('2.5.29.17'), der(0x04, sequence(...entries)))
}

function nameOf(subject: Subject): Buffer {
  const attributes = Object.entries(subject).map(([type, value]) =>
    der(0x31, sequence(oid(TYPES[type] as string), der(type === 'C' ? 0x13 : 0x0c, Buffer.from(value, 'utf8')))),
  )
  return sequence(...attributes)
}

/** GeneralizedTime: `20260102030405Z`. */
function time(date: Date): Buffer {
  return der(0x18, Buffer.from(`${date.toISOString().replace(/\D/g, '').slice(0, 14)}Z`, 'ascii'))
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  const bytes = rest.flatMap((part) => {
    const groups = [part & 0x7f]
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80)
    return groups
  })
  return der(0x06, Buffer.from([first * 40 + second, ...bytes]))
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, ...parts)
}

/** A value in DER: tag, length, content (ITU-T X.690 section 8.1). */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
