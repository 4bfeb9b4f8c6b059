import { z } from 'zod'
import { systemClock } from '../lib/clock.ts'
import { version } from '../lib/version.ts'
import { formatDuration } from '../model/duration.ts'
import { type Details, degraded, down, type Finding, type ProbeMetric, up } from '../model/finding.ts'
import { certificateDays, judgeExpiry, metricsOfTls, tlsMetrics } from './certificate.ts'
import { headers, ipProtocol, secret, tlsOptions, url } from './fields.ts'
import { decodeBody } from './http-body.ts'
import { findMismatch, type HttpExpect, httpExpect } from './http-expect.ts'
import { headerMap } from './http-request.ts'
import { type HttpPhase, HttpRun, MAX_BODY_BYTES } from './http-run.ts'
import { httpStandIn } from './http-stand-in.ts'
import { displayUrl, lookupMetrics } from './net-target.ts'
import { defineProbe } from './probe.ts'
import { downBySocketError } from './socket-error.ts'

const config = z
  .strictObject({
    http: url(
      ['http:', 'https:'],
      'https://shop.example.org/health',
      'basic_auth: {username: …, password: …}',
    ).describe('The address to ask.'),
    method: z
      .string()
      .regex(/^[A-Za-z]{1,20}$/, 'is not a method; write one such as GET, HEAD or POST')
      .toUpperCase()
      .optional()
      .describe('GET unless told.'),
    headers: headers.optional().describe('Headers to send. The User-Agent is `midwatch/<version>` unless told.'),
    body: z
      .string({ error: 'is not a text; write the body in quotes' })
      .optional()
      .describe('A body to send; its Content-Type goes into the headers.'),
    follow_redirects: z
      .boolean()
      .default(true)
      .describe('Whether to follow redirects, 10 at most. Credentials stay with the server they were meant for.'),
    expect: httpExpect.prefault({}).describe('What the answer has to be like.'),
    basic_auth: z
      .strictObject({ username: z.string().describe('The user.'), password: secret })
      .optional()
      .describe('User and password for HTTP Basic authentication.'),
    bearer_token: secret.optional().describe('A token for `Authorization: Bearer`.'),
    tls: tlsOptions.optional(),
    ip_protocol: ipProtocol.optional(),
  })
  .superRefine(({ method, body, headers: sent, basic_auth, bearer_token }, context) => {
    const complain = (field: string, message: string) =>
      context.addIssue({ code: 'custom', message, path: [field], input: undefined })
    if (method === 'CONNECT')
      complain('method', 'CONNECT asks for a tunnel and not for an answer; write another method')
    if (body !== undefined && method === undefined) {
      complain('body', 'is sent with GET, which has no body, unless told; write method: POST beside it')
    }
    const ways = [basic_auth, bearer_token, headerMap(sent).get('authorization')].filter((way) => way !== undefined)
    if (ways.length > 1) {
      complain('headers', 'there is more than one Authorization; write one of basic_auth, bearer_token and the header')
    }
  })

export type HttpConfig = z.output<typeof config>

const PHASES = ['resolve', 'connect', 'tls', 'processing', 'transfer'] as const

/** Up when the address answers as expected: status, headers, content, in time, with a certificate that lasts. */
export const http = defineProbe({
  key: 'http',
  summary: 'Up when a web address answers with the expected status, headers and content, over HTTP/1.1.',
  config,
  metrics: {
    ...lookupMetrics,
    probe_http_duration_seconds: { help: 'Time of each phase, summed over redirects.', labels: ['phase'] },
    probe_http_status_code: { help: 'Status of the last answer; 0 when there was none.' },
    probe_http_content_length: { help: 'Length of the body as it was announced; -1 when it was not.' },
    probe_http_uncompressed_body_length: { help: 'Length of the body after its codings were undone.' },
    probe_http_redirects: { help: 'Answers that pointed to another address.' },
    probe_http_ssl: { help: '1 when the last answer came over TLS.' },
    probe_http_version: { help: 'HTTP version of the last answer.' },
    probe_failed_due_to_regex: { help: '1 when a header or the content did not match, or must not have matched.' },
    probe_http_last_modified_timestamp_seconds: { help: 'The Last-Modified header, in Unix seconds.' },
    ...tlsMetrics,
    probe_tls_cipher_info: { help: 'The TLS cipher that was agreed on.', labels: ['cipher'] },
  },
  example: { http: 'https://shop.example.org/health' },
  instance: ({ http }) => displayUrl(http),
  standIn: httpStandIn,

  async run(config, context) {
    const startMs = systemClock.monotonicMs()
    const run = new HttpRun(requestOf(config), {
      context,
      followRedirects: config.follow_redirects,
      prefer: config.ip_protocol,
      tls: config.tls,
    })
    try {
      const { head, body } = await run.run()
      const tookMs = systemClock.monotonicMs() - startMs
      const decoded = await decodeBody(body, head.headers.get('content-encoding') ?? [], MAX_BODY_BYTES)
      const mismatch = findMismatch(config.expect, head, decoded)
      const measured = measure(run, decoded.length, mismatch?.isRegex === true)
      if (mismatch === undefined) return judgeRest(config.expect, run, tookMs, measured)
      return down(mismatch.reason, `${displayUrl(run.url)}: ${mismatch.message}`, { ...measured, phase: 'transfer' })
    } catch (error) {
      const { current } = run.phases
      return downBySocketError(error, {
        context,
        target: displayUrl(run.url),
        phase: current,
        ...measure(run, run.bodyBytes, false),
      })
    }
  },
})

