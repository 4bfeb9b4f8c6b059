import { createServer as createHttp, type IncomingMessage } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { connect, type Socket } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ForbiddenAddressError } from '../../src/lib/address.ts'
import { httpPost, type PostRequest, ProxyError } from '../../src/lib/http-post.ts'
import { makeCertificate } from '../support/certificate.ts'
import { listen, listenTcp } from '../support/listen.ts'

const trusted = makeCertificate({ names: ['service.example.org', '127.0.0.1'], isAuthority: true })
const usual = getCACertificates('default')
beforeAll(() => setDefaultCACertificates([...usual, trusted.cert]))
afterAll(() => setDefaultCACertificates(usual))

function request(url: string, overrides: Partial<PostRequest> = {}): PostRequest {
  const signal = AbortSignal.timeout(50_000)
  return { url: new URL(url), headers: {}, body: 'größer', signal, policy: 'any', proxy: undefined, ...overrides }
}

async function text(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** Says back what it was sent. */
const echo = async (asked: IncomingMessage, response: import('node:http').ServerResponse) =>
  response.setHeader('x-length', asked.headers['content-length'] ?? '').end(await text(asked))

/** A proxy that leads every tunnel to one server, and notes what it was asked for. */
async function proxyTo(port: number) {
  const asked: IncomingMessage[] = []
  const server = createHttp(echo)
  server.on('request', (one: IncomingMessage) => void asked.push(one))
  server.on('connect', (one: IncomingMessage, socket: Socket) => {
    asked.push(one)
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
  })
  const listener = await listen(server)
  return { asked, listener, url: new URL(`http://me:p%40ss@${listener.address}`) }
}

test('sends the body with its length in bytes and gives the answer', async () => {
  await using server = await listen(createHttp(echo))
  const answer = await httpPost(request(`http://${server.address}/`))
  expect(answer).toMatchObject({ status: 200, text: 'größer', headers: { 'x-length': '8' } })
})

test('of a long answer the beginning is enough', async () => {
  await using server = await listen(createHttp((_asked, response) => response.end('x'.repeat(1_000_000))))
  expect((await httpPost(request(`http://${server.address}/`))).text).toHaveLength(64 * 1024)
})

test('a success whose body breaks off is a success', async () => {
  await using server = await listen(
    createHttp((_asked, response) => {
      response.writeHead(200, { 'content-length': 10 })
      response.write('ok', () => response.destroy())
    }),
  )
  expect(await httpPost(request(`http://${server.address}/`))).toMatchObject({ status: 200, text: 'ok' })
})

test('what does not speak HTTP is an error', async () => {
  await using server = await listenTcp((socket) => void socket.end('220 mail.example.org\r\n'))
  await expect(httpPost(request(`http://${server.address}/`))).rejects.toThrow(/Parse Error/)
})

test('an address that the policy does not allow gets no connection, by number or by name', async () => {
  await using server = await listen(createHttp(echo))
  for (const host of ['127.0.0.1', '2130706433', '[::ffff:127.0.0.1]', 'localhost']) {
    const sent = httpPost(request(`http://${host}:${server.port}/`, { policy: 'public-only' }))
    await expect(sent).rejects.toBeInstanceOf(ForbiddenAddressError)
  }
  expect(server.connections()).toBe(0)
})

test('a certificate that nobody vouches for ends it before anything is sent', async () => {
  const stranger = makeCertificate()
  let asked = 0
  await using server = await listen(createHttps({ cert: stranger.cert, key: stranger.key }, () => asked++))
  await expect(httpPost(request(`https://${server.address}/`))).rejects.toThrow(/self-signed/)
  expect(asked).toBe(0)
})

describe('through a proxy', () => {
  test('https goes by a tunnel to the name, whose certificate is judged as ever', async () => {
    await using server = await listen(createHttps({ cert: trusted.cert, key: trusted.key }, echo))
    const proxy = await proxyTo(server.port)
    await using _ = proxy.listener
    const answer = await httpPost(request('https://service.example.org/hook', { proxy: proxy.url }))
    expect(answer).toMatchObject({ status: 200, text: 'größer' })
    const [tunnel] = proxy.asked
    expect([tunnel?.method, tunnel?.url]).toEqual(['CONNECT', 'service.example.org:443'])
    expect(tunnel?.headers['proxy-authorization']).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`)
    expect((await httpPost(request('https://127.0.0.1/', { proxy: proxy.url }))).text).toBe('größer')
    for (const host of ['other.example.org', '127.0.0.2']) {
      const other = httpPost(request(`https://${host}/`, { proxy: proxy.url }))
      await expect(other).rejects.toThrow(/does not match certificate's altnames|is not in the cert's list/)
    }
  })

  test('http goes to the proxy with its whole address, and its credentials stay there', async () => {
    const proxy = await proxyTo(1)
    await using _ = proxy.listener
    await httpPost(request('http://service.example.org/hook?a=1', { proxy: proxy.url }))
    const [asked] = proxy.asked
    expect([asked?.url, asked?.headers.host]).toEqual(['http://service.example.org/hook?a=1', 'service.example.org'])
    expect(asked?.headers.authorization).toBeUndefined()
  })

  test('a proxy that refuses says so', async () => {
    await using server = await listen(createHttp((_asked, response) => response.writeHead(407).end()))
    const proxy = new URL(`http://${server.address}`)
    const refused = listen(
      createHttp().on('connect', (_asked, socket: Socket) => void socket.end('HTTP/1.1 407 Proxy Auth\r\n\r\n')),
    )
    await using refusing = await refused
    await expect(
      httpPost(request('https://service.example.org/', { proxy: new URL(`http://${refusing.address}`) })),
    ).rejects.toThrow(new ProxyError(`the proxy ${refusing.address} answered 407 Proxy Auth`))
    expect((await httpPost(request('http://service.example.org/', { proxy }))).status).toBe(407)
  })

  test('a proxy that hangs is left when the time is over', async () => {
    await using server = await listen(
      createHttp().on('connect', (_asked, socket: Socket) => void socket.resume().on('end', () => socket.end())),
    )
    const stop = new AbortController()
    const sent = httpPost(
      request('https://service.example.org/', { proxy: new URL(`http://${server.address}`), signal: stop.signal }),
    )
    sent.catch(() => {})
    while (server.connections() === 0) await new Promise((resolve) => setImmediate(resolve))
    stop.abort(new Error('over'))
    await expect(sent).rejects.toThrow()
    await server.allClosed()
  })

  test('a proxy at a forbidden address is not asked', async () => {
    const proxy = new URL('http://169.254.169.254:3128')
    const sent = httpPost(request('https://service.example.org/', { proxy, policy: 'no-link-local' }))
    await expect(sent).rejects.toBeInstanceOf(ForbiddenAddressError)
  })
})

test('a signal that has ended already sends nothing', async () => {
  await using server = await listen(createHttp(echo))
  const signal = AbortSignal.abort(new Error('too late'))
  await expect(httpPost(request(`http://${server.address}/`, { signal }))).rejects.toThrow('too late')
  expect(server.connections()).toBe(0)
})
