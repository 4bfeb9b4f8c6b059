import { afterAll, beforeAll, expect, test } from 'vitest'
import { dns } from '../../src/probe/dns.ts'
import { grpc } from '../../src/probe/grpc.ts'
import { icmp } from '../../src/probe/icmp.ts'
import type { ProbeDefinition } from '../../src/probe/probe.ts'
import { type Blackbox, type Series, seriesKey, startBlackbox } from '../support/blackbox.ts'
import { makeCertificate } from '../support/certificate.ts'
import { type DnsServer, nameBytes, startDnsServer } from '../support/dns-server.ts'
import { startGrpcHealth } from '../support/grpc-health-server.ts'
import { closedPort, type TcpListener } from '../support/listen.ts'
import { describePeer, findPeer } from '../support/peers.ts'
import { probeContext } from '../support/probe-context.ts'

const ip4 = { preferred_ip_protocol: 'ip4' }
const MODULES = {
  dns_a: { prober: 'dns', timeout: '30s', dns: { ...ip4, query_name: 'example.org', query_type: 'A' } },
  dns_soa: { prober: 'dns', timeout: '30s', dns: { ...ip4, query_name: 'example.org', query_type: 'SOA' } },
  dns_gone: { prober: 'dns', timeout: '30s', dns: { ...ip4, query_name: 'gone.example.org', query_type: 'A' } },
  dns_tcp: {
    prober: 'dns',
    timeout: '30s',
    dns: { ...ip4, query_name: 'example.org', query_type: 'A', transport_protocol: 'tcp' },
  },
  grpc: { prober: 'grpc', timeout: '30s', grpc: ip4 },
  grpc_sick: { prober: 'grpc', timeout: '30s', grpc: { ...ip4, service: 'sick' } },
  grpc_missing: { prober: 'grpc', timeout: '30s', grpc: { ...ip4, service: 'missing' } },
  grpc_tls: { prober: 'grpc', timeout: '30s', grpc: { ...ip4, tls: true, tls_config: { insecure_skip_verify: true } } },
  grpc_trusted: { prober: 'grpc', timeout: '30s', grpc: { ...ip4, tls: true } },
  icmp: { prober: 'icmp', timeout: '30s', icmp: ip4 },
}

/** Times differ from run to run; only whether they are there is compared. */
const TIMES = /^probe_(duration_seconds|dns_lookup_time_seconds|(dns|grpc|icmp)_duration_seconds.*)$/
/** `probe_ssl_last_chain_info` has it since version 0.26. */
const NEWER_LABEL = 'serialnumber'

describePeer('prometheus-blackbox-exporter', (path) => {
  const stack = new AsyncDisposableStack()
  let blackbox: Blackbox
  let names: DnsServer
  let plain: TcpListener
  let secure: TcpListener
  let closed: string

  beforeAll(async () => {
    blackbox = stack.use(await startBlackbox(path, MODULES))
    const zone = Buffer.concat([nameBytes('ns.example.org'), nameBytes('host.example.org'), Buffer.alloc(20, 7)])
    names = stack.use(
      await startDnsServer((query) => {
        if (query.includes('gone')) return { code: 3, authority: [[6, zone]] }
        if (query.at(-3) === 6) return { answers: [[6, zone]] }
        return {
          answers: [
            [1, Buffer.from([192, 0, 2, 1])],
            [1, Buffer.from([192, 0, 2, 2])],
          ],
          authority: [[2, nameBytes('ns.example.org')]],
          additional: [[28, Buffer.alloc(16, 1)]],
        }
      }),
    )
    plain = stack.use(await startGrpcHealth({ '': 'SERVING', sick: 'NOT_SERVING' }))
    secure = stack.use(await startGrpcHealth({ '': 'SERVING' }, makeCertificate()))
    closed = `127.0.0.1:${await closedPort()}`
  })
  afterAll(() => stack.disposeAsync())

  async function compare<Key extends string, Config>(
    probe: ProbeDefinition<Key, Config>,
    module: keyof typeof MODULES,
    target: string,
    entry: Readonly<Record<string, unknown>>,
  ): Promise<Series> {
    const theirs = await blackbox.probe(module, target)
    const finding = await probe.run(probe.config.parse(entry), probeContext())
    const ours = Object.fromEntries([
      [seriesKey('probe_success'), finding.outcome === 'up' ? 1 : 0],
      [seriesKey('probe_duration_seconds'), 0],
      ...finding.metrics.map(({ name, labels = {}, value }) => {
        const { [NEWER_LABEL]: _, ...known } = labels
        return [seriesKey(name, known), value]
      }),
    ])
    expect(withoutTimes(ours)).toEqual(withoutTimes(theirs))
    return ours
  }

  test.each([
    ['dns_a', {}, 1],
    ['dns_soa', { type: 'SOA' }, 1],
    ['dns_gone', { dns: 'gone.example.org' }, 0],
    ['dns_tcp', { transport: 'tcp' }, 1],
  ] as const)('the series of %s are the same', async (module, entry, success) => {
    const server = `127.0.0.1:${names.port}`
    const series = await compare(dns, module, server, { dns: 'example.org', server, ...entry })
    expect(series.probe_success).toBe(success)
  })

  test('the series of a name server that is not there are the same', async () => {
    await compare(dns, 'dns_a', closed, { dns: 'example.org', server: closed })
    await compare(dns, 'dns_a', 'no-such-host.invalid:53', { dns: 'example.org', server: 'no-such-host.invalid:53' })
  })

  test('the series of a gRPC server are the same, whatever it says', async () => {
    const { address } = plain
    expect((await compare(grpc, 'grpc', address, { grpc: address })).probe_success).toBe(1)
    await compare(grpc, 'grpc_sick', address, { grpc: address, service: 'sick' })
    await compare(grpc, 'grpc_missing', address, { grpc: address, service: 'missing' })
  })

  test('the series of a gRPC server with TLS are the same, trusted or not', async () => {
    const { address } = secure
    const tls = { insecure_skip_verify: true }
    expect((await compare(grpc, 'grpc_tls', address, { grpc: address, tls })).probe_success).toBe(1)
    await compare(grpc, 'grpc_trusted', address, { grpc: address, tls: true })
    await compare(grpc, 'grpc_trusted', plain.address, { grpc: plain.address, tls: true })
  })

  test('the series of a gRPC server that is not there are the same', async () => {
    await compare(grpc, 'grpc', closed, { grpc: closed })
    await compare(grpc, 'grpc', 'no-such-host.invalid:1', { grpc: 'no-such-host.invalid:1' })
  })

  // Where blackbox_exporter may not open a socket for it there is nothing to compare with.
  test.runIf(process.getuid?.() === 0 && findPeer('ping').path !== undefined)(
    'the series of a ping are the same',
    async () => {
      expect((await compare(icmp, 'icmp', '127.0.0.1', { icmp: '127.0.0.1' })).probe_success).toBe(1)
      await compare(icmp, 'icmp', 'no-such-host.invalid', { icmp: 'no-such-host.invalid' })
    },
  )
})

function withoutTimes(series: Series): Series {
  return Object.fromEntries(Object.entries(series).map(([key, value]) => [key, TIMES.test(key) ? 0 : value]))
}
