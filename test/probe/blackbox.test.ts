import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ProbeDefinition } from '../../src/probe/probe.ts'
import { probes } from '../../src/probe/registry.ts'
import { type Blackbox, type Series, seriesKey, startBlackbox } from '../support/blackbox.ts'
import { makeCertificate } from '../support/certificate.ts'
import { keepFile } from '../support/keep-file.ts'
import { closedPort, listen, listenTcp, type TcpListener } from '../support/listen.ts'
import { describePeer } from '../support/peers.ts'
import { probeContext } from '../support/probe-context.ts'

/**
 * Series that newer versions of blackbox_exporter have and 0.23, which Debian ships, has not; with the version that
 * brought them. They are left out of the comparison; everything else has to be equal.
 */
const NEWER_SERIES: Readonly<Record<string, string>> = {
  probe_tls_cipher_info: '0.26',
}
/** As above, for labels. */
const NEWER_LABELS: Readonly<Record<string, string>> = {
  serialnumber: '0.26, on probe_ssl_last_chain_info',
}
/** Times differ from run to run; only whether they are there is compared. */
const TIMES = ['probe_duration_seconds', 'probe_dns_lookup_time_seconds', 'probe_http_duration_seconds']

const MODULES = {
  http: { prober: 'http', timeout: '30s' },
  http_body: { prober: 'http', timeout: '30s', http: { fail_if_body_not_matches_regexp: ['ready'] } },
  http_header: {
    prober: 'http',
    timeout: '30s',
    http: { fail_if_header_not_matches: [{ header: 'Content-Type', regexp: 'json' }] },
  },
  http_404: { prober: 'http', timeout: '30s', http: { valid_status_codes: [404] } },
  http_stay: { prober: 'http', timeout: '30s', http: { follow_redirects: false } },
  http_head: { prober: 'http', timeout: '30s', http: { method: 'HEAD' } },
  http_insecure: { prober: 'http', timeout: '30s', http: { tls_config: { insecure_skip_verify: true } } },
  tcp: { prober: 'tcp', timeout: '30s' },
  tcp_banner: { prober: 'tcp', timeout: '30s', tcp: { query_response: [{ expect: '^220 ' }] } },
  tls: { prober: 'tcp', timeout: '30s', tcp: { tls: true } },
  tls_insecure: tlsModule({ insecure_skip_verify: true }),
}

function tlsModule(config: Readonly<Record<string, unknown>>) {
  return { prober: 'tcp', timeout: '30s', tcp: { tls: true, tls_config: config } }
}

