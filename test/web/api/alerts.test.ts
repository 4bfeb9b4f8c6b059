import { describe, expect, test } from 'vitest'
import { createMatcher } from '../../../src/model/matcher.ts'
import { alertingWeb } from '../../support/alerting.ts'
import { testWeb } from '../../support/web.ts'

const CURRENT = '/api/v1/alerts/current'
const HISTORY = '/api/v1/alerts/history'

interface Listed {
  readonly fingerprint: string
}

async function idOf(it: Awaited<ReturnType<typeof alertingWeb>>, shop: string): Promise<string> {
  const { json } = await it.web.get(`${CURRENT}?filter=${encodeURIComponent(`check="${shop}"`)}`)
  return (json.items as Listed[])[0]?.fingerprint ?? ''
}

/** `15 pending: …`, in seconds since the start. */
function story(json: { events: { at: string; kind: string; detail: string; times: number }[] }): string[] {
  const startMs = Date.UTC(2026, 0, 1)
  return json.events.map(
    ({ at, kind, detail, times }) =>
      `${(Date.parse(at) - startMs) / 1000} ${kind}: ${detail}${times === 1 ? '' : ` ×${times}`}`,
  )
}

describe('the story of an alert', () => {
  test('has every decision with its time and reason, and what comes next', async () => {
    await using it = await alertingWeb()
    it.found = { north: 0.75 }
    await it.advance(15)
    const id = await idOf(it, 'north')
    const pending = (await it.web.get(`/api/v1/alerts/${id}/timeline`)).json
    expect(pending).toMatchObject({
      state: 'pending',
      value: 0.75,
      threshold: '> 0.5',
      active_since: '2026-01-01T00:00:15.000Z',
      firing_since: null,
      routes: [
        {
          receiver: 'team',
          path: ['default-route'],
          // It fires after its minute, and its group waits for half of one.
          channels: [{ channel: 'slack', last_told: null, next_send: '2026-01-01T00:01:45.000Z', owed: [] }],
        },
      ],
    })
    it.found = { north: 2.5 }
    it.failing = { slack: 'the line is cut' }
    await it.advance(90)
    it.found = { north: 1 }
    it.failing = {}
    await it.advance(15 * 60)
    const { json, status } = await it.web.get(`/api/v1/alerts/${id.toUpperCase()}/timeline`)
    expect(status).toBe(200)
    expect(story(json)).toEqual([
      '15 pending: the expression holds, value 0.75 (threshold > 0.5); it fires after 60 s',
      '75 firing: the expression has held for 60 s, value 2.5 (threshold > 0.5)',
      '75 grouped: in group {}:{alertname="ShopDown"} for team; looked at in 30 s',
      '105 queued: for slack: first notification',
      '105 attempt-failed: slack: the line is cut',
      '110 delivered: by slack in 0 ms, attempt 2',
      '405 deduplicated: slack: nothing new since the message of 2026-01-01 00:01:45 UTC; repeated after 2026-01-01 01:01:45 UTC ×3',
    ])
    expect(json).toMatchObject({
      state: 'firing',
      alertname: 'ShopDown',
      severity: 'critical',
      value: 1,
      peak_value: 2.5,
      firing_since: '2026-01-01T00:01:15.000Z',
      ended: null,
      rule: { name: 'ShopDown', group: 'shops', file: 'rules/shops.yml', for: '1m', health: 'ok', last_error: null },
      runbook: 'http://localhost/docs/runbooks/check-down',
      page: `http://localhost/alerts/${id}`,
      routes: [
        {
          group_key: '{}:{alertname="ShopDown"}',
          repeat_interval: '1h',
          held_back: null,
          channels: [{ last_told: '2026-01-01T00:01:45.000Z', reason: 'repeat interval elapsed', owed: [] }],
        },
      ],
      episodes: [{ started: '2026-01-01T00:01:15.000Z', ended: null, first_value: 2.5, peak_value: 2.5 }],
    })
    const [{ next_send: next }] = json.routes[0].channels
    expect(Date.parse(next)).toBeGreaterThan(Date.UTC(2026, 0, 1, 1, 1, 45))
  })

  test('says which silence holds it back, whose it is and why, and that it is told when that ends', async () => {
    await using it = await alertingWeb()
    const { silences, web } = it
    const { id: silence } = silences.set(
      {
        matchers: [createMatcher('check', '=', 'north')],
        startsAtMs: web.clock.now(),
        endsAtMs: web.clock.now() + 30 * 60_000,
        createdBy: 'anna',
        comment: 'moving the till',
      },
      web.clock.now(),
    )
    it.found = { north: 9 }
    await it.advance(20 * 60)
    const id = await idOf(it, 'north')
    const { json } = await web.get(`/api/v1/alerts/${id}/timeline`)
    const reason = `silenced by anna until 2026-01-01 00:30:00 UTC: moving the till (${silence})`
    expect(story(json).at(-1)).toBe(`105 silenced: ${reason} ×4`)
    expect(json.events.at(-1).subject).toBe(`silence/${silence}`)
    expect(json.routes[0]).toMatchObject({
      held_back: { by: 'silenced', reason },
      channels: [{ last_told: null, next_send: '2026-01-01T00:31:45.000Z', reason: 'first notification' }],
    })
    expect((await web.get(CURRENT)).json.items[0].notes).toEqual([`held back: ${reason}`])
  })

  test('can be read when the alert is over and its rule and labels are gone from memory', async () => {
    await using it = await alertingWeb()
    it.found = { north: 9 }
    await it.advance(180)
    const id = await idOf(it, 'north')
    it.found = {}
    await it.advance(30 * 60)
    const { json } = await it.web.get(`/api/v1/alerts/${id}/timeline`)
    expect(json).toMatchObject({
      state: 'gone',
      labels: { alertname: 'ShopDown', check: 'north' },
      annotations: { summary: 'north is down' },
      ended: '2026-01-01T00:03:15.000Z',
      rule: null,
      // Who would be told if it fired again.
      routes: [{ receiver: 'team', channels: [{ channel: 'slack', next_send: null, reason: 'it does not fire' }] }],
    })
    expect(
      story(json)
        .slice(-3)
        .map((line) => line.replace(/^\d+ /, '')),
    ).toEqual([
      'resolved: the expression no longer holds, last value 9 (threshold > 0.5)',
      'queued: for slack: all alerts resolved',
      'delivered: by slack in 0 ms, attempt 1',
    ])
  })

  test('of one that somebody posted has a story, without a rule', async () => {
    await using web = await testWeb()
    const labels = { alertname: 'Fire', floor: '3' }
    const { dispatcher } = web.context
    const { Labels } = await import('../../../src/model/labels.ts')
    dispatcher.take(
      [
        {
          labels: Labels.of(labels),
          annotations: {},
          startsAtMs: web.clock.now(),
          endsAtMs: web.clock.now() + 60_000,
          generatorUrl: '',
        },
      ],
      web.clock.now(),
    )
    const [listed] = (await web.get(CURRENT)).json.items
    expect(listed).toMatchObject({ alertname: 'Fire', state: 'firing', value: null, threshold: null, labels })
    const { json } = await web.get(`/api/v1/alerts/${listed.fingerprint}/timeline`)
    expect(json).toMatchObject({ state: 'firing', rule: null, value: null, labels })
  })

  test.each([
    ['0123456789abcdef', 'nothing is known of an alert 0123456789abcdef'],
    ['shop', '"shop" is not a fingerprint, which has 16 hex digits'],
  ])('of %s is not known', async (id, detail) => {
    await using web = await testWeb()
    expect(await web.get(`/api/v1/alerts/${id}/timeline`)).toMatchObject({ status: 404, json: { detail } })
  })
})

