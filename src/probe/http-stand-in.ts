import type { HttpConfig } from './http.ts'
import type { HttpExpect } from './http-expect.ts'
import {
  blackbox,
  blackboxIp,
  blackboxTls,
  certificateDifference,
  definedOf,
  latencyDifference,
  SecretFile,
  type StandIn,
} from './stand-in.ts'

/** The module of blackbox_exporter that judges as the check does. */
export function httpStandIn(config: HttpConfig, written: Readonly<Record<string, unknown>>): StandIn {
  const { http, method, follow_redirects, expect, basic_auth, bearer_token, tls, ip_protocol } = config
  const json = jsonPatterns(expect)
  const patterns = [...(expect.body === undefined ? [] : [expect.body.source]), ...json.patterns]
  const notPatterns = expect.body_not === undefined ? undefined : [expect.body_not.source]
  const headers = headersOf(written.headers)
  const options = definedOf({
    method,
    headers: headers.shown,
    body: typeof written.body === 'string' ? written.body : undefined,
    valid_status_codes: statusCodes(expect),
    fail_if_body_not_matches_regexp: patterns.length === 0 ? undefined : patterns,
    fail_if_body_matches_regexp: notPatterns,
    fail_if_header_not_matches: headerPatterns(expect),
    follow_redirects,
    preferred_ip_protocol: blackboxIp(ip_protocol),
    basic_auth: basic_auth && { username: basic_auth.username, password_file: new SecretFile('password') },
    authorization: bearer_token && { type: 'Bearer', credentials_file: new SecretFile('token') },
    tls_config: blackboxTls(tls),
  })
  return blackbox({ prober: 'http', http: options }, http.href, [
    latencyDifference(expect.latency),
    certificateDifference(expect.certificate),
    ...json.differences,
    headers.masked.length === 0
      ? undefined
      : `the module can't read a header from a file: put ${headers.masked.join(', ')} in by hand`,
  ])
}

/** Undefined for what blackbox_exporter takes by itself: any 2xx. */
function statusCodes({ status }: HttpExpect): number[] | undefined {
  const codes = Array.from({ length: 500 }, (_, i) => i + 100).filter((code) => status.includes(code))
  return codes.length === 100 && codes[0] === 200 ? undefined : codes
}

function headerPatterns({ header }: HttpExpect) {
  return header === undefined
    ? undefined
    : Object.entries(header).map(([name, pattern]) => ({ header: name, regexp: pattern.source, allow_missing: false }))
}

/** The outermost keys of a JSON body by patterns, which is as near as a module without CEL gets. */
function jsonPatterns({ json = [] }: HttpExpect): { patterns: string[]; differences: string[] } {
  const patterns: string[] = []
  const differences: string[] = []
  for (const { path, expected } of json) {
    const key = /^(?:\$\.)?(\w[\w-]*)$/.exec(path.text)?.[1]
    if (key === undefined || (typeof expected === 'object' && expected !== null)) {
      differences.push(`expect.json ${path.text} is not looked at there`)
      continue
    }
    patterns.push(`"${escapePattern(key)}"\\s*:\\s*${escapePattern(JSON.stringify(expected))}`)
    differences.push(`expect.json ${path.text} is a pattern over the whole body there`)
  }
  return { patterns, differences }
}

function headersOf(written: unknown): { shown: Record<string, string> | undefined; masked: string[] } {
  if (typeof written !== 'object' || written === null) return { shown: undefined, masked: [] }
  const entries = Object.entries(written).map(([name, value]) => [name, String(value)] as const)
  const masked = entries.filter(([, value]) => value === '<secret>' || value.includes('${')).map(([name]) => name)
  return { shown: Object.fromEntries(entries), masked }
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}
