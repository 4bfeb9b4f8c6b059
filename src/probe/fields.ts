import { isIPv6 } from 'node:net'
import { z } from 'zod'
import { Secret } from '../lib/secret.ts'
import { markSecret } from '../lib/secret-schema.ts'
import { parseDuration } from '../model/duration.ts'
import { compileRegex } from '../model/regex.ts'

/** A Prometheus duration as a person writes it (`30s`, `1m30s`, `14d`); the parsed value is milliseconds. */
export const durationMs = z
  .union([z.string(), z.number()], { error: 'is not a duration; write a number with its unit, such as 30s' })
  .transform((written, context) => {
    const ms = parseDuration(String(written))
    if (ms !== undefined) return ms
    const meant = meantDuration(String(written))
    const instead = meant ?? 'a number with its unit, such as 30s'
    return refuse(context, `${show(written)} is not a duration; write ${instead}`)
  })

/** `30 s`, `5 minutes` and a bare `30` are how durations are written wrongly. */
function meantDuration(written: string): string | undefined {
  const text = /^\d+$/.test(written) ? `${written}s` : written.toLowerCase().replaceAll(/\s+/g, '')
  const short = text.replaceAll(/(\d)(ms|milli|[smhdwy])[a-z]*/g, (_, digit: string, unit: string) =>
    unit === 'milli' ? `${digit}ms` : digit + unit,
  )
  return parseDuration(short) === undefined ? undefined : short
}

/** An RE2 pattern, unanchored; the parsed value is ready to match. */
export const regex = z
  .string({ error: 'is not a regular expression; write a text such as "ok|ready"' })
  .transform((source, context) => {
    try {
      return compileRegex(source)
    } catch (error) {
      return refuse(context, `${show(source)} is ${(error as Error).message}; write one such as "ok|ready"`)
    }
  })

/** A text that must not show anywhere: passwords and tokens. */
export const secret = markSecret(
  z
    .string({ error: 'is not a text; write the secret in quotes, or take it from the environment' })
    .transform((text) => new Secret(text)),
)

/** Which address family to take where a name has both; the other one is the fallback. */
export const ipProtocol = z
  .number({ error: 'is not an IP version; write 4 or 6' })
  .transform((version, context) =>
    version === 4 || version === 6 ? version : refuse(context, `${version} is not an IP version; write 4 or 6`),
  )
  .describe('4 or 6, where the name has addresses of both kinds; 4 unless told.')

/** Where a probe connects to. */
export interface HostAndPort {
  /** A name or an IP address, an IPv6 one without brackets. */
  readonly host: string
  /** 1 to 65535. */
  readonly port: number
}

/**
 * `host:port`, `192.0.2.1:port` or `[2001:db8::1]:port`.
 *
 * @param example shown where the text is wrong
 * @param defaultPort taken where the text has no port; without it a port has to be written
 */
export function hostAndPort(example: string, defaultPort?: number) {
  return z
    .string({ error: `is not an address; write host:port, such as ${example}` })
    .transform((text, context): HostAndPort => {
      const parsed = parseHostAndPort(text, defaultPort)
      return typeof parsed === 'string' ? refuse(context, `${show(text)} ${parsed}, such as ${example}`) : parsed
    })
}

/** As it is written in a config: IPv6 addresses in brackets. */
export function formatHostAndPort({ host, port }: HostAndPort): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`
}

/** @returns what is wrong and what to write instead when it is no address */
function parseHostAndPort(text: string, defaultPort: number | undefined): HostAndPort | string {
  if (text.includes('://')) return 'is a URL; write only host:port'
  if (isIPv6(text)) {
    if (defaultPort === undefined) return `has no port; write [${text}]:port`
    return { host: text, port: defaultPort }
  }
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/.exec(text)
  if (match === null) return 'is not an address; write host:port'
  const [, bracketed, plain, portText] = match
  const host = bracketed ?? plain ?? ''
  if (bracketed !== undefined && !isIPv6(bracketed))
    return 'has no IPv6 address in its brackets; write [2001:db8::1]:port'
  if (host === '') return 'has no host; write host:port'
  if (/[\s/@?#\\]/.test(host)) return 'has a character that no host name has; write host:port'
  if (portText === undefined) {
    return defaultPort === undefined ? 'has no port; write host:port' : { host, port: defaultPort }
  }
  const port = Number(portText)
  if (!/^\d{1,5}$/.test(portText) || port < 1 || port > 65_535) return 'has no port from 1 to 65535; write host:port'
  return { host, port }
}

/**
 * An absolute URL of one of the schemes, without a user and password in it (they have fields of their own, or the target
 * would show them).
 *
 * @param schemes with their colon, as `URL.protocol` has them: `['http:', 'https:']`
 * @param instead what to write for a user and a password
 */
export function url(schemes: readonly string[], example: string, instead: string) {
  return z.string({ error: `is not a URL; write ${example}` }).transform((text, context): URL => {
    if (!URL.canParse(text)) return refuse(context, `${show(text)} is not a URL; write ${example}`)
    const parsed = new URL(text)
    if (!schemes.includes(parsed.protocol)) {
      const allowed = schemes.map((scheme) => `${scheme}//`).join(' or ')
      return refuse(context, `${show(text)} does not begin with ${allowed}; write ${example}`)
    }
    if (parsed.username !== '' || parsed.password !== '') {
      return refuse(context, `has a user or a password in the URL, where it would show; write ${instead}`)
    }
    return parsed
  })
}

