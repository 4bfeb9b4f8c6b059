import { describe, expect, test } from 'vitest'
import { Connection } from '../../../src/store/database.ts'
import { verifyAudit } from '../../../src/store/verify-audit.ts'
import { type TestWeb, testWeb } from '../../support/web.ts'

const PATH = '/api/v1/audit'
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const order = { event: 'order.created', actor: 'shop', resource: 'order/42' }

const searched = async (web: TestWeb, query = '') => (await web.get(`${PATH}${query}`)).json

describe('records', () => {
  test('are stored with what they say, secrets masked, before the answer', async () => {
    await using first = await testWeb()
    const answer = await first.post(PATH, {
      ...order,
      time: '2026-01-01T00:00:00Z',
      action: 'create',
      outcome: 'success',
      duration_ms: 12.5,
      attributes: { customer: 'jane@example.org', nested: [{ api_key: 'abc' }] },
    })
    expect(answer).toMatchObject({ status: 200, json: { accepted: 1 } })
    await using web = await first.reopen()
    expect((await searched(web)).items).toMatchObject([
      {
        seq: 1,
        time: '2026-01-01T00:00:00.000Z',
        trace_id: answer.json.trace_ids[0],
        event: 'order.created',
        actor: 'shop',
        action: 'create',
        resource: 'order/42',
        outcome: 'success',
        duration_ms: 12.5,
        attributes: { customer: 'j***@example.org', nested: [{ api_key: '***' }] },
      },
    ])
  })

  test('continue the journey of a traceparent, and tell it again', async () => {
    await using web = await testWeb()
    const answer = await web.post(PATH, [order, { ...order, event: 'order.paid' }], {
      traceparent: `00-${TRACE}-${SPAN}-01`,
    })
    expect(answer.json).toEqual({ accepted: 2, trace_ids: [TRACE, TRACE] })
    expect(answer.headers.get('traceparent')).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`))
    expect((await searched(web)).items[0]).toMatchObject({ trace_id: TRACE, span_id: SPAN })
  })

  test('begin a journey where there is none', async () => {
    await using web = await testWeb()
    const answer = await web.post(PATH, order, { traceparent: 'nonsense' })
    const [id] = answer.json.trace_ids
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect(answer.headers.get('traceparent')).toContain(id)
  })

  test('that name a journey themselves are on it, and so is the answer', async () => {
    await using web = await testWeb()
    const id = '123e4567-e89b-12d3-a456-426614174000'
    const answer = await web.post(PATH, { ...order, trace_id: id })
    expect(answer.json.trace_ids).toEqual([id.replaceAll('-', '')])
    expect(answer.headers.get('traceparent')).toContain(id.replaceAll('-', ''))
  })

  test('come as NDJSON as well', async () => {
    await using web = await testWeb()
    const lines = `${JSON.stringify(order)}\n${JSON.stringify(order)}`
    expect((await web.post(PATH, lines, { 'content-type': 'application/x-ndjson' })).json.accepted).toBe(2)
  })

  test('are stored all or none', async () => {
    await using web = await testWeb()
    const answer = await web.post(PATH, [order, { actor: 'x' }, { ...order, user: 1 }])
    expect(answer.status).toBe(422)
    expect(answer.json.errors).toEqual([
      { field: '[1].event', message: 'is missing; write a text' },
      { field: '[2].user', message: expect.stringContaining('put it under "attributes"') },
    ])
    expect((await searched(web)).total).toBe(0)
  })
})

describe('the search', () => {
  async function filled(): Promise<TestWeb> {
    const web = await testWeb()
    const records = Array.from({ length: 5 }, (_, i) => ({
      event: i % 2 === 0 ? 'order.created' : 'order.paid',
      actor: i < 3 ? 'shop' : 'jane',
      action: 'create',
      trace_id: i === 4 ? TRACE : undefined,
      time: Date.UTC(2026, 0, 1, 0, i),
    }))
    await web.post(
      PATH,
      records.map((record) => JSON.parse(JSON.stringify(record))),
    )
    return web
  }

  test.each([
    ['', [5, 4, 3, 2, 1]],
    ['?actor=jane', [5, 4]],
    ['?event=order.paid', [4, 2]],
    ['?actor=shop&event=order.paid', [2]],
    ['?action=delete', []],
    [`?trace_id=${TRACE.toUpperCase()}`, [5]],
    ['?from=2026-01-01T00:01:00Z&to=2026-01-01T00:03:00Z', [3, 2]],
    [`?from=${Date.UTC(2026, 0, 1, 0, 4)}`, [5]],
    ['?page_size=2', [5, 4]],
    ['?page=2&page_size=2', [3, 2]],
    ['?page=4&page_size=2', []],
  ])('with %s finds %j, newest first', async (query, seqs) => {
    await using web = await filled()
    const { items } = await searched(web, query)
    expect(items.map(({ seq }: { seq: number }) => seq)).toEqual(seqs)
  })

  test('says how many there are', async () => {
    await using web = await filled()
    expect(await searched(web, '?page=2&page_size=2')).toMatchObject({
      page: 2,
      page_size: 2,
      total: 5,
      total_is: 'exact',
    })
  })

  test.each([
    ['?trace_id=xyz', 'trace_id'],
    ['?from=yesterday', 'from'],
    ['?to=2026-01-01T00:00:00', 'to'],
    ['?page=0', 'page'],
    ['?page=1e9', 'page'],
    ['?page=5001', 'page'],
    ['?page_size=1001', 'page_size'],
    ['?user=jane', 'user'],
    ['?__proto__=1', '__proto__'],
  ])('with %s is refused', async (query, field) => {
    await using web = await testWeb()
    const answer = await web.get(`${PATH}${query}`)
    expect(answer).toMatchObject({ status: 400, json: { errors: [{ field }] } })
  })

  test('names the parameter that was meant', async () => {
    await using web = await testWeb()
    expect((await web.get(`${PATH}?traceid=1`)).json.detail).toContain('did you mean "trace_id"?')
  })
})

describe('a journey', () => {
  test('shows every record of its id in the order of time', async () => {
    await using web = await testWeb()
    const at = (second: number) => `2026-01-01T00:00:0${second}Z`
    await web.post(PATH, [
      { ...order, event: 'order.shipped', time: at(5), trace_id: TRACE },
      { ...order, time: at(1), trace_id: TRACE },
      { ...order, event: 'not.mine', time: at(2) },
    ])
    const { status, json } = await web.get(`/api/v1/traces/${TRACE}`)
    expect(status).toBe(200)
    expect(json).toMatchObject({
      trace_id: TRACE,
      started: '2026-01-01T00:00:01.000Z',
      ended: '2026-01-01T00:00:05.000Z',
      duration_ms: 4000,
      records: [{ event: 'order.created' }, { event: 'order.shipped' }],
    })
  })

  test('that nobody knows is 404, and what is no id 400', async () => {
    await using web = await testWeb()
    expect((await web.get(`/api/v1/traces/${TRACE}`)).status).toBe(404)
    for (const id of ['abc', '0'.repeat(32), '%00', 'x'.repeat(5000)]) {
      expect((await web.get(`/api/v1/traces/${id}`)).status).toBe(400)
    }
  })
})

describe('the proof', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => ({ ...order, resource: `order/${i}` }))

  test('finds an intact chain and tells its head, which can be held against it later', async () => {
    await using web = await testWeb()
    await web.post(PATH, many(2500))
    const { json } = await web.get(`${PATH}/verify`)
    expect(json).toMatchObject({ intact: true, records: 2500, head: { seq: 2500 } })
    await web.post(PATH, order)
    const { seq, hash } = json.head
    const again = (text: string) => web.get(`${PATH}/verify?head=${text}`)
    expect((await again(`${seq}:${hash}`)).json).toMatchObject({ intact: true, expected: 'found', records: 2501 })
    expect((await again(`${seq}:${'0'.repeat(64)}`)).json).toMatchObject({
      intact: false,
      expected: 'changed',
      broken: { seq: 2500 },
    })
    expect((await again(`9999:${hash}`)).json).toMatchObject({ intact: false, expected: 'missing' })
    expect((await again('9999')).status).toBe(400)
  })

  test('lets others run while it reads a long chain', async () => {
    await using web = await testWeb()
    await web.post(PATH, many(5000))
    let turns = 0
    const turn = () => {
      turns++
      timer = setImmediate(turn)
    }
    let timer = setImmediate(turn)
    await verifyAudit(web.store.reader)
    clearImmediate(timer)
    expect(turns).toBeGreaterThanOrEqual(4)
  })

  test('names the first record that somebody changed in the file', async () => {
    await using web = await testWeb()
    await web.post(PATH, many(20))
    const file = new Connection(web.store.file)
    file.raw.exec('DROP TRIGGER audit_no_update')
    file.raw.prepare("UPDATE audit SET actor = 'nobody' WHERE seq = 7").run()
    file.close()
    expect((await web.get(`${PATH}/verify`)).json).toMatchObject({
      intact: false,
      records: 6,
      broken: { seq: 7, reason: 'the record or its predecessor was changed' },
    })
  })
})

test('reading needs the read scope, sending the ingest scope', async () => {
  const config = `
server:
  listen: 0.0.0.0:8420
  tokens:
    - { name: app, token: token-of-the-app-0123456789abcdef, scopes: [ingest] }
    - { name: eyes, token: token-of-the-eyes-0123456789abcdef, scopes: [read] }
`
  await using web = await testWeb({ config })
  const app = { authorization: 'Bearer token-of-the-app-0123456789abcdef' }
  const eyes = { authorization: 'Bearer token-of-the-eyes-0123456789abcdef' }
  const reads = [PATH, `${PATH}/verify`, `/api/v1/traces/${TRACE}`]
  expect((await web.post(PATH, order, app)).status).toBe(200)
  expect((await web.post(PATH, order, eyes)).status).toBe(403)
  expect((await web.post(PATH, order)).status).toBe(401)
  for (const path of reads) {
    expect((await web.get(path, app)).status).toBe(403)
    expect((await web.get(path)).status).toBe(401)
  }
  expect((await web.get(PATH, eyes)).status).toBe(200)
})
