import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Listening, listen } from '../../src/web/server.ts'
import { type TestWeb, testWeb } from '../support/web.ts'

/** Of a server that is asked slowly; whatever is to be answered in full has the usual time for it. */
const LITTLE_PATIENCE = { headersMs: 200, requestMs: 400, everyMs: 50 }

let web: TestWeb
let server: Listening
let hasty: Listening

beforeAll(async () => {
  web = await testWeb({ config: 'checks: [{ name: backup, heartbeat: { period: 1h } }]' })
  server = await listen(web.web, '127.0.0.1', 0)
  hasty = await listen(web.web, '127.0.0.1', 0, LITTLE_PATIENCE)
})
afterAll(async () => {
  await server.close()
  await hasty.close()
  await web[Symbol.asyncDispose]()
})

/** Writes bytes as they are, part by part, and gives everything that comes back until the other side closes. */
async function say(
  parts: string | AsyncIterable<string> | Iterable<string>,
  { port }: Listening = server,
): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const closed = closeOf(socket)
  let answer = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text
  })
  // A server that has said its word may close before all of ours is read.
  socket.on('error', () => undefined)
  for await (const part of typeof parts === 'string' ? [parts] : parts) {
    if (socket.destroyed) break
    socket.write(part, 'latin1')
  }
  await closed
  return answer
}

function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

function request(line: string, ...headers: string[]): string {
  return [`${line} HTTP/1.1`, `Host: 127.0.0.1:${server.port}`, 'Connection: close', ...headers, '', ''].join('\r\n')
}

function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)
}

/** No answer tells where on the machine midwatch is, or what its code looks like. */
function expectNothingOfTheMachine(answer: string): void {
  expect(answer).not.toMatch(/node_modules|\.tsx?\b|\.cjs|node:internal|\n {4}at |\/src\/|\/tmp\//)
}

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const body = '[{"name":"a_total","type":"counter","add":1}]'

describe('what is no plain request', () => {
  test.each([
    ['two lengths', ['POST /api/v1/metrics', 'Content-Length: 5', 'Content-Length: 6'], 400],
    ['two lengths in one', ['POST /api/v1/metrics', 'Content-Length: 5, 6'], 400],
    ['a length that is none', ['POST /api/v1/metrics', 'Content-Length: +5'], 400],
    ['a length and chunks', ['POST /api/v1/metrics', 'Content-Length: 5', 'Transfer-Encoding: chunked'], 400],
    ['chunks that are not last', ['POST /api/v1/metrics', 'Transfer-Encoding: chunked, identity'], 400],
    ['a coding of its own', ['POST /api/v1/metrics', 'Transfer-Encoding: xchunked'], 400],
    ['a space before the colon', ['GET /health/live', 'X-A : b'], 400],
    ['a folded header', ['GET /health/live', 'X-A: b\r\n c'], 400],
    ['a control character', ['GET /health/live', 'X-A: b\x00c'], 400],
    ['a second host', ['GET /health/live', 'Host: evil.example.org'], 421],
    ['a method nobody knows', ['BREW /health/live'], 400],
    ['the address of a proxy', ['CONNECT 169.254.169.254:80'], 0],
    ['a long header', ['GET /health/live', `X-A: ${'a'.repeat(20_000)}`], 431],
    ['a long cookie', ['GET /health/live', `Cookie: midwatch_session=${'a'.repeat(20_000)}`], 431],
    ['a long address', [`GET /${'a'.repeat(20_000)}`], 431],
    ['thousands of headers', ['GET /health/live', ...Array.from({ length: 3000 }, (_, i) => `X-${i}: a`)], 431],
  ] as const)('%s: %j', async (_name, [line, ...headers], status) => {
    const answer = await say(request(line, ...headers))
    expect(statusOf(answer)).toBe(status)
    expectNothingOfTheMachine(answer)
  })

  test.each([
    ['TRACE /health/live', 405],
    ['OPTIONS /health/live', 405],
    ['OPTIONS *', 404],
    ['PUT /api/v1/audit', 405],
    ['GET /api/v1/nothing', 404],
    ['GET /%zz', 404],
    ['GET /checks/%ff%fe', 404],
    ['GET /checks/%00', 404],
    ['GET /..%2f..%2fetc/passwd', 404],
    ['GET /assets/..%2f..%2fmidwatch.db', 404],
    ['GET //health/live', 404],
    ['GET /health//live', 404],
    ['GET \\health\\live', 400],
  ])('%s is answered %i', async (line, status) => {
    const answer = await say(request(line, 'X-Canary: canary-of-a-header', 'Cookie: a=canary-of-a-cookie'))
    expect([400, status]).toContain(statusOf(answer))
    expect(answer).not.toContain('canary-of-a')
    expectNothingOfTheMachine(answer)
  })

  test('HEAD has the headers of GET and no body', async () => {
    const answer = await say(request('HEAD /health/live'))
    expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\n$/)
    expect(answer).toMatch(/content-type: application\/json/i)
  })

  test('a 405 says what is taken', async () => {
    expect(await say(request('DELETE /health/live'))).toMatch(/\r\nallow: GET, HEAD\r\n/i)
    expect(await say(request('PUT /api/v1/audit'))).toMatch(/\r\nallow: GET, HEAD, POST\r\n/i)
  })
})

