import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type Answer, type TestWeb, testWeb } from '../../support/web.ts'

const ALERT = { alert: 'NoOrders', expr: 'orders == 0', for: '5m', labels: { severity: 'high' } }
const RECORD = { record: 'shop:orders', expr: 'sum(orders)' }

async function send(web: TestWeb, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const response = await web.web.request(path, { method, headers, ...(body === undefined ? {} : { body: text }) })
  const answer = await response.text()
  let json: unknown
  try {
    json = JSON.parse(answer)
  } catch {
    json = undefined
  }
  return { status: response.status, headers: response.headers, text: answer, json } as Answer
}

describe('/api/v1/rule-groups', () => {
  test('keeps a group, shows it, changes it and lets it go', async () => {
    await using web = await testWeb()
    const made = await web.post('/api/v1/rule-groups', {
      namespace: 'shop',
      name: 'orders',
      interval: '1m',
      rules: [ALERT],
    })
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe('/api/v1/rule-groups/shop/orders')
    const group = {
      namespace: 'shop',
      name: 'orders',
      version: 1,
      interval: '1m',
      rules: [ALERT],
      created_at: '2026-01-01T00:00:00.000Z',
      updated_at: '2026-01-01T00:00:00.000Z',
      updated_by: 'local',
    }
    expect(made.json).toEqual(group)
    const read = await web.get('/api/v1/rule-groups/shop/orders')
    expect([read.status, read.headers.get('etag'), read.json]).toEqual([200, '"1"', group])
    await web.clock.advance(60_000)
    const changed = await send(web, 'PUT', '/api/v1/rule-groups/shop/orders', { limit: 5, rules: [RECORD] })
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"'])
    expect(changed.json).toEqual({
      ...group,
      interval: undefined,
      version: 2,
      limit: 5,
      rules: [RECORD],
      updated_at: '2026-01-01T00:01:00.000Z',
    })
    expect((await send(web, 'DELETE', '/api/v1/rule-groups/shop/orders')).status).toBe(204)
    expect((await web.get('/api/v1/rule-groups/shop/orders')).status).toBe(404)
    expect((await send(web, 'DELETE', '/api/v1/rule-groups/shop/orders')).json).toMatchObject({
      status: 404,
      detail: 'no group "orders" is kept in shop; groups of files are not here',
    })
  })

  test('keeps groups over a restart', async () => {
    const web = await testWeb()
    await web.post('/api/v1/rule-groups', { namespace: 'shop', name: 'orders', rules: [ALERT] })
    await using after = await web.reopen()
    expect((await after.get('/api/v1/rule-groups/shop/orders')).json).toMatchObject({ version: 1, rules: [ALERT] })
  })

  test('lists groups page by page, by namespace and name', async () => {
    await using web = await testWeb()
    for (const [namespace, name] of [
      ['b', 'x'],
      ['a', 'y'],
      ['a', 'x'],
    ]) {
      await web.post('/api/v1/rule-groups', { namespace, name, rules: [RECORD] })
    }
    const names = ({ json }: Answer) =>
      json.items.map((one: { namespace: string; name: string }) => `${one.namespace}/${one.name}`)
    const first = await web.get('/api/v1/rule-groups?page_size=2')
    expect([names(first), first.json.page, first.json.page_size, first.json.total]).toEqual([['a/x', 'a/y'], 1, 2, 3])
    expect(names(await web.get('/api/v1/rule-groups?page_size=2&page=2'))).toEqual(['b/x'])
    expect(names(await web.get('/api/v1/rule-groups?namespace=a'))).toEqual(['a/x', 'a/y'])
    expect((await web.get('/api/v1/rule-groups?page=0')).status).toBe(400)
  })

  test('a change that was made on an older version is refused, whichever way the version is told', async () => {
    await using web = await testWeb()
    const path = '/api/v1/rule-groups/shop/orders'
    const put = (body: object, headers: Record<string, string> = {}) =>
      send(web, 'PUT', path, { rules: [RECORD], ...body }, headers)
    expect((await put({}, { 'if-match': '"1"' })).status).toBe(412)
    expect((await put({}, { 'if-match': '*' })).status).toBe(412)
    expect((await put({}, { 'if-none-match': '*' })).status).toBe(201)
    expect((await put({}, { 'if-none-match': '*' })).status).toBe(412)
    expect((await put({ version: 1 })).status).toBe(200)
    const late = await put({ version: 1 })
    expect(late.json).toMatchObject({
      status: 412,
      title: 'Changed meanwhile',
      detail: 'the group "orders" in shop is at version 2, changed by local; read it again and repeat the change',
    })
    expect((await put({}, { 'if-match': '"1"' })).status).toBe(412)
    expect((await put({}, { 'if-match': '"7", "2"' })).status).toBe(200)
    expect((await put({}, { 'if-match': '*' })).status).toBe(200)
    expect((await put({ version: 'two' })).status).toBe(422)
    expect((await send(web, 'DELETE', path, undefined, { 'if-match': '"3"' })).status).toBe(412)
    expect((await send(web, 'DELETE', path, undefined, { 'if-match': '"4"' })).status).toBe(204)
    // A new group of the name is no old one, whatever the number of changes.
    expect((await put({})).json).toMatchObject({ version: 5 })
  })

  test('of two at the same moment one is told that it came too late', async () => {
    await using web = await testWeb()
    const put = () => send(web, 'PUT', '/api/v1/rule-groups/shop/orders', { rules: [RECORD] }, { 'if-none-match': '*' })
    const statuses = (await Promise.all([put(), put(), put()])).map(({ status }) => status)
    expect(statuses.sort()).toEqual([201, 412, 412])
  })

  test('a name that is there already is not made again', async () => {
    await using web = await testWeb()
    const group = { namespace: 'shop', name: 'orders', rules: [RECORD] }
    await web.post('/api/v1/rule-groups', group)
    expect((await web.post('/api/v1/rule-groups', group)).json).toMatchObject({
      status: 409,
      detail: 'the group "orders" in shop is there already; change it with PUT',
    })
  })

  test.each([
    [{ rules: [] }, 'namespace', 'is not a name of rules; write 1 to 200 characters, such as shop'],
    [
      { namespace: 'x'.repeat(201), name: 'a', rules: [] },
      'namespace',
      'is not a name of rules; write 1 to 200 characters, such as shop',
    ],
    [{ namespace: 'a', rules: [] }, '', 'a group needs a name'],
    [
      { namespace: 'a', name: 'a', rules: [{ alert: 'A', expr: 'x +' }] },
      'rules[0].expr',
      'could not parse expression: 1:4: parse error: unexpected end of input, expected an expression',
    ],
    [{ namespace: 'a', name: 'a', rules: [{ expr: 'x' }] }, 'rules[0]', "one of 'record' or 'alert' must be set"],
    [
      { namespace: 'a', name: 'a', intervall: '1m', rules: [] },
      'intervall',
      'is not known here; the keys are name, interval, query_offset, limit, labels, rules',
    ],
    [
      { namespace: 'a', name: 'a', interval: 60, rules: [] },
      'interval',
      '"60" is not a duration; write it like 30s, 5m or 1h30m',
    ],
    [
      { namespace: 'a', name: 'a', rules: [{ alert: 'A', expr: 'x', annotations: { s: '{{ $labels.a }' } }] },
      'rules[0].annotations.s',
      expect.stringContaining('could not parse template: '),
    ],
    [{ namespace: 'a', name: 'a', rules: { a: 1 } }, 'rules', 'has to be a list'],
    [[], '', 'is not an object; write {"name": "…", "rules": […]}'],
  ])('says what is wrong with %j, and where, in the words of a rule file', async (body, field, message) => {
    await using web = await testWeb()
    const { status, json } = await web.post('/api/v1/rule-groups', body)
    expect(status).toBe(422)
    expect(json.errors).toContainEqual({ field, message })
    expect((await web.get('/api/v1/rule-groups')).json.total).toBe(0)
  })

  test('what is no JSON is 400, and names that differ from the address are told', async () => {
    await using web = await testWeb()
    expect((await web.post('/api/v1/rule-groups', '{')).status).toBe(400)
    const put = await send(web, 'PUT', '/api/v1/rule-groups/shop/orders', { namespace: 'a', name: 'b', rules: [] })
    expect(put.json.errors.map(({ field }: { field: string }) => field)).toEqual(['namespace', 'name'])
  })

  test('a name may hold anything that an address can escape', async () => {
    await using web = await testWeb()
    const [namespace, name] = ['rules/a b.yml', 'é/#?%2F']
    const path = `/api/v1/rule-groups/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`
    const made = await send(web, 'PUT', path, { rules: [RECORD] })
    expect([made.status, made.headers.get('location')]).toEqual([201, path])
    expect((await web.get(path)).json).toMatchObject({ namespace, name })
    const other = await web.get(`/config/v1/rules/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`)
    expect(parse(other.text)).toEqual({ name, rules: [RECORD] })
  })

  test('every change is in the audit log', async () => {
    await using web = await testWeb()
    await web.post('/api/v1/rule-groups', { namespace: 'shop', name: 'orders', rules: [ALERT, RECORD] })
    await send(web, 'PUT', '/api/v1/rule-groups/shop/orders', { rules: [RECORD] })
    await send(web, 'DELETE', '/config/v1/rules/shop')
    const { items } = (await web.get('/api/v1/audit?event=rule-group.changed')).json
    expect(items.map((one: Record<string, unknown>) => [one.action, one.resource, one.actor, one.attributes])).toEqual([
      ['delete', 'rule-group/shop/orders', 'local', { version: 2, rules: ['shop:orders'] }],
      ['update', 'rule-group/shop/orders', 'local', { version: 2, rules: ['shop:orders'] }],
      ['create', 'rule-group/shop/orders', 'local', { version: 1, rules: ['NoOrders', 'shop:orders'] }],
    ])
  })
})

