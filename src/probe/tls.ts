import type { Socket } from 'node:net'
import { up } from '../model/finding.ts'
import {
  certificateDays,
  certificateExpect,
  judgeExpiry,
  metricsOfTls,
  type TlsState,
  tlsMetrics,
} from './certificate.ts'
import { type ConnectPhase, dial } from './conversation.ts'
import { formatHostAndPort, hostAndPort, ipProtocol, tlsOptions } from './fields.ts'
import { Lookup, lookupMetrics } from './net-target.ts'
import { Phases } from './phases.ts'
import { defineProbe } from './probe.ts'
import { downBySocketError } from './socket-error.ts'
import { blackbox, blackboxIp, blackboxTls, certificateDifference, definedOf } from './stand-in.ts'
import { startTls } from './tls-socket.ts'

/** Up when the TLS handshake completes with a trusted certificate that lasts; nothing is sent or read. */
export const tls = defineProbe({
  key: 'tls',
  summary:
    'Up when a TLS handshake completes with a certificate that is trusted, for this name, and lasts long enough.',
  config: tlsOptions.extend({
    tls: hostAndPort('ldap.internal:636', 443).describe('The address to connect to; port 443 unless told.'),
    expect: certificateExpect,
    ip_protocol: ipProtocol.optional(),
  }),
  metrics: {
    ...lookupMetrics,
    ...tlsMetrics,
    probe_failed_due_to_regex: { help: 'Always 0; as blackbox_exporter has it for every TCP probe.' },
  },
  example: { tls: 'ldap.internal:636', expect: { certificate: '14d' } },
  instance: ({ tls }) => formatHostAndPort(tls),
  standIn({ tls, expect, ip_protocol, ...options }) {
    const tcp = definedOf({
      preferred_ip_protocol: blackboxIp(ip_protocol),
      tls: true,
      tls_config: blackboxTls(options),
    })
    return blackbox({ prober: 'tcp', tcp }, formatHostAndPort(tls), [certificateDifference(expect.certificate)])
  },

  async run({ tls: address, expect, ip_protocol, ...options }, context) {
    const target = formatHostAndPort(address)
    const lookup = new Lookup()
    const phases = new Phases<ConnectPhase | 'tls'>('resolve')
    const metrics = (state?: TlsState) => [
      ...lookup.metrics(),
      { name: 'probe_failed_due_to_regex', value: 0 },
      ...(state === undefined ? [] : metricsOfTls(state)),
    ]
    let socket: Socket | undefined
    try {
      socket = await dial(address, { lookup, phases, context, prefer: ip_protocol })
      phases.enter('tls')
      const { tls: state } = await startTls(socket, address.host, options)
      const details = { certificate_days: certificateDays(state), tls_version: state.version }
      const measured = { metrics: metrics(state), details }
      const { certificate } = expect
      const finding = certificate === undefined ? undefined : judgeExpiry(state, certificate, target, measured)
      return finding ?? up(measured)
    } catch (error) {
      return downBySocketError(error, { context, target, phase: phases.current, metrics: metrics() })
    } finally {
      socket?.destroy()
    }
  },
})