/** Which HTTP status codes are as expected. */
export interface StatusRange {
  /** As it was written, for messages. */
  readonly text: string
  includes(status: number): boolean
}

/** A status code, a class (`2xx`), a range (`"200-299"`), several of them with commas (`200,204`), or a list of these. */
export const statusRange = z
  .union(
    [
      z.number(),
      z.string(),
      z.array(z.union([z.number(), z.string()])).min(1, 'has no status; write 2xx or [200, 204]'),
    ],
    {
      error: 'is not a status; write 2xx, 200, "200-299" or a list of these',
    },
  )
  .transform((written, context): StatusRange => {
    const parts = [written].flat().flatMap((part) =>
      String(part)
        .split(',')
        .map((text) => text.trim()),
    )
    const ranges = parts.map(parseStatusPart)
    const wrong = ranges.indexOf(undefined)
    if (wrong !== -1) {
      return refuse(context, `${show(parts[wrong])} is not a status; write 2xx, 200, "200-299" or a list of these`)
    }
    const bounds = ranges as (readonly [number, number])[]
    return {
      text: parts.join(', '),
      includes: (status) => bounds.some(([first, last]) => first <= status && status <= last),
    }
  })

function parseStatusPart(text: string): readonly [first: number, last: number] | undefined {
  const match = /^([1-5])xx$|^([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?$/i.exec(text)
  if (match === null) return undefined
  const [, hundreds, first, last] = match
  if (hundreds !== undefined) return [Number(hundreds) * 100, Number(hundreds) * 100 + 99]
  const range = [Number(first), Number(last ?? first)] as const
  return range[0] <= range[1] ? range : undefined
}

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
/** RFC 9110 section 5.5: visible characters, spaces and tabs; a line break would start another header. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Request headers: a map from name to value. */
export const headers = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String), {
    error: 'is not a map of headers; write {Accept: application/json}',
  })
  .superRefine((record, context) => {
    for (const [name, value] of Object.entries(record)) {
      const what = !HEADER_NAME.test(name)
        ? `${show(name)} is not a header name; write letters, digits and hyphens, such as X-Request-Source`
        : !HEADER_VALUE.test(value)
          ? `the value of ${name} has a line break or a character that headers can't carry; write it on one line`
          : undefined
      if (what !== undefined) context.addIssue({ code: 'custom', message: what, path: [name], input: undefined })
    }
  })

/** How a TLS connection is made and judged. */
export const tlsOptions = z
  .strictObject({
    insecure_skip_verify: z.boolean().default(false).describe('Takes any certificate; its expiry is still measured.'),
    ca_file: z.string().optional().describe('PEM file of authorities to trust, in place of the usual ones.'),
    cert_file: z.string().optional().describe('PEM file of a client certificate.'),
    key_file: z.string().optional().describe('PEM file of its key.'),
    server_name: z.string().optional().describe('The name to ask for and to find in the certificate, if not the host.'),
  })
  .describe('How the TLS connection is made and judged.')

export type TlsOptions = z.output<typeof tlsOptions>

/** Refuses a value inside a `transform`: what is wrong and what to write instead. */
export function refuse(context: { issues: z.core.$ZodRawIssue[]; value: unknown }, message: string): never {
  context.issues.push({ code: 'custom', message, input: context.value })
  // Never looked at: an issue makes the whole parse fail.
  return z.NEVER
}

function show(written: unknown): string {
  const text = JSON.stringify(written) ?? String(written)
  return text.length <= 80 ? text : `${text.slice(0, 77)}…"`
}