describePeer('prometheus-blackbox-exporter', (path) => {
  let blackbox: Blackbox
  let web: TcpListener
  let secureWeb: TcpListener
  let secure: TcpListener
  let chained: TcpListener
  let caFile: string
  const stack = new AsyncDisposableStack()

  beforeAll(async () => {
    const days = (count: number) => new Date(Date.now() + count * 86_400_000)
    const root = makeCertificate({ subject: { CN: 'Example Root' }, names: [], isAuthority: true, until: days(20) })
    const issuer = makeCertificate({
      subject: { O: 'Example', CN: 'Example Issuer' },
      names: [],
      isAuthority: true,
      until: days(30),
      issuer: root,
    })
    const leaf = makeCertificate({ issuer, until: days(40), names: ['localhost', 'shop.example.org', '127.0.0.1'] })
    const files = stack.use(await keepFile('root.pem', root.cert))
    caFile = files.path
    chained = stack.use(await listen(createTlsServer({ ...leaf, cert: leaf.cert + issuer.cert })))
    const certificate = makeCertificate({ subject: { C: 'DE', O: 'Example, Inc', OU: 'Night', CN: 'localhost' } })
    blackbox = stack.use(await startBlackbox(path, { ...MODULES, tls_chain: tlsModule({ ca_file: caFile }) }))
    web = stack.use(await listen(createHttpServer(site)))
    secureWeb = stack.use(await listen(createHttpsServer(certificate, site)))
    secure = stack.use(await listen(createTlsServer(certificate)))
  })
  afterAll(() => stack.disposeAsync())

  const site: RequestListener = ({ url }, response) => {
    switch (url) {
      case '/ok':
        return response.setHeader('Last-Modified', 'Sat, 21 Nov 2026 02:00:00 GMT').end('{"state":"ok"}')
      case '/missing':
        return response.writeHead(404).end()
      case '/moved':
        return response.writeHead(302, { Location: '/ok' }).end('moved')
      case '/loop':
        return response.writeHead(302, { Location: '/loop' }).end()
      case '/nowhere':
        return response.writeHead(302).end()
      case '/chunked':
        response.write('one')
        return response.end('two')
      case '/empty':
        return response.writeHead(204).end()
      case '/cut':
        response.writeHead(200, { 'Content-Length': 100 }).write('short')
        return response.socket?.end()
      default:
        return response.writeHead(500).end('no')
    }
  }

  async function compare(module: string, target: string, entry: Readonly<Record<string, unknown>>): Promise<Series> {
    const theirs = await blackbox.probe(module, target)
    const ours = await seriesOf(entry)
    expect(withoutTimes(ours)).toEqual(withoutTimes(theirs))
    return ours
  }

  test.for([
    ['answers as expected', 'http', '/ok', {}, 1],
    ['answers with 500', 'http', '/broken', {}, 0],
    ['answers with the status that is expected', 'http_404', '/missing', { expect: { status: 404 } }, 1],
    ['has no content', 'http', '/empty', {}, 1],
    ['sends its content in chunks', 'http', '/chunked', {}, 1],
    ['is asked for its headers only', 'http_head', '/ok', { method: 'HEAD' }, 1],
    ['redirects once', 'http', '/moved', {}, 1],
    ['redirects for ever', 'http', '/loop', {}, 0],
    ['redirects without saying where', 'http', '/nowhere', {}, 0],
    ['redirects, which is not followed', 'http_stay', '/moved', { follow_redirects: false }, 0],
    ['answers with other content', 'http_body', '/ok', { expect: { body: 'ready' } }, 0],
    ['answers with 500 and other content', 'http_body', '/broken', { expect: { body: 'ready' } }, 0],
    ['answers without the header', 'http_header', '/ok', { expect: { header: { 'Content-Type': 'json' } } }, 0],
    ['breaks off', 'http', '/cut', {}, 0],
  ] as const)('the same series of a web server that %s', async ([, module, page, options, success]) => {
    const target = `http://${web.address}${page}`
    const ours = await compare(module, target, { http: target, ...options })
    expect(ours.probe_success).toBe(success)
  })

  test('the same series of a web server whose certificate is not looked at', async () => {
    const target = `https://${secureWeb.address}/ok`
    const ours = await compare('http_insecure', target, { http: target, tls: { insecure_skip_verify: true } })
    expect(ours.probe_success).toBe(1)
  })

  test('the same series of a web server whose certificate is not trusted', async () => {
    const target = `https://${secureWeb.address}/ok`
    const ours = await compare('http', target, { http: target })
    expect(ours.probe_success).toBe(0)
  })

  test('the same series of a web server that is not there', async () => {
    const target = `http://127.0.0.1:${await closedPort()}/`
    expect((await compare('http', target, { http: target })).probe_success).toBe(0)
  })

  test('the same series of a web server whose name does not exist', async () => {
    const target = 'http://shop.invalid/'
    expect((await compare('http', target, { http: target })).probe_success).toBe(0)
  })

  test('the same series of a TCP server that takes connections', async () => {
    expect((await compare('tcp', web.address, { tcp: web.address })).probe_success).toBe(1)
  })

  test('the same series of a TCP server that is not there', async () => {
    const target = `127.0.0.1:${await closedPort()}`
    expect((await compare('tcp', target, { tcp: target })).probe_success).toBe(0)
  })

  test('the same series of a TCP server whose banner matches, or does not', async () => {
    for (const [banner, success] of [
      ['220 mail.example.org', 1],
      ['554 go away', 0],
    ] as const) {
      await using server = await listenTcp((socket) => socket.end(`${banner}\r\n`))
      const ours = await compare('tcp_banner', server.address, { tcp: server.address, expect: '^220 ' })
      expect(ours.probe_success).toBe(success)
    }
  })

  test('the same series of a TLS server, trusted or not', async () => {
    const insecure = { tls: secure.address, insecure_skip_verify: true }
    expect((await compare('tls_insecure', secure.address, insecure)).probe_success).toBe(1)
    expect((await compare('tls', secure.address, { tls: secure.address })).probe_success).toBe(0)
  })

  test('the same series of a chain in which the root expires first, then the issuer, then the server', async () => {
    const ours = await compare('tls_chain', chained.address, { tls: chained.address, ca_file: caFile })
    const earliest = ours.probe_ssl_earliest_cert_expiry as number
    const chain = ours.probe_ssl_last_chain_expiry_timestamp_seconds as number
    expect(Math.round((earliest - chain) / 86_400)).toBe(10)
  })
})

/** What one of our probes gives, with the series that the runner adds to every run. */
async function seriesOf(entry: Readonly<Record<string, unknown>>): Promise<Series> {
  const all = probes as unknown as readonly ProbeDefinition<string, unknown>[]
  const probe = all.find(({ key }) => key in entry)
  if (probe === undefined) throw new Error(`no probe for ${Object.keys(entry).join()}`)
  const finding = await probe.run(probe.config.parse(entry), probeContext())
  return {
    probe_success: finding.outcome === 'up' || finding.outcome === 'degraded' ? 1 : 0,
    probe_duration_seconds: 0,
    ...Object.fromEntries(finding.metrics.map(({ name, value, labels }) => [seriesKey(name, labels), value])),
  }
}

function withoutTimes(series: Series): Record<string, number | string> {
  const kept: Record<string, number | string> = {}
  for (const [key, value] of Object.entries(series)) {
    const name = key.split('{')[0] as string
    if (name in NEWER_SERIES) continue
    let known = key
    for (const label of Object.keys(NEWER_LABELS)) known = known.replace(new RegExp(`,?${label}="[^"]*"`), '')
    kept[known] = TIMES.includes(name) ? 'a time' : value
  }
  return kept
}
