import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HealthBoard } from '../../src/health/health-board.ts'
import { down, type Finding } from '../../src/model/finding.ts'
import { createToken, newToken, revokeToken, type Scope } from '../../src/store/tokens.ts'
import { type TestWeb, testWeb } from '../support/web.ts'

/** What a route wants: a scope, a reader of pages (who is led to the sign-in), or nothing. */
type Wish = Scope | 'page' | 'nothing'

/** Every route and what it wants; `path` is one that the route answers, where its pattern is none itself. */
const ROUTES: Readonly<Record<string, { readonly wish: Wish; readonly path?: string }>> = {
  'GET /': { wish: 'page' },
  'GET /alerts': { wish: 'page' },
  'GET /alerts/history': { wish: 'page' },
  'GET /alerts/:fingerprint': { wish: 'page', path: '/alerts/0123456789abcdef' },
  'GET /checks/:name': { wish: 'page', path: '/checks/shop' },
  'GET /slos': { wish: 'page' },
  'GET /traces/:id': { wish: 'page', path: '/traces/4bf92f3577b34da6a3ce929d0e0e4736' },

  'GET /health': { wish: 'nothing' },
  'GET /health/live': { wish: 'nothing' },
  'GET /health/ready': { wish: 'nothing' },
  'GET /-/healthy': { wish: 'nothing' },
  'GET /-/ready': { wish: 'nothing' },
  'GET /login': { wish: 'nothing' },
  'POST /login': { wish: 'nothing' },
  'POST /logout': { wish: 'nothing' },
  'GET /docs/runbooks/:name?': { wish: 'nothing', path: '/docs/runbooks' },
  'GET /ack/:token': { wish: 'nothing', path: '/ack/none' },
  'POST /ack/:token': { wish: 'nothing', path: '/ack/none' },
  'GET /assets/*': { wish: 'nothing', path: '/assets/none.css' },
  'GET /favicon.ico': { wish: 'nothing' },

  'GET /metrics': { wish: 'read' },
  'GET /federate': { wish: 'read' },
  'GET /api/v1/alerts': { wish: 'read' },
  'GET /api/v1/alerts/current': { wish: 'read' },
  'GET /api/v1/alerts/history': { wish: 'read' },
  'GET /api/v1/alerts/:fingerprint/timeline': { wish: 'read', path: '/api/v1/alerts/0123456789abcdef/timeline' },
  'GET /api/v1/audit': { wish: 'read' },
  'GET /api/v1/audit/verify': { wish: 'read' },
  'GET /api/v1/channels': { wish: 'read' },
  'GET /api/v1/checks': { wish: 'read' },
  'GET /api/v1/checks/:name': { wish: 'read', path: '/api/v1/checks/shop' },
  'GET /api/v1/dashboards': { wish: 'read' },
  'GET /api/v1/dashboards/:uid': { wish: 'read', path: '/api/v1/dashboards/midwatch-overview' },
  'GET /api/v1/format_query': { wish: 'read' },
  'GET /api/v1/maintenance': { wish: 'read' },
  'POST /api/v1/maintenance': { wish: 'admin' },
  'GET /api/v1/maintenance/:id': { wish: 'read', path: '/api/v1/maintenance/none' },
  'DELETE /api/v1/maintenance/:id': { wish: 'admin', path: '/api/v1/maintenance/none' },
  'GET /api/v1/kpis': { wish: 'read' },
  'GET /api/v1/kpis/:name': { wish: 'read', path: '/api/v1/kpis/none' },
  'GET /api/v1/label/:name/values': { wish: 'read', path: '/api/v1/label/job/values' },
  'GET /api/v1/labels': { wish: 'read' },
  'GET /api/v1/metadata': { wish: 'read' },
  'GET /api/v1/parse_query': { wish: 'read' },
  'GET /api/v1/query': { wish: 'read' },
  'GET /api/v1/query_exemplars': { wish: 'read' },
  'GET /api/v1/query_range': { wish: 'read' },
  'GET /api/v1/rules': { wish: 'read' },
  'GET /api/v1/rule-groups': { wish: 'read' },
  'GET /api/v1/rule-groups/:namespace/:name': { wish: 'read', path: '/api/v1/rule-groups/shop/orders' },
  'GET /config/v1/rules': { wish: 'read' },
  'GET /config/v1/rules/:namespace': { wish: 'read', path: '/config/v1/rules/shop' },
  'GET /config/v1/rules/:namespace/:group': { wish: 'read', path: '/config/v1/rules/shop/orders' },
  'GET /prometheus/config/v1/rules': { wish: 'read' },
  'GET /prometheus/config/v1/rules/:namespace': { wish: 'read', path: '/prometheus/config/v1/rules/shop' },
  'GET /prometheus/config/v1/rules/:namespace/:group': { wish: 'read', path: '/prometheus/config/v1/rules/shop/a' },
  'GET /api/v1/series': { wish: 'read' },
  'GET /api/v1/slos': { wish: 'read' },
  'GET /api/v1/slos/report': { wish: 'read' },
  'GET /api/v1/slos/:id': { wish: 'read', path: '/api/v1/slos/shop-orders' },
  'GET /api/v1/slos/:id/burn-rate': { wish: 'read', path: '/api/v1/slos/shop-orders/burn-rate' },
  'GET /api/v1/status/buildinfo': { wish: 'read' },
  'GET /api/v1/targets': { wish: 'read' },
  'GET /api/v1/traces/:id': { wish: 'read', path: '/api/v1/traces/4bf92f3577b34da6a3ce929d0e0e4736' },
  'POST /api/v1/format_query': { wish: 'read' },
  'POST /api/v1/labels': { wish: 'read' },
  'POST /api/v1/parse_query': { wish: 'read' },
  'POST /api/v1/query': { wish: 'read' },
  'POST /api/v1/query_exemplars': { wish: 'read' },
  'POST /api/v1/query_range': { wish: 'read' },
  'POST /api/v1/series': { wish: 'read' },
  'GET /api/v2/alerts': { wish: 'read' },
  'GET /api/v2/alerts/groups': { wish: 'read' },
  'GET /api/v2/receivers': { wish: 'read' },
  'GET /api/v2/silence/:id': { wish: 'read', path: '/api/v2/silence/none' },
  'GET /api/v2/silences': { wish: 'read' },
  'GET /api/v2/status': { wish: 'read' },

  'GET /ping/*': { wish: 'ingest', path: '/ping/backup' },
  'POST /ping/*': { wish: 'ingest', path: '/ping/backup' },
  'POST /api/v1/audit': { wish: 'ingest' },
  'POST /api/v2/alerts': { wish: 'ingest' },
  'POST /api/v1/metrics': { wish: 'ingest' },
  'POST /api/v1/webhooks/:source': { wish: 'ingest', path: '/api/v1/webhooks/shop' },

  'GET /api/v1/status/config': { wish: 'admin' },
  'GET /api/v1/tokens': { wish: 'admin' },
  'POST /api/v2/silences': { wish: 'admin' },
  'DELETE /api/v2/silence/:id': { wish: 'admin', path: '/api/v2/silence/none' },
  'POST /alerts/:fingerprint/ack': { wish: 'admin', path: '/alerts/af90b7bec0c95108/ack' },
  'POST /alerts/:fingerprint/unack': { wish: 'admin', path: '/alerts/af90b7bec0c95108/unack' },
  'POST /api/v1/alerts/:fingerprint/ack': { wish: 'admin', path: '/api/v1/alerts/af90b7bec0c95108/ack' },
  'DELETE /api/v1/alerts/:fingerprint/ack': { wish: 'admin', path: '/api/v1/alerts/af90b7bec0c95108/ack' },
  'POST /api/v1/tokens': { wish: 'admin' },
  'DELETE /api/v1/tokens/:id': { wish: 'admin', path: '/api/v1/tokens/nobody' },
  'POST /api/v1/channels/:name/test': { wish: 'admin', path: '/api/v1/channels/slack/test' },
  'POST /api/v1/rule-groups': { wish: 'admin' },
  'PUT /api/v1/rule-groups/:namespace/:name': { wish: 'admin', path: '/api/v1/rule-groups/shop/orders' },
  'DELETE /api/v1/rule-groups/:namespace/:name': { wish: 'admin', path: '/api/v1/rule-groups/shop/orders' },
  'POST /config/v1/rules/:namespace': { wish: 'admin', path: '/config/v1/rules/shop' },
  'DELETE /config/v1/rules/:namespace': { wish: 'admin', path: '/config/v1/rules/shop' },
  'DELETE /config/v1/rules/:namespace/:group': { wish: 'admin', path: '/config/v1/rules/shop/orders' },
  'POST /prometheus/config/v1/rules/:namespace': { wish: 'admin', path: '/prometheus/config/v1/rules/shop' },
  'DELETE /prometheus/config/v1/rules/:namespace': { wish: 'admin', path: '/prometheus/config/v1/rules/shop' },
  'DELETE /prometheus/config/v1/rules/:namespace/:group': { wish: 'admin', path: '/prometheus/config/v1/rules/shop/a' },
  'POST /api/v1/slos': { wish: 'admin' },
  'PUT /api/v1/slos/:id': { wish: 'admin', path: '/api/v1/slos/shop-orders' },
  'DELETE /api/v1/slos/:id': { wish: 'admin', path: '/api/v1/slos/shop-orders' },
  'POST /-/reload': { wish: 'admin' },
}