function requestOf({ http, method = 'GET', headers, body, basic_auth, bearer_token }: HttpConfig) {
  const authorization = basic_auth
    ? `Basic ${Buffer.from(`${basic_auth.username}:${basic_auth.password.reveal()}`).toString('base64')}`
    : bearer_token && `Bearer ${bearer_token.reveal()}`
  const ours = { 'user-agent': `midwatch/${version}`, accept: '*/*', ...(authorization && { authorization }) }
  return { url: http, method, headers: headerMap(ours, headers, { connection: 'close' }), body }
}

interface Measured {
  readonly metrics: readonly ProbeMetric[]
  readonly details: Details
}

/** The same objects in every run, so that whoever keeps the metrics knows them again at a glance. */
const PHASE_LABELS = Object.fromEntries(PHASES.map((phase) => [phase, { phase }])) as Record<
  HttpPhase,
  { phase: HttpPhase }
>

function measure(run: HttpRun, bodyBytes: number, isFailedByRegex: boolean): Measured {
  const { head, tls, phases, lookup, redirects } = run
  const isResolved = phases.current !== 'resolve' || redirects > 0
  const metrics: ProbeMetric[] = lookup.metrics()
  for (const phase of isResolved ? PHASES : (['resolve'] as const)) {
    metrics.push({ name: 'probe_http_duration_seconds', value: phases.seconds(phase), labels: PHASE_LABELS[phase] })
  }
  metrics.push(
    { name: 'probe_http_status_code', value: head?.status ?? 0 },
    { name: 'probe_http_content_length', value: head?.contentLength ?? 0 },
    { name: 'probe_http_uncompressed_body_length', value: bodyBytes },
    { name: 'probe_http_redirects', value: redirects },
    { name: 'probe_http_ssl', value: tls === undefined ? 0 : 1 },
    { name: 'probe_http_version', value: Number(head?.version ?? 0) },
    { name: 'probe_failed_due_to_regex', value: isFailedByRegex ? 1 : 0 },
  )
  const modified = head?.headers.get('last-modified')?.[0]
  const modifiedMs = modified === undefined ? Number.NaN : Date.parse(modified)
  if (!Number.isNaN(modifiedMs)) {
    metrics.push({ name: 'probe_http_last_modified_timestamp_seconds', value: modifiedMs / 1000 })
  }
  if (tls !== undefined) {
    metrics.push(...metricsOfTls(tls), { name: 'probe_tls_cipher_info', value: 1, labels: { cipher: tls.cipher } })
  }
  const details = {
    ...(head && { status_code: head.status, http_version: head.version }),
    ...(redirects > 0 && { redirects, final_url: displayUrl(run.url) }),
    ...(tls && { certificate_days: certificateDays(tls) }),
  }
  return { metrics, details }
}

/** What does not keep the answer from being right: its time and the certificate. */
function judgeRest({ latency, certificate }: HttpExpect, run: HttpRun, tookMs: number, measured: Measured): Finding {
  if (latency !== undefined && tookMs > latency) {
    const message = `${displayUrl(run.url)}: answered after ${Math.ceil(tookMs)}ms, expected at most ${formatDuration(latency)}`
    return degraded('latency', message, measured)
  }
  if (certificate === undefined) return up(measured)
  const target = displayUrl(run.url)
  if (run.tls !== undefined) return judgeExpiry(run.tls, certificate, target, measured) ?? up(measured)
  return degraded('certificate', `${target}: has no certificate; it is not https`, measured)
}
