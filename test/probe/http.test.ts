import { createServer, type RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Finding } from '../../src/model/finding.ts'
import { http } from '../../src/probe/http.ts'
import type { ProbeContext } from '../../src/probe/probe.ts'
import { makeCertificate } from '../support/certificate.ts'
import { keepFile } from '../support/keep-file.ts'
import { closedPort, listen, listenTcp, type TcpListener } from '../support/listen.ts'
import { findingWhenOver, probeContext } from '../support/probe-context.ts'

type Options = Readonly<Record<string, unknown>>

const probe = (url: string, options: Options = {}, context: Partial<ProbeContext> = {}): Promise<Finding> =>
  http.run(http.config.parse({ http: url, ...options }), probeContext(context))

const metric = ({ metrics }: Finding, name: string, label?: string) =>
  metrics.find((one) => one.name === name && (label === undefined || Object.values(one.labels ?? {}).includes(label)))
    ?.value

/** What a request looked like to the server. */
interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

describe('a web server', () => {
  const stack = new AsyncDisposableStack()
  const seen: Seen[] = []
  let server: TcpListener
  let other: TcpListener
  const at = (path: string) => `http://${server.address}${path}`
  const lastSeen = () => seen.at(-1) as Seen

  beforeAll(async () => {
    other = stack.use(await listen(createServer(record((_, response) => response.end('elsewhere')))))
    server = stack.use(await listen(createServer(record(site))))
  })
  afterAll(() => stack.disposeAsync())

  function record(next: RequestListener): RequestListener {
    return (request, response) => {
      let body = ''
      request.on('data', (bytes) => {
        body += bytes
      })
      request.on('end', () => {
        const { method = '', url = '', headers } = request
        seen.push({ method, url, headers, body })
        next(request, response)
      })
    }
  }

  const site: RequestListener = (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const json = '{"status":"ok","db":{"pools":[{"free":3}]},"a.b":true,"none":null}'
    switch (pathname) {
      case '/json':
        return response.setHeader('Content-Type', 'application/json').end(json)
      case '/packed': {
        const pack = { gzip: gzipSync, deflate: deflateSync, raw: deflateRawSync, br: brotliCompressSync }
        const coding = searchParams.get('as') as keyof typeof pack
        return response.setHeader('Content-Encoding', coding === 'raw' ? 'deflate' : coding).end(pack[coding](json))
      }
      case '/packed-wrongly':
        return response.setHeader('Content-Encoding', 'gzip').end(json)
      case '/bomb':
        return response.setHeader('Content-Encoding', 'gzip').end(gzipSync(Buffer.alloc(11 * 1024 * 1024)))
      case '/huge':
        return response.writeHead(200, { 'Content-Length': 11 * 1024 * 1024 }).flushHeaders()
      case '/status':
        return response.writeHead(Number(searchParams.get('is'))).end()
      case '/to':
        return response
          .writeHead(Number(searchParams.get('with') ?? 302), { Location: searchParams.get('url') ?? '' })
          .end()
      case '/slow-body':
        response.writeHead(200, { 'Content-Length': 10 }).write('12345')
        return
      case '/silent':
        return
      default:
        return response.end('ready')
    }
  }

  test('is asked as midwatch, by GET, on a connection that closes', async () => {
    expect(await probe(at('/page?a=b%20c'))).toMatchObject({ outcome: 'up', details: { status_code: 200 } })
    expect(lastSeen()).toMatchObject({
      method: 'GET',
      url: '/page?a=b%20c',
      headers: { host: server.address, connection: 'close', 'user-agent': expect.stringMatching(/^midwatch\/\d/) },
    })
  })

  test('is sent the method, the headers and the body that were configured', async () => {
    const options = { method: 'post', headers: { 'User-Agent': 'curl', 'X-Count': 3 }, body: 'söme text' }
    expect((await probe(at('/'), options)).outcome).toBe('up')
    expect(lastSeen()).toMatchObject({
      method: 'POST',
      body: 'söme text',
      headers: { 'user-agent': 'curl', 'x-count': '3', 'content-length': '10' },
    })
  })

  test('is shown credentials as Basic or Bearer', async () => {
    await probe(at('/'), { basic_auth: { username: 'watch', password: 'päss' } })
    expect(lastSeen().headers.authorization).toBe(`Basic ${Buffer.from('watch:päss').toString('base64')}`)
    await probe(at('/'), { bearer_token: 'abc' })
    expect(lastSeen().headers.authorization).toBe('Bearer abc')
  })

  test.for([
    [200, undefined, 'up'],
    [204, undefined, 'up'],
    [301, undefined, 'down'],
    [404, undefined, 'down'],
    [404, 404, 'up'],
    [404, '4xx', 'up'],
    [404, [200, 404], 'up'],
    [404, '400-403', 'down'],
  ] as const)('that answers %i where %j is expected is %s', async ([is, status, outcome]) => {
    const finding = await probe(at(`/status?is=${is}`), status === undefined ? {} : { expect: { status } })
    expect(finding.outcome).toBe(outcome)
    expect(metric(finding, 'probe_http_status_code')).toBe(is)
    if (finding.outcome === 'down') {
      expect(finding).toMatchObject({ reason: 'status', message: expect.stringContaining(`status ${is}, expected`) })
    }
  })

  test.for([
    [{ status: 'ok' }, undefined],
    [{ '$.db.pools[0].free': 3, 'a.b': true, "$['a.b']": true, none: null }, undefined],
    [{ '$.db': { pools: [{ free: 3 }] } }, undefined],
    [{ status: 'good' }, 'status is "ok", expected "good"'],
    [{ '$.db.pools[0].free': '3' }, '$.db.pools[0].free is 3, expected "3"'],
    [{ '$.db.pools[1].free': 3 }, '$.db.pools[1].free is not in the body, expected 3'],
    [{ '$.db.length': 1 }, '$.db.length is not in the body, expected 1'],
  ] as const)('whose JSON is held against %j', async ([expected, problem]) => {
    const finding = await probe(at('/json'), { expect: { json: expected } })
    if (problem === undefined) expect(finding.outcome).toBe('up')
    else expect(finding).toMatchObject({ outcome: 'down', reason: 'body', message: `${at('/json')}: ${problem}` })
  })

  test('whose JSON is nested without end is held against what is expected all the same', async () => {
    const deep = `{"status":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    await using abyss = await listen(createServer((_, response) => response.end(deep)))
    const finding = await probe(`http://${abyss.address}/`, { expect: { json: { status: 'ok' } } })
    expect(finding).toMatchObject({
      reason: 'body',
      message: expect.stringContaining('status is a list of 1, expected "ok"'),
    })
  })

  test('whose body is no JSON is down, and the message shows how it begins', async () => {
    const finding = await probe(at('/'), { expect: { json: { status: 'ok' } } })
    expect(finding).toMatchObject({ reason: 'body', message: expect.stringContaining('is not JSON: ready') })
  })

  test('is held against patterns for its body and its headers', async () => {
    expect((await probe(at('/'), { expect: { body: '^rea.y$', body_not: 'error' } })).outcome).toBe('up')
    const missing = await probe(at('/'), { expect: { body: 'set' } })
    expect(missing).toMatchObject({ outcome: 'down', reason: 'body', phase: 'transfer' })
    expect(metric(missing, 'probe_failed_due_to_regex')).toBe(1)
    expect(await probe(at('/'), { expect: { body_not: 'ready' } })).toMatchObject({ outcome: 'down', reason: 'body' })
    expect((await probe(at('/json'), { expect: { header: { 'Content-Type': 'json' } } })).outcome).toBe('up')
    expect(await probe(at('/json'), { expect: { header: { 'Content-type': '^text' } } })).toMatchObject({
      reason: 'header',
      message: expect.stringContaining('header content-type is application/json, expected to match /^text/'),
    })
    expect(await probe(at('/'), { expect: { header: { 'X-Cache': '.' } } })).toMatchObject({
      message: expect.stringContaining('header x-cache is missing'),
    })
  })

  test.for(['gzip', 'deflate', 'raw', 'br'])('may pack its content (%s)', async (coding) => {
    const finding = await probe(at(`/packed?as=${coding}`), { expect: { json: { status: 'ok' } } })
    expect(finding.outcome).toBe('up')
    expect(metric(finding, 'probe_http_uncompressed_body_length')).toBe(66)
  })

  test('whose content is too long, unpacks to too much or can not be unpacked is down', async () => {
    for (const [path, words] of [
      ['/huge', 'longer than 10 MiB'],
      ['/bomb', 'unpacks to more than 10 MiB'],
      ['/packed-wrongly', 'not valid gzip'],
    ] as const) {
      const finding = await probe(at(path))
      expect(finding).toMatchObject({ outcome: 'down', reason: 'body', message: expect.stringContaining(words) })
    }
  })

  test('that answers later than it may is degraded', async () => {
    const finding = await probe(at('/'), { expect: { latency: '0' } })
    expect(finding).toMatchObject({ outcome: 'degraded', reason: 'latency' })
    expect(finding).toMatchObject({ message: expect.stringMatching(/answered after \d+ms, expected at most 0s/) })
    expect((await probe(at('/'), { expect: { latency: '1m' } })).outcome).toBe('up')
  })

  test.for([
    ['/silent', 'processing'],
    ['/slow-body', 'transfer'],
  ] as const)('that stops at %s is down by timeout in the phase %s', async ([path, phase]) => {
    const finding = await findingWhenOver(
      (context) => probe(at(path), {}, context),
      () => lastSeen().url === path,
      { timeoutMs: 150 },
    )
    expect(finding).toMatchObject({ outcome: 'down', reason: 'timeout', phase })
    expect(finding).toMatchObject({ message: expect.stringContaining('timed out after 150ms, waiting for') })
  })

  describe('that redirects', () => {
    const to = (url: string, status = 302) => at(`/to?with=${status}&url=${encodeURIComponent(url)}`)

    test('is followed, each time with its own connection, and the phases are summed', async () => {
      const finding = await probe(to('/json'), { expect: { json: { status: 'ok' } } })
      expect(finding).toMatchObject({ outcome: 'up', details: { redirects: 1, final_url: at('/json') } })
      expect(metric(finding, 'probe_http_redirects')).toBe(1)
    })

    test('turns a POST into a GET without a body, but not with 307 or 308', async () => {
      const options = { method: 'POST', body: 'x', headers: { 'Content-Type': 'text/plain' } }
      for (const status of [301, 302, 303]) {
        await probe(to('/json', status), options)
        expect(lastSeen()).toMatchObject({ method: 'GET', body: '', url: '/json' })
        expect(lastSeen().headers).not.toHaveProperty('content-type')
      }
      for (const status of [307, 308]) {
        await probe(to('/json', status), options)
        expect(lastSeen()).toMatchObject({ method: 'POST', body: 'x', url: '/json' })
      }
    })

    test('gets credentials again on the same server, and another server does not get them', async () => {
      const options = {
        bearer_token: 'abc',
        headers: {
          Cookie: 'session=1',
          'X-Api-Key': 'key',
          'X-Way-In': 'key',
          Accept: 'text/plain',
          Host: 'shop.example.org',
        },
      }
      await probe(to('/json'), options)
      expect(lastSeen().headers).toMatchObject({
        authorization: 'Bearer abc',
        cookie: 'session=1',
        host: 'shop.example.org',
      })
      await probe(to(`http://${other.address}/`), options)
      const { headers } = lastSeen()
      expect(headers).toMatchObject({ accept: 'text/plain', host: other.address })
      for (const name of ['authorization', 'cookie', 'x-api-key', 'x-way-in']) expect(headers).not.toHaveProperty(name)
    })

    test('to a forbidden address is not followed', async () => {
      const context = { addressPolicy: 'no-link-local' } as const
      const finding = await probe(to('http://169.254.169.254/latest/meta-data'), {}, context)
      expect(finding).toMatchObject({ outcome: 'down', reason: 'forbidden', phase: 'resolve' })
      expect(metric(finding, 'probe_http_redirects')).toBe(1)
    })

    test.for(['file:///etc/passwd', 'ftp://example.org/', 'javascript:1'])('to %s is not followed', async (url) => {
      expect(await probe(to(url))).toMatchObject({
        outcome: 'down',
        reason: 'forbidden',
        message: expect.stringContaining('only http and https are followed'),
      })
    })

    test('to nothing that is a URL is down', async () => {
      expect(await probe(to('http://[:/'))).toMatchObject({ outcome: 'down', reason: 'protocol' })
    })

    test('more than ten times is down', async () => {
      await using loop = await listen(createServer((_, response) => response.writeHead(302, { Location: '/' }).end()))
      const finding = await probe(`http://${loop.address}/`)
      expect(finding).toMatchObject({
        outcome: 'down',
        message: expect.stringContaining('redirects more than 10 times'),
      })
      expect(loop.connections()).toBe(11)
    })

    test('is an answer of its own where redirects are not followed', async () => {
      const options = { follow_redirects: false, expect: { status: 302, header: { Location: '^/json$' } } }
      expect((await probe(to('/json'), options)).outcome).toBe('up')
    })
  })

  test('closes its connections with every outcome', async () => {
    await Promise.all(
      [['/'], ['/status?is=500'], ['/huge'], ['/silent', { timeoutMs: 50 }]].map(([path, context]) =>
        probe(at(path as string), {}, context as Partial<ProbeContext>),
      ),
    )
    await server.allClosed()
  })
})

