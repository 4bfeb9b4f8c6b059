import { randomInt } from 'node:crypto'
import { getServers } from 'node:dns'
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import { z } from 'zod'
import { type Details, down, type ProbeMetric, unknown, up } from '../model/finding.ts'
import { askDns } from './dns-exchange.ts'
import { type DnsAnswer, isDnsName, type RecordType, recordTypes, responseCodes } from './dns-message.ts'
import { formatHostAndPort, type HostAndPort, hostAndPort, refuse, regex } from './fields.ts'
import { Lookup, lookupMetrics } from './net-target.ts'
import { Phases } from './phases.ts'
import { defineProbe, type ProbeContext } from './probe.ts'
import { downBySocketError } from './socket-error.ts'
import { blackbox, definedOf } from './stand-in.ts'

const types = Object.keys(recordTypes) as RecordType[]

const config = z
  .strictObject({
    dns: z
      .string({ error: 'is not a name; write one such as example.org' })
      .min(1)
      .describe('The name to ask for; with `type: PTR` an address.'),
    server: hostAndPort('1.1.1.1:53', 53)
      .optional()
      .describe('Who is asked; by default the servers that this machine asks.'),
    type: z
      .enum(types, { error: `is not a type of records; write one of ${types.join(', ')}` })
      .default('A')
      .describe('The type of the records.'),
    transport: z.enum(['udp', 'tcp']).default('udp').describe('How it is asked.'),
    expect: z
      .strictObject({
        answer: regex.optional().describe('A pattern that the value of at least one record has to match.'),
        answers: z
          .number()
          .int()
          .min(0)
          .optional()
          .describe('At least so many records of that type; 1 unless a `rcode` other than NOERROR is expected.'),
        rcode: z
          .enum(responseCodes, { error: `is not a response code; write one of ${responseCodes.join(', ')}` })
          .default('NOERROR')
          .describe('The response code.'),
      })
      .prefault({}),
  })
  .transform(({ dns: written, expect, ...rest }, context) => {
    const name = nameToAsk(written, rest.type)
    if (name === undefined) {
      return refuse(context, `${JSON.stringify(written)} is not a name to ask for; write one such as example.org`)
    }
    if (isIP(name) !== 0) return refuse(context, 'is an address; write a name, or type: PTR to ask for the name of it')
    return {
      ...rest,
      name,
      written,
      expect: { ...expect, answers: expect.answers ?? (expect.rcode === 'NOERROR' ? 1 : 0) },
    }
  })

type DnsConfig = z.output<typeof config>

/** Names go out in ASCII and without the dot at the end; addresses become the names under which their names stand. */
function nameToAsk(written: string, type: RecordType): string | undefined {
  if (isIP(written) !== 0) return type === 'PTR' ? reverseName(written) : written
  const bare = written === '.' ? '' : written.replace(/\.$/, '')
  if (bare === '') return written === '.' ? '' : undefined
  // Names of services begin with underscores, which names of hosts can't have; ASCII passes as it is.
  const ascii = /^[\x21-\x7e]+$/.test(bare) ? bare : domainToASCII(bare)
  return /^[A-Za-z0-9_*.-]+$/.test(ascii) && isDnsName(ascii) ? ascii : undefined
}

function reverseName(address: string): string {
  if (isIPv4(address)) return `${address.split('.').reverse().join('.')}.in-addr.arpa`
  const [head = '', tail = ''] = address.split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const [first, last] = [groups(head), groups(tail)]
  const all = [...first, ...new Array<string>(8 - first.length - last.length).fill('0'), ...last]
  const digits = all.map((group) => group.padStart(4, '0')).join('')
  return `${[...digits].reverse().join('.')}.ip6.arpa`
}

/** A packet may get lost; a second try costs less than a false alarm. More servers than this are not asked. */
const TRIES = 3

const PHASES = ['resolve', 'connect', 'request'] as const

/** Up when a name server answers with the expected code and records. A truncated answer is asked for again over TCP. */
export const dns = defineProbe({
  key: 'dns',
  summary: 'Up when a name server answers with the expected code and at least one expected record.',
  config,
  example: { dns: 'example.org', server: '1.1.1.1:53', expect: { rcode: 'NOERROR' } },
  metrics: {
    ...lookupMetrics,
    probe_dns_duration_seconds: { help: 'Time that each part of the probe took.', labels: ['phase'] },
    probe_dns_answer_rrs: { help: 'Records in the answer section.' },
    probe_dns_authority_rrs: { help: 'Records in the authority section.' },
    probe_dns_additional_rrs: { help: 'Records in the additional section.' },
    probe_dns_query_succeeded: { help: '1 when the server answered, whatever it said.' },
    probe_dns_serial: { help: 'Serial number of the zone; for queries of type SOA only.' },
  },
  standIn({ written, name, server, type, transport, expect }) {
    const answer = expect.answer === undefined ? undefined : { fail_if_none_matches_regexp: [expect.answer.source] }
    const options = definedOf({
      query_name: name,
      query_type: type,
      transport_protocol: transport,
      preferred_ip_protocol: 'ip4',
      valid_rcodes: expect.rcode === 'NOERROR' ? undefined : [expect.rcode],
      validate_answer_rrs: answer,
    })
    const { answers } = expect
    return blackbox(
      { prober: 'dns', dns: options },
      server === undefined ? '127.0.0.53:53' : formatHostAndPort(server),
      [
        server === undefined
          ? `${written} is asked of the servers of the machine here; there the server has to be named, and 127.0.0.53:53 stands for it`
          : undefined,
        answers > 0 && answer === undefined
          ? `at least ${answers} records are expected here; there any answer with the right code will do`
          : undefined,
      ],
    )
  },
  instance: ({ written, server }) => (server === undefined ? written : `${written}@${formatHostAndPort(server)}`),

  async run(config, context) {
    const servers = config.server === undefined ? systemServers() : [config.server]
    if (servers.length === 0) return unknown('unsupported', 'this machine has no name server; write one as server:')
    const lookup = new Lookup()
    const phases = new Phases<(typeof PHASES)[number]>('resolve')
    let asked = servers[0] as HostAndPort
    try {
      const answer = await askUntilAnswered(servers, config, context, lookup, phases, (server) => {
        asked = server
      })
      phases.end()
      return judge(answer, config, formatHostAndPort(asked), metricsOf(config, lookup, phases, answer))
    } catch (error) {
      const metrics = metricsOf(config, lookup, phases)
      return downBySocketError(error, { context, target: formatHostAndPort(asked), phase: phases.current, metrics })
    }
  },
})