const SCOPES_OF = {
  read: ['read'],
  ingest: ['ingest'],
  'read and ingest': ['read', 'ingest'],
  admin: ['admin'],
} as const
const CALLERS = ['nobody', 'a made-up token', 'a revoked token', ...(Object.keys(SCOPES_OF) as Token[])] as const

type Token = keyof typeof SCOPES_OF
type Caller = (typeof CALLERS)[number]

/** How an address answers a caller: with what it is for, or with a refusal. */
type Outcome = 'answers' | 'token needed' | 'not allowed' | 'sign-in'

function expected(wish: Wish, caller: Caller): Outcome {
  if (wish === 'nothing') return 'answers'
  const scopes: readonly Scope[] = caller in SCOPES_OF ? SCOPES_OF[caller as Token] : []
  if (scopes.length === 0) return wish === 'page' ? 'sign-in' : 'token needed'
  const scope = wish === 'page' ? 'read' : wish
  return scopes.includes(scope) || scopes.includes('admin') ? 'answers' : 'not allowed'
}

async function outcomeOf(response: Response): Promise<Outcome> {
  if (response.status === 401) return (await response.text()).includes('name="token"') ? 'answers' : 'token needed'
  if (response.status === 403) return 'not allowed'
  return response.headers.get('location')?.startsWith('/login') === true ? 'sign-in' : 'answers'
}