describe('what fires now', () => {
  test('is listed with the worst first, and narrowed by matchers and pages', async () => {
    await using it = await alertingWeb()
    it.found = { north: 1, south: 2 }
    await it.advance(90)
    it.found = { north: 1, south: 2, west: 3 }
    await it.advance(15)
    const { json } = await it.web.get(`${CURRENT}?page_size=2`)
    expect(json).toMatchObject({ page: 1, page_size: 2, total: 3 })
    expect(
      json.items.map(({ state, labels }: { state: string; labels: { check: string } }) => [state, labels.check]),
    ).toEqual([
      ['firing', 'north'],
      ['firing', 'south'],
    ])
    const west = (await it.web.get(`${CURRENT}?filter=${encodeURIComponent('check=~"w.*"')}`)).json
    expect(west.items).toMatchObject([
      { state: 'pending', value: 3, threshold: '> 0.5', since: '2026-01-01T00:01:45.000Z' },
    ])
  })
})

describe('what fired', () => {
  async function threeTimes() {
    const it = await alertingWeb()
    for (const shops of [{ north: 1 }, { south: 2 }, { north: 3 }]) {
      it.found = shops
      await it.advance(120)
      it.found = {}
      await it.advance(120)
    }
    return it
  }

  test('is listed with the newest first, when it fired, for how long, and its values', async () => {
    await using it = await threeTimes()
    const { json } = await it.web.get(HISTORY)
    expect(json).toMatchObject({ page: 1, page_size: 20, total: 3, total_is: 'exact' })
    expect(json.items[0]).toMatchObject({
      alertname: 'ShopDown',
      severity: 'critical',
      labels: { check: 'north' },
      started: '2026-01-01T00:09:15.000Z',
      ended: '2026-01-01T00:10:15.000Z',
      duration_seconds: 60,
      first_value: 3,
      peak_value: 3,
      last_value: 3,
      threshold: '> 0.5',
      rule: { group: 'shops', file: 'rules/shops.yml' },
    })
  })

  test.each([
    ['page=2&page_size=2', ['north']],
    ['from=2026-01-01T00:03:00Z&to=2026-01-01T00:08:00Z', ['south']],
    ['alertname=ShopDown&severity=critical', ['north', 'south', 'north']],
    ['severity=low', []],
    [`filter=${encodeURIComponent('check!="north"')}`, ['south']],
  ])('is narrowed by %s', async (query, shops) => {
    await using it = await threeTimes()
    const { json } = await it.web.get(`${HISTORY}?${query}`)
    expect(json.items.map(({ labels }: { labels: { check: string } }) => labels.check)).toEqual(shops)
  })

  test.each([
    ['fom=1', 'fom is not known here; did you mean "from"?'],
    ['from=yesterday', 'from is not a time; write one such as "2026-03-01T12:00:00Z"'],
    ['page_size=100000', 'page_size is not a whole number from 1 to 1000'],
    ['filter=shop', 'filter '],
  ])('says what is wrong with %s', async (query, detail) => {
    await using web = await testWeb()
    const { status, json } = await web.get(`${HISTORY}?${query}`)
    expect(status).toBe(400)
    expect(json.detail).toContain(detail)
  })
})