/** Each try has an equal part of the time; the error of the last one counts. */
async function askUntilAnswered(
  servers: readonly HostAndPort[],
  { name, type, transport, server: configured }: DnsConfig,
  context: ProbeContext,
  lookup: Lookup,
  phases: Phases<(typeof PHASES)[number]>,
  onTry: (server: HostAndPort) => void,
): Promise<DnsAnswer> {
  // Which servers the machine asks is not up to the config, and some clouds have theirs at a link-local address.
  const policy = configured === undefined ? ({ ...context, addressPolicy: 'any' } as const) : context
  const tries = servers.length === 1 ? [...servers, ...servers] : servers.slice(0, TRIES)
  for (const [i, server] of tries.entries()) {
    const isLast = i === tries.length - 1
    onTry(server)
    const patience = AbortSignal.timeout(context.timeoutMs / tries.length)
    const signal = isLast ? context.signal : AbortSignal.any([context.signal, patience])
    if (i > 0) phases.enter('resolve')
    try {
      const address = await lookup.resolve(server.host, { ...policy, signal })
      phases.enter('connect')
      const question = { id: randomInt(0x10000), name, type }
      return await askDns(address, server.port, question, transport, {
        signal,
        onConnected: () => phases.enter('request'),
      })
    } catch (error) {
      // What refuses at once refuses again; only silence, and another server, are worth another try.
      const isWorthIt = patience.aborted || servers.length > 1
      if (isLast || context.signal.aborted || !isWorthIt) throw error
    }
  }
  throw new Error('there is always a last try')
}

function judge(answer: DnsAnswer, { name, type, expect }: DnsConfig, server: string, metrics: ProbeMetric[]) {
  const values = answer.answers.filter((record) => record.type === type).map(({ value }) => value)
  const details: Details = { rcode: answer.code, server, ...(values.length === 0 ? {} : { answer: listed(values) }) }
  const measured = { metrics, details, phase: 'request' }
  const asked = `${server}, asked for ${name === '' ? '.' : name} ${type}`
  if (answer.code !== expect.rcode) {
    return down('dns', `${asked}, answered ${answer.code}; expected ${expect.rcode}`, measured)
  }
  if (values.length < expect.answers) {
    const records = expect.answers === 1 ? 'at least one record' : `at least ${expect.answers} records`
    return down('dns', `${asked}, answered with ${values.length}; expected ${records}`, measured)
  }
  if (expect.answer !== undefined && !values.some((value) => expect.answer?.test(value))) {
    const came = values.length === 0 ? 'nothing' : listed(values)
    return down('body', `${asked}, answered ${came}; expected a match of /${expect.answer.source}/`, measured)
  }
  return up(measured)
}

function metricsOf(
  { type }: DnsConfig,
  lookup: Lookup,
  phases: Phases<(typeof PHASES)[number]>,
  answer?: DnsAnswer,
): ProbeMetric[] {
  const serial = answer?.answers.findLast((record) => record.serial !== undefined)?.serial
  return [
    ...lookup.metrics(),
    ...PHASES.map((phase) => ({
      name: 'probe_dns_duration_seconds',
      labels: { phase },
      value: phases.seconds(phase),
    })),
    { name: 'probe_dns_answer_rrs', value: answer?.answers.length ?? 0 },
    { name: 'probe_dns_authority_rrs', value: answer?.authorityCount ?? 0 },
    { name: 'probe_dns_additional_rrs', value: answer?.additionalCount ?? 0 },
    { name: 'probe_dns_query_succeeded', value: answer === undefined ? 0 : 1 },
    ...(type === 'SOA' && answer !== undefined ? [{ name: 'probe_dns_serial', value: serial ?? 0 }] : []),
  ]
}

/** `127.0.0.53`, `[::1]:5353`, `192.0.2.1:5353` are what Node gives. */
function systemServers(): HostAndPort[] {
  return getServers().flatMap((text) => {
    if (isIP(text) !== 0) return [{ host: text, port: 53 }]
    const [, host, port] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(text) ?? []
    return host !== undefined && (isIPv4(host) || isIPv6(host)) ? [{ host, port: Number(port) }] : []
  })
}

function listed(values: readonly string[]): string {
  const shown = values.slice(0, 5).map((value) => (value.length <= 80 ? value : `${value.slice(0, 79)}…`))
  return shown.join(', ') + (values.length > shown.length ? `, and ${values.length - shown.length} more` : '')
}
