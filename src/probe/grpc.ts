import type { Socket } from 'node:net'
import { z } from 'zod'
import { down, type ProbeMetric, up } from '../model/finding.ts'
import { metricsOfTls, type TlsState, tlsMetrics } from './certificate.ts'
import { dial } from './conversation.ts'
import { formatHostAndPort, hostAndPort, ipProtocol, tlsOptions } from './fields.ts'
import { checkGrpcHealth, type GrpcHealth, grpcStatusNames, servingStatuses } from './grpc-health.ts'
import { Lookup, lookupMetrics } from './net-target.ts'
import { Phases } from './phases.ts'
import { defineProbe } from './probe.ts'
import { downBySocketError } from './socket-error.ts'
import { blackbox, blackboxIp, blackboxTls, definedOf } from './stand-in.ts'
import { startTls } from './tls-socket.ts'

const config = z.strictObject({
  grpc: hostAndPort('api.internal:50051').describe('The server, host and port.'),
  service: z.string().default('').describe('The service that is asked about; by default the server as a whole.'),
  tls: z.union([z.boolean(), tlsOptions]).default(false).describe('Whether the connection is encrypted, or how.'),
  ip_protocol: ipProtocol.optional(),
})

/** What gRPC libraries say when there is no connection: UNAVAILABLE; and when time is over: DEADLINE_EXCEEDED. */
const UNAVAILABLE = 14
const DEADLINE_EXCEEDED = 4

const { probe_ssl_last_chain_expiry_timestamp_seconds: _, ...ownTlsMetrics } = tlsMetrics

/** Up when the standard health service answers SERVING. */
export const grpc = defineProbe({
  key: 'grpc',
  summary: 'Up when the gRPC health service (grpc.health.v1) of the server answers SERVING.',
  config,
  example: { grpc: 'api.internal:50051', service: 'shop.Orders' },
  metrics: {
    ...lookupMetrics,
    ...ownTlsMetrics,
    probe_grpc_duration_seconds: { help: 'Time that each part of the probe took.', labels: ['phase'] },
    probe_grpc_healthcheck_response: { help: '1 for the status that was answered.', labels: ['serving_status'] },
    probe_grpc_ssl: { help: '1 when the connection was encrypted.' },
    probe_grpc_status_code: { help: 'The status code of the call; 0 is OK, 14 when there was no connection.' },
  },
  instance: ({ grpc }) => formatHostAndPort(grpc),
  standIn({ grpc, service, tls, ip_protocol }) {
    const options = definedOf({
      preferred_ip_protocol: blackboxIp(ip_protocol),
      service: service === '' ? undefined : service,
      tls: tls !== false,
      tls_config: typeof tls === 'object' ? blackboxTls(tls) : undefined,
    })
    return blackbox({ prober: 'grpc', grpc: options }, formatHostAndPort(grpc))
  },

  async run({ grpc: address, service, tls, ip_protocol }, context) {
    const target = formatHostAndPort(address)
    const lookup = new Lookup()
    const phases = new Phases<'resolve' | 'connect' | 'tls' | 'check'>('resolve')
    let socket: Socket | undefined
    let tlsState: TlsState | undefined
    try {
      socket = await dial(address, { lookup, phases, context, prefer: ip_protocol })
      if (tls !== false) {
        phases.enter('tls')
        const secured = await startTls(socket, address.host, tls === true ? undefined : tls, ['h2'])
        socket = secured.socket
        tlsState = secured.tls
      }
      phases.enter('check')
      const isEncrypted = tlsState !== undefined
      const health = await checkGrpcHealth(socket, {
        authority: target,
        isEncrypted,
        service,
        timeoutMs: context.timeoutMs,
      })
      phases.end()
      return judge(
        health,
        service === '' ? target : `${target}, service ${service}`,
        measured(health.statusCode, health),
      )
    } catch (error) {
      const code = phases.current === 'resolve' ? 0 : context.signal.aborted ? DEADLINE_EXCEEDED : UNAVAILABLE
      return downBySocketError(error, { context, target, phase: phases.current, metrics: measured(code) })
    } finally {
      socket?.destroy()
    }

    function measured(statusCode: number, health?: GrpcHealth): ProbeMetric[] {
      const isResolved = phases.current !== 'resolve'
      // To blackbox_exporter all that comes after the lookup is one part.
      const checkSeconds = phases.seconds('connect') + phases.seconds('tls') + phases.seconds('check')
      return [
        ...lookup.metrics(),
        { name: 'probe_grpc_duration_seconds', labels: { phase: 'resolve' }, value: phases.seconds('resolve') },
        ...(isResolved ? afterLookup(checkSeconds, health) : []),
        { name: 'probe_grpc_ssl', value: health !== undefined && tlsState !== undefined ? 1 : 0 },
        { name: 'probe_grpc_status_code', value: statusCode },
        ...certificateMetrics(health === undefined ? undefined : tlsState),
      ]
    }
  },
})

function afterLookup(checkSeconds: number, health: GrpcHealth | undefined): ProbeMetric[] {
  return [
    { name: 'probe_grpc_duration_seconds', labels: { phase: 'check' }, value: checkSeconds },
    ...servingStatuses.map((status) => ({
      name: 'probe_grpc_healthcheck_response',
      labels: { serving_status: status },
      value: health?.serving === status ? 1 : 0,
    })),
  ]
}

/** As blackbox_exporter has it for this probe: 0 without a certificate, and nothing about verified chains. */
function certificateMetrics(state: TlsState | undefined): ProbeMetric[] {
  if (state === undefined) return [{ name: 'probe_ssl_earliest_cert_expiry', value: 0 }]
  return metricsOfTls(state).filter(({ name }) => name in ownTlsMetrics)
}

function judge({ statusCode, statusMessage, serving }: GrpcHealth, target: string, metrics: readonly ProbeMetric[]) {
  if (serving === 'SERVING') return up({ metrics, details: { serving } })
  const measured = { metrics, phase: 'check' }
  if (serving !== undefined) {
    const extras = { ...measured, details: { serving } }
    return down('reported', `${target}: the health service answered ${serving}; expected SERVING`, extras)
  }
  const name = grpcStatusNames[statusCode] ?? `code ${statusCode}`
  const extras = { ...measured, details: { status: name } }
  const words = statusMessage === '' ? name : `${name} (${statusMessage.slice(0, 200)})`
  switch (name) {
    case 'UNIMPLEMENTED':
      return down('protocol', `${target}: the server has no health service: ${words}`, extras)
    case 'NOT_FOUND':
      return down('reported', `${target}: the health service does not know it: ${words}`, extras)
    case 'UNAUTHENTICATED':
    case 'PERMISSION_DENIED':
      return down('auth', `${target}: the call was refused: ${words}`, extras)
    default:
      return down('reported', `${target}: the call failed: ${words}`, extras)
  }
}