describe('a server of another kind', () => {
  test('that nobody runs is refused', async () => {
    const finding = await probe(`http://127.0.0.1:${await closedPort()}/`)
    expect(finding).toMatchObject({ outcome: 'down', reason: 'refused', phase: 'connect' })
    expect(metric(finding, 'probe_http_duration_seconds', 'resolve')).toEqual(expect.any(Number))
  })

  test('whose name does not exist can not be resolved', async () => {
    const finding = await probe('http://shop.invalid/')
    expect(finding).toMatchObject({ outcome: 'down', reason: 'dns', phase: 'resolve' })
    expect(finding.metrics.filter(({ name }) => name === 'probe_http_duration_seconds')).toHaveLength(1)
  })

  test('that hangs up without an answer is a reset', async () => {
    await using server = await listenTcp((socket) => socket.once('data', () => socket.end()))
    expect(await probe(`http://${server.address}/`)).toMatchObject({ reason: 'reset', phase: 'processing' })
  })

  test('that resets the connection is a reset', async () => {
    await using server = await listenTcp((socket) => socket.once('data', () => socket.resetAndDestroy()))
    expect(await probe(`http://${server.address}/`)).toMatchObject({ reason: 'reset', phase: 'processing' })
  })

  test('that speaks something else is named by what it said', async () => {
    await using server = await listenTcp((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'))
    expect(await probe(`http://${server.address}/`)).toMatchObject({
      reason: 'protocol',
      message: expect.stringContaining('not answer with HTTP/1 but with "SSH-2.0-OpenSSH_9.2"'),
    })
  })

  test.for([
    ['127.0.0.1', 'public-only'],
    ['localhost', 'public-only'],
    ['0x7f.1', 'public-only'],
    ['2130706433', 'public-only'],
    ['[::ffff:127.0.0.1]', 'public-only'],
    ['169.254.169.254', 'no-link-local'],
    ['[fe80::1]', 'no-link-local'],
  ] as const)('%s is not connected to where the policy is %s', async ([host, addressPolicy]) => {
    await using server = await listenTcp(() => undefined)
    const finding = await probe(`http://${host}:${server.port}/`, {}, { addressPolicy })
    expect(finding).toMatchObject({ outcome: 'down', reason: 'forbidden', phase: 'resolve' })
    expect(server.connections()).toBe(0)
  })
})

describe('a web server with a certificate', () => {
  const days = (count: number) => new Date(Date.now() + count * 86_400_000)
  const serve = (certificate = makeCertificate()) =>
    listen(createSecureServer(certificate, (request, response) => response.end(JSON.stringify(request.headers))))

  test('that is trusted is up and tells when it expires', async () => {
    const authority = makeCertificate({ subject: { CN: 'Example Root' }, names: [], isAuthority: true })
    await using root = await keepFile('root.pem', authority.cert)
    await using server = await serve(makeCertificate({ issuer: authority, names: ['localhost'] }))
    const options = { tls: { ca_file: root.path }, expect: { certificate: '14d' } }
    const finding = await probe(`https://localhost:${server.port}/`, options)
    expect(finding).toMatchObject({ outcome: 'up', details: { certificate_days: 89 } })
    expect(metric(finding, 'probe_http_ssl')).toBe(1)
    expect(metric(finding, 'probe_tls_version_info', 'TLS 1.3')).toBe(1)
    expect(metric(finding, 'probe_tls_cipher_info')).toBe(1)

    const wrongName = await probe(`https://127.0.0.1:${server.port}/`, options)
    expect(wrongName).toMatchObject({
      outcome: 'down',
      reason: 'tls',
      phase: 'tls',
      message: expect.stringContaining('the certificate is for DNS:localhost and not for 127.0.0.1'),
    })
    const named = await probe(`https://127.0.0.1:${server.port}/`, {
      tls: { ca_file: root.path, server_name: 'localhost' },
    })
    expect(named.outcome).toBe('up')
    const byHeader = await probe(`https://127.0.0.1:${server.port}/`, { ...options, headers: { Host: 'localhost:99' } })
    expect(byHeader.outcome).toBe('up')
  })

  test('that expires too soon is degraded', async () => {
    await using server = await serve(makeCertificate({ until: days(5.5) }))
    const options = { tls: { insecure_skip_verify: true }, expect: { certificate: '14d' } }
    expect(await probe(`https://${server.address}/`, options)).toMatchObject({
      outcome: 'degraded',
      reason: 'certificate',
      message: expect.stringMatching(/the certificate expires in 5 days, on \d{4}-\d\d-\d\d; expected at least 2w/),
    })
  })

  test('that is not trusted is down, with the reason in words', async () => {
    await using selfSigned = await serve()
    expect(await probe(`https://${selfSigned.address}/`)).toMatchObject({
      reason: 'tls',
      message: expect.stringContaining('is self-signed and not trusted here'),
    })
    const authority = makeCertificate({ subject: { CN: 'Example Root' }, names: [], isAuthority: true })
    await using root = await keepFile('root.pem', authority.cert)
    const tls = { ca_file: root.path }
    await using expired = await serve(makeCertificate({ issuer: authority, from: days(-20), until: days(-2) }))
    expect(await probe(`https://${expired.address}/`, { tls })).toMatchObject({
      reason: 'tls',
      message: expect.stringContaining('the certificate expired on '),
    })
    await using future = await serve(makeCertificate({ issuer: authority, from: days(2) }))
    expect(await probe(`https://${future.address}/`, { tls })).toMatchObject({
      reason: 'tls',
      message: expect.stringContaining('the certificate is valid only from '),
    })
  })

  test('is not sent anything before its certificate was judged', async () => {
    let requests = 0
    await using server = await listen(createSecureServer(makeCertificate(), () => requests++))
    await probe(`https://${server.address}/`, { bearer_token: 'abc' })
    await server.allClosed()
    expect(requests).toBe(0)
  })

  test('that should have one and has none is named', async () => {
    await using plain = await listen(createServer((_, response) => response.end()))
    expect(await probe(`https://${plain.address}/`)).toMatchObject({
      reason: 'tls',
      message: expect.stringContaining('does not speak TLS on this port'),
    })
    expect(await probe(`http://${plain.address}/`, { expect: { certificate: '14d' } })).toMatchObject({
      outcome: 'degraded',
      reason: 'certificate',
    })
  })

  test('that asks for a client certificate and gets none is named, though TLS 1.3 tells only afterwards', async () => {
    const authority = makeCertificate({ subject: { CN: 'Example Root' }, names: [], isAuthority: true })
    const options = { ...makeCertificate(), ca: authority.cert, requestCert: true, rejectUnauthorized: true }
    await using server = await listen(createSecureServer(options, (_, response) => response.end()))
    expect(await probe(`https://${server.address}/`, { tls: { insecure_skip_verify: true } })).toMatchObject({
      outcome: 'down',
      reason: 'tls',
      message: expect.stringContaining('the server asks for a client certificate'),
    })
  })

  test('can not be judged where our own file is missing', async () => {
    await using server = await serve()
    const finding = await probe(`https://${server.address}/`, { tls: { ca_file: '/nonexistent/ca.pem' } })
    expect(finding).toMatchObject({ outcome: 'unknown', reason: 'internal', phase: 'tls' })
  })
})

describe('the configuration', () => {
  const problem = (options: Options) =>
    http.config
      .safeParse({ http: 'http://shop.example.org/', ...options })
      .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)

  test.for([
    [{ http: 'shop.example.org' }, 'http: "shop.example.org" is not a URL; write https://shop.example.org/health'],
    [{ http: 'ftp://shop.example.org' }, 'does not begin with http:// or https://'],
    [{ http: 'http://me:secret@shop.example.org' }, 'write basic_auth'],
    [{ body: 'x' }, 'body: is sent with GET'],
    [{ method: 'CONNECT' }, 'method: CONNECT asks for a tunnel'],
    [{ method: 'GET /' }, 'method: is not a method'],
    [{ headers: { 'a b': 'x' } }, 'headers.a b: "a b" is not a header name'],
    [{ headers: { A: 'x\r\ny: z' } }, 'has a line break'],
    [{ bearer_token: 'a', headers: { authorization: 'b' } }, 'more than one Authorization'],
    [{ expect: { json: { '$..x': 1 } } }, 'is not a place in JSON'],
    [{ expect: { latency: 800 } }, 'expect.latency: 800 is not a duration; write 800s'],
    [{ expect: { body: '(?=x)' } }, 'not a regular expression that RE2 accepts'],
    [{ expect: { status: 'fine' } }, 'expect.status: "fine" is not a status; write 2xx'],
  ] as const)('refuses %j and says what to write', ([options, words]) => {
    expect(problem(options)?.join('\n')).toContain(words)
  })

  test('shows the address without secrets as instance', () => {
    const config = http.config.parse({ http: 'https://shop.example.org/health?token=abc&page=1#x' })
    expect(http.instance(config)).toBe('https://shop.example.org/health?token=***&page=1')
  })
})