// As Mimir documents its ruler API, and as its pkg/ruler/api.go answers.
describe.each(['/config/v1/rules', '/prometheus/config/v1/rules'])('Mimir’s %s', (prefix) => {
  const GROUP = `name: orders
interval: 1m
rules:
  - alert: NoOrders
    expr: |
      orders == 0
    for: 5m
    labels: { severity: "0.10", other: 0.10 }
    annotations: { summary: '{{ $labels.shop }}' }
  - record: shop:orders
    expr: sum(orders)
`

  test('takes a group, gives it back, lists it by namespace, and deletes it', async () => {
    await using web = await testWeb()
    const headers = { 'content-type': 'application/yaml' }
    const made = await send(web, 'POST', `${prefix}/shop`, GROUP, headers)
    expect([made.status, made.json]).toEqual([202, { status: 'success', data: null, errorType: '', error: '' }])
    expect(made.headers.get('content-type')).toContain('application/json')

    const written = {
      name: 'orders',
      interval: '1m',
      rules: [
        {
          alert: 'NoOrders',
          expr: 'orders == 0\n',
          for: '5m',
          labels: { severity: '0.10', other: '0.10' },
          annotations: { summary: '{{ $labels.shop }}' },
        },
        { record: 'shop:orders', expr: 'sum(orders)' },
      ],
    }
    const one = await web.get(`${prefix}/shop/orders`)
    expect([one.status, one.headers.get('content-type')]).toEqual([200, 'application/yaml'])
    expect(parse(one.text)).toEqual(written)
    // What was sent is what comes back when that is sent again.
    await send(web, 'POST', `${prefix}/other`, one.text, headers)
    expect(parse((await web.get(`${prefix}/other`)).text)).toEqual({ other: [written] })
    expect(parse((await web.get(prefix)).text)).toEqual({ other: [written], shop: [written] })

    const deleted = await send(web, 'DELETE', `${prefix}/shop/orders`)
    expect([deleted.status, deleted.json]).toEqual([202, { status: 'success', data: null, errorType: '', error: '' }])
    expect((await send(web, 'DELETE', `${prefix}/other`)).status).toBe(202)
    const nothing = await web.get(prefix)
    expect([nothing.status, parse(nothing.text)]).toEqual([200, {}])
  })

  test('a second POST of a name replaces the first', async () => {
    await using web = await testWeb()
    await send(web, 'POST', `${prefix}/shop`, GROUP)
    await send(web, 'POST', `${prefix}/shop`, 'name: orders\nrules: [{ record: a, expr: b }]\n')
    expect(parse((await web.get(`${prefix}/shop`)).text)).toEqual({
      shop: [{ name: 'orders', rules: [{ record: 'a', expr: 'b' }] }],
    })
  })

  test('what is not there is a plain 404', async () => {
    await using web = await testWeb()
    for (const [method, path, text] of [
      ['GET', `${prefix}/shop/orders`, 'group does not exist\n'],
      ['DELETE', `${prefix}/shop/orders`, 'group does not exist\n'],
      ['DELETE', `${prefix}/shop`, 'group namespace does not exist\n'],
    ] as const) {
      const answer = await send(web, method, path)
      expect([answer.status, answer.text]).toEqual([404, text])
      expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    }
    expect(parse((await web.get(`${prefix}/shop`)).text)).toEqual({})
  })

  test('what is wrong with a group is a plain 400, with its place', async () => {
    await using web = await testWeb()
    const refused = await send(web, 'POST', `${prefix}/shop`, 'name: a\nrules:\n  - { record: r, expr: "x +" }\n')
    expect([refused.status, refused.text]).toEqual([
      400,
      'shop:3:24: rules[0].expr: could not parse expression: 1:4: parse error: unexpected end of input, expected an expression\n',
    ])
    expect((await send(web, 'POST', `${prefix}/shop`, '')).text).toBe('shop: there is no rule group\n')
    expect((await send(web, 'POST', `${prefix}/shop`, ': [')).status).toBe(400)
    expect((await send(web, 'POST', `${prefix}/shop`, GROUP.repeat(2000))).status).toBe(400)
    expect((await send(web, 'POST', `${prefix}/shop`, `name: ${'a'.repeat(2_000_000)}`)).status).toBe(413)
  })
})

test('a full disk refuses a change, and nothing has changed then', async () => {
  await using web = await testWeb()
  await web.post('/api/v1/rule-groups', { namespace: 'shop', name: 'orders', rules: [RECORD] })
  const { writer } = web.store
  const run = writer.run.bind(writer)
  const { StorageError } = await import('../../../src/store/operation.ts')
  Object.assign(writer, { run: () => Promise.reject(new StorageError('database or disk is full', 'SQLITE_FULL')) })
  const refused = await send(web, 'PUT', '/api/v1/rule-groups/shop/orders', { rules: [ALERT] })
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2'])
  expect((await send(web, 'DELETE', '/config/v1/rules/shop')).status).toBe(503)
  Object.assign(writer, { run })
  expect((await web.get('/api/v1/rule-groups/shop/orders')).json).toMatchObject({ version: 1, rules: [RECORD] })
  expect((await send(web, 'PUT', '/api/v1/rule-groups/shop/orders', { rules: [ALERT] })).status).toBe(200)
})
