import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { StorageError } from '../../src/store/operation.ts'
import type { WebContext } from '../../src/web/context.ts'
import { type Answer, type TestWeb, testWeb } from '../support/web.ts'

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const traceparent = `00-${TRACE_ID}-00f067aa0ba902b7-01`
const WHERE = '/srv/midwatch/data/midwatch.db'

let web: TestWeb
let outside: TestWeb

beforeAll(async () => {
  const config = 'checks: [{ name: backup, heartbeat: { period: 1h } }]'
  const broken: Partial<WebContext> = {
    checks() {
      throw new Error(`ENOENT: no such file or directory, open '${WHERE}'`)
    },
    reload: async () => {
      throw new StorageError(`disk I/O error at ${WHERE}`, 'SQLITE_IOERR')
    },
  }
  web = await testWeb({ config, context: broken })
  outside = await testWeb({
    config: `server: { listen: ":8420", tokens: [{ name: eye, token: only-for-reading-0, scopes: [read] }] }\n${config}`,
  })
})
afterAll(async () => {
  await web[Symbol.asyncDispose]()
  await outside[Symbol.asyncDispose]()
})

interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

async function ask(of: TestWeb, path: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Answer> {
  const response = await of.web.request(path, { method, headers, ...(body === undefined ? {} : { body }) })
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined }
}

const json = { 'content-type': 'application/json' }
const reader = { authorization: 'Bearer only-for-reading-0' }

/** Every status that our own addresses refuse with, and a request that is refused so. */
const REFUSALS: readonly (readonly [status: number, of: () => TestWeb, path: string, asked: Asked])[] = [
  [400, () => web, '/api/v1/metrics', { method: 'POST', headers: json, body: '{' }],
  [400, () => web, '/api/v1/audit?page=0', {}],
  [400, () => web, '/metrics?format=xml', {}],
  [401, () => outside, '/api/v1/audit', {}],
  [401, () => outside, '/api/v1/query?query=up', {}],
  [403, () => outside, '/api/v1/tokens', { headers: reader }],
  [403, () => web, '/-/reload', { method: 'POST', headers: { origin: 'https://evil.example.org' } }],
  [404, () => web, '/api/v1/traces/4bf92f3577b34da6a3ce929d0e0e4737', {}],
  [404, () => web, '/nothing/here', {}],
  [404, () => web, '/docs/runbooks/nothing', {}],
  [404, () => web, '/assets/nothing.css', {}],
  [405, () => web, '/api/v1/audit', { method: 'DELETE' }],
  [413, () => web, '/api/v1/tokens', { method: 'POST', headers: json, body: ' '.repeat(2_000_000) }],
  [415, () => web, '/api/v1/metrics', { method: 'POST', headers: { 'content-encoding': 'snappy' }, body: '{}' }],
  [415, () => web, '/api/v1/metrics', { method: 'POST', headers: { 'content-encoding': 'constructor' }, body: '{}' }],
  [421, () => web, '/api/v1/audit', { headers: { host: 'evil.example.org' } }],
  [422, () => web, '/api/v1/metrics', { method: 'POST', headers: json, body: '[{"foo":1}]' }],
  [422, () => web, '/api/v1/tokens', { method: 'POST', headers: json, body: '{"name":"a b"}' }],
  [500, () => web, '/api/v1/checks', {}],
  [503, () => web, '/-/reload', { method: 'POST' }],
]

describe('our own addresses refuse in one shape', () => {
  test.each(REFUSALS)('%i', async (status, of, path, asked) => {
    const answer = await ask(of(), path, { ...asked, headers: { ...asked.headers, traceparent } })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.json).toEqual({
      type: 'about:blank',
      title: expect.stringMatching(/^[A-Z]/),
      status,
      detail: expect.stringMatching(/.{10}/),
      instance: path.replace(/\?.*/, ''),
      trace_id: TRACE_ID,
      ...(answer.json.errors === undefined ? {} : { errors: expect.any(Array) }),
    })
    expect(answer.headers.get('traceparent')).toContain(TRACE_ID)
    expect(answer.text).not.toMatch(/\/srv\/|\/src\/|\.ts\b|node:| {4}at /)
    expect(answer.headers.has('retry-after')).toBe(status === 503)
    expect(answer.headers.has('www-authenticate')).toBe(status === 401)
  })

  test('a trace id is made where none came, or none that is one, and the log has it beside the cause', async () => {
    for (const given of [
      undefined,
      '',
      'x',
      `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
      `ff-${TRACE_ID}-00f067aa0ba902b7-01`,
    ]) {
      const { json, headers } = await ask(web, '/api/v1/checks', {
        headers: given === undefined ? {} : { traceparent: given },
      })
      expect(json.trace_id).toMatch(/^(?!0{32})[0-9a-f]{32}$/)
      expect(json.trace_id).not.toBe(TRACE_ID)
      expect(headers.get('traceparent')).toMatch(new RegExp(`^00-${json.trace_id}-[0-9a-f]{16}-0[01]$`))
      expect(web.logged.some((line) => line.includes(json.trace_id) && line.includes(WHERE))).toBe(true)
    }
  })

  test.each([
    '/',
    '/checks/backup',
    '/health',
    '/metrics',
    '/api/v1/query?query=1',
    '/ping/backup',
    '/login',
    '/favicon.ico',
  ])('the trace that a request belongs to is answered in its headers: %s', async (path) => {
    await using fine = await testWeb({ config: 'checks: [{ name: backup, heartbeat: { period: 1h } }]' })
    const { headers, status } = await ask(fine, path, { headers: { traceparent } })
    expect(status).toBeLessThan(405)
    expect(headers.get('traceparent')).toContain(TRACE_ID)
  })
})

test.each([
  ['/api/v1/query', 'bad_data', 400],
  ['/api/v1/query?query=1%2B', 'bad_data', 400],
  ['/api/v1/query?query=up&timeout=x', 'bad_data', 400],
  ['/api/v1/query_range?query=up&start=2&end=1&step=1', 'bad_data', 400],
  ['/api/v1/series', 'bad_data', 400],
  ['/api/v1/rules?type=x', 'bad_data', 400],
])("addresses of Prometheus refuse in Prometheus' shape: %s", async (path, errorType, status) => {
  const answer = await ask(web, path)
  expect([answer.status, answer.json]).toEqual([status, { status: 'error', errorType, error: expect.any(String) }])
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
})

describe('pings are refused in plain text', () => {
  test.each([
    [() => web, '/ping/', {}, 400],
    [() => web, '/ping/a/b/c/d/e', {}, 400],
    [() => web, '/ping/%ff', {}, 400],
    [() => web, '/ping/nobody', {}, 404],
    [() => web, '/ping/backup?rid=x', {}, 400],
    [() => web, '/ping/backup', { headers: { origin: 'https://evil.example.org' } }, 403],
    [() => outside, '/ping/backup', {}, 401],
    [() => outside, '/ping/backup', { headers: reader }, 403],
    [() => web, '/ping/backup', { method: 'DELETE' }, 405],
  ] as const)('%s %s', async (of, path, asked, status) => {
    const answer = await ask(of(), path, asked)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, expect.stringMatching(/^text\/plain/)])
    expect(answer.text).toMatch(/^[A-Za-z][^\n{<]*\n?$/)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  })
})