describe('the name it is called by', () => {
  const named = (host: string, line = 'GET /health/live') =>
    say(`${line} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)

  test.each(['127.0.0.1', '127.0.0.1:80', 'localhost:8420', '[::1]:8420', 'LOCALHOST', 'midwatch.localhost'])(
    'may be %s',
    async (host) => expect(statusOf(await named(host))).toBe(200),
  )

  test.each([
    'evil.example.org',
    'evil.example.org:8420',
    'localhost.evil.example.org',
    '127.0.0.1.nip.example.org',
    '2130706433',
    'localhost@evil.example.org',
    '127.0.0.1:80@evil.example.org',
    'evil.example.org#localhost',
    '',
  ])('may not be %s, which a page of another site can make its own', async (host) => {
    const answer = await named(host)
    expect([400, 421]).toContain(statusOf(answer))
    expect(answer).not.toContain('alive')
  })

  test('is that of the Host header also where the first line names another', async () => {
    expect(statusOf(await named('evil.example.org', 'GET http://127.0.0.1/health/live'))).toBe(421)
  })

  test('does not matter where a token is needed: names of containers change', async () => {
    await using outside = await testWeb({ config: 'server: { listen: "0.0.0.0:8420" }' })
    const headers = { host: 'midwatch:8420' }
    expect((await outside.get('/health/live', headers)).status).toBe(200)
    expect((await outside.get('/api/v1/tokens', headers)).status).toBe(401)
  })
})

describe('a body', () => {
  test('in chunks that never end is refused at the limit, and the connection ends', async () => {
    const socket = connect(server.port, '127.0.0.1')
    socket.on('error', () => undefined)
    const closed = closeOf(socket)
    socket.write(request('POST /api/v1/metrics', 'Content-Type: application/json', 'Transfer-Encoding: chunked'))
    const answered = once(socket, 'data')
    // One more than is taken; what comes behind it is not read any more.
    for (let i = 0; i <= 4; i++) socket.write(chunk(' '.repeat(1024 * 1024)))
    expect(statusOf(String((await answered)[0]))).toBe(413)
    const endless = setInterval(() => socket.write(chunk('more')), 5)
    await closed
    clearInterval(endless)
  })

  test('that is announced too long is refused before it comes', async () => {
    const answer = await say(request('POST /api/v1/metrics', 'Content-Length: 99999999999'))
    expect(statusOf(answer)).toBe(413)
  })

  test.each([
    ['POST /api/v1/metrics', 'Content-Type: application/json', 'Content-Length: 1000'],
    ['POST /api/v1/query', 'Content-Type: application/x-www-form-urlencoded', 'Transfer-Encoding: chunked'],
    ['POST /login', 'Content-Type: application/x-www-form-urlencoded', 'Content-Length: 1000'],
  ])('that stops in the middle is waited for no longer than a request may take: %s', async (line, ...headers) => {
    const parts = [request(line, ...headers), headers.includes('Transfer-Encoding: chunked') ? '5\r\nab' : 'ab']
    const startMs = performance.now()
    expect(statusOf(await say(parts, hasty))).toBe(408)
    // Far more than that, and far less than the minute that is usual.
    expect(performance.now() - startMs).toBeLessThan(20_000)
  })

  test('in chunks that are none is no body', async () => {
    const answer = await say([request('POST /api/v1/metrics', 'Transfer-Encoding: chunked'), 'zz\r\n'])
    expect(statusOf(answer)).toBe(400)
  })

  test('with a second request in it is still one body', async () => {
    const smuggled = `${body}GET /api/v1/tokens HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`
    const answer = await say(
      request('POST /api/v1/metrics', 'Content-Type: application/json', `Content-Length: ${smuggled.length}`) +
        smuggled,
    )
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(statusOf(answer)).toBe(400)
  })
})

test('headers that trickle are waited for no longer than headers may take', async () => {
  async function* slowly() {
    yield 'GET /health/live HTTP/1.1\r\n'
    // In the whole not too long to be read, and without an end before the usual 15 s are over.
    for (let i = 0; i < 1000; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      yield `X-${i}: a\r\n`
    }
  }
  const startMs = performance.now()
  expect(statusOf(await say(slowly(), hasty))).toBe(408)
  expect(performance.now() - startMs).toBeLessThan(10_000)
})