let outside: TestWeb
const tokens = new Map<Caller, string>()

beforeAll(async () => {
  outside = await testWeb({
    config: 'server: { listen: ":8420" }\nchecks: [{ name: backup, heartbeat: { period: 1h } }]',
  })
  const { writer } = outside.store
  for (const caller of CALLERS.filter((one) => one !== 'nobody')) {
    const { id, text, hash } = newToken()
    tokens.set(caller, text)
    if (caller === 'a made-up token') continue
    const scopes: readonly Scope[] = caller === 'a revoked token' ? ['admin'] : SCOPES_OF[caller]
    await writer.run(createToken, { id, name: caller.replaceAll(' ', '-'), hash, scopes, nowMs: 0 })
    if (caller === 'a revoked token') await writer.run(revokeToken, { idOrName: id, nowMs: 0 })
  }
})
afterAll(async () => await outside[Symbol.asyncDispose]())

/** The routes of the router itself, without what stands before all of them. */
function routesOf({ web }: TestWeb): readonly string[] {
  const routes = web.routes.filter(({ path }) => path !== '/*').map(({ method, path }) => `${method} ${path}`)
  return [...new Set(routes)].sort()
}

function ask(web: TestWeb, route: string, headers: Record<string, string>): Response | Promise<Response> {
  const [method = '', pattern = ''] = route.split(' ')
  const path = ROUTES[route]?.path ?? pattern
  return web.web.request(path, { method, headers, ...(method === 'POST' ? { body: '' } : {}) })
}

test('every route has a row here, and every row a route', () => {
  expect(routesOf(outside)).toEqual(Object.keys(ROUTES).sort())
})

describe('where midwatch is reached from elsewhere', () => {
  const ways = {
    'Authorization: Bearer': (token: string) => ({ authorization: `Bearer ${token}` }),
    'Authorization: Basic': (token: string) => ({ authorization: `Basic ${btoa(`anybody:${token}`)}` }),
    'X-API-Key': (token: string) => ({ 'x-api-key': token }),
    'the cookie of a session': (token: string) => ({ cookie: `other=1; midwatch_session=${token}` }),
  }
  for (const [way, headersOf] of Object.entries(ways)) {
    test.each(CALLERS)(`every route lets in or refuses %s, with ${way}`, async (caller) => {
      const token = tokens.get(caller)
      const headers: Record<string, string> = token === undefined ? {} : headersOf(token)
      const seen: Record<string, Outcome> = {}
      const wanted: Record<string, Outcome> = {}
      for (const [route, { wish }] of Object.entries(ROUTES)) {
        seen[route] = await outcomeOf(await ask(outside, route, headers))
        wanted[route] = expected(wish, caller)
      }
      expect(seen).toEqual(wanted)
    })
  }

  test('HEAD is no way around the scope that GET wants', async () => {
    for (const [route, { wish, path = route.slice(4) }] of Object.entries(ROUTES)) {
      if (!route.startsWith('GET ') || wish === 'nothing') continue
      const response = await outside.web.request(path, { method: 'HEAD' })
      expect([route, response.status]).toEqual([route, wish === 'page' ? 303 : 401])
      expect(await response.text()).toBe('')
    }
  })

  test.each([
    '//api/v1/tokens',
    '/api//v1/tokens',
    '/API/v1/tokens',
    '/api/v1/tokens/',
    '/api%2fv1/tokens',
    '/api%252fv1/tokens',
    '/api/v1/%74okens',
    '/x/..%2fapi/v1/tokens',
    '/assets/..%2f..%2fapi/v1/tokens',
    '/assets/%2e%2e/api/v1/tokens',
    '/api\\v1\\tokens',
    '/docs/runbooks/..%2f..%2fmidwatch.yml',
    '/health/../api/v1/tokens',
    '/health/..;/api/v1/tokens',
    '/-/healthy/../../api/v1/status/config',
  ])('no spelling of an address leads around its token: %s', async (path) => {
    const response = await outside.web.request(`http://watch.example.org${path}`)
    expect([401, 404]).toContain(response.status)
    expect(await response.text()).not.toMatch(/"items"|storage/)
  })

  test('the health that strangers see names no targets, no messages and no files', async () => {
    await using web = await testWeb({
      config: 'server: { listen: ":8420" }',
      context: {
        board: boardWith('shop', down('refused', 'db.internal:5432: refused', { details: { pool: 'db.internal' } })),
      },
    })
    const { id, text, hash } = newToken()
    await web.store.writer.run(createToken, { id, name: 'a', hash, scopes: ['read'], nowMs: 0 })
    const strangers = await web.get('/health')
    expect(strangers.json.checks.shop).toMatchObject({ status: 'unhealthy', critical: false })
    expect(strangers.text).not.toMatch(/db\.internal|message|details|config|channels/)
    const readers = await web.get('/health', { authorization: `Bearer ${text}` })
    expect(readers.json).toMatchObject({
      checks: { shop: { message: 'db.internal:5432: refused', details: { pool: 'db.internal' } } },
      config: { last_reload_successful: true },
      channels: {},
    })
  })
})

function boardWith(name: string, finding: Finding): HealthBoard {
  const board = new HealthBoard()
  board.update([{ name, critical: false, category: 'database' }], 0)
  board.note(name, finding, 0, 1)
  return board
}

describe('where only this machine reaches it', () => {
  test('nothing wants a token, and a wrong one is still refused', async () => {
    await using local = await testWeb()
    for (const [route, { wish }] of Object.entries(ROUTES)) {
      const response = await ask(local, route, {})
      expect([route, await outcomeOf(response)]).toEqual([route, 'answers'])
      if (wish === 'nothing' || wish === 'page') continue
      const wrong = await ask(local, route, { authorization: 'Bearer mw_wrong' })
      expect([route, wrong.status]).toEqual([route, 401])
    }
  })

  test.each(['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'Via'])(
    'a proxy that nobody told midwatch of opens it to nobody: %s',
    async (name) => {
      await using local = await testWeb()
      for (const route of Object.keys(ROUTES)) {
        const response = await ask(local, route, { [name]: '203.0.113.7' })
        expect([route, response.status]).toEqual([route, 403])
      }
      await using known = await testWeb({ config: 'server: { trusted_proxies: [127.0.0.1] }' })
      const { status } = await known.get('/api/v1/tokens', { [name]: '203.0.113.7' })
      expect(status).toBe(401)
    },
  )

  test.each([
    '127.example.org:8420',
    '127.0.0.1.example.org:8420',
    '0.0.0.0:8420',
    '192.168.0.1:8420',
    ':8420',
    '[::]:8420',
  ])('an address that others may reach is not taken for this machine alone: %s', async (listen) => {
    await using web = await testWeb({ config: `server: { listen: "${listen}" }` })
    expect((await web.get('/api/v1/tokens')).status).toBe(401)
  })
})

describe('what a browser sends by itself', () => {
  const foreign = [
    { origin: 'https://evil.example.org' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]

  test.each(foreign)('changes nothing when another site makes it do so: %o', async (headers) => {
    await using local = await testWeb({ config: 'checks: [{ name: backup, heartbeat: { period: 1h } }]' })
    const admin = tokens.get('admin') as string
    const basic = `Basic ${btoa(`me:${admin}`)}`
    for (const [route, { wish }] of Object.entries(ROUTES)) {
      if (route.startsWith('GET ') || wish === 'nothing') continue
      const asked = [
        await ask(local, route, headers),
        await ask(outside, route, { ...headers, cookie: `midwatch_session=${admin}` }),
        await ask(outside, route, { ...headers, authorization: basic }),
      ]
      const statuses = asked.map(({ status }) => status)
      expect([route, statuses]).toEqual([route, [403, 403, 403]])
    }
  })

  test('a token in a header of its own is no work of a browser', async () => {
    const authorization = `Bearer ${tokens.get('admin')}`
    const response = await ask(outside, 'POST /-/reload', { authorization, origin: 'https://grafana.example.org' })
    expect(response.status).toBe(200)
  })

  test('no answer lets pages of other sites read it', async () => {
    for (const route of Object.keys(ROUTES)) {
      const response = await ask(outside, route, { origin: 'https://evil.example.org' })
      const names = [...response.headers.keys()].filter((name) => name.startsWith('access-control'))
      expect([route, names]).toEqual([route, []])
    }
    const preflight = await outside.web.request('/api/v1/metrics', {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example.org', 'access-control-request-method': 'POST' },
    })
    expect(preflight.status).toBe(405)
  })
})
