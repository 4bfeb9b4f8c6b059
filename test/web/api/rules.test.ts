import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { cronSpacingMs } from '../../../src/lib/cron-spacing.ts'
import { Labels } from '../../../src/model/labels.ts'
import type { AlertingRule, RecordingRule, RuleGroup, VectorSample } from '../../../src/model/rule.ts'
import { RuleEngine } from '../../../src/rule/rule-engine.ts'
import { type TestWeb, testWeb } from '../../support/web.ts'

const START = '2026-01-01T00:00:00Z'

const down: AlertingRule = {
  kind: 'alerting',
  alert: 'ShopDown',
  expr: 'probe_success{check="shop"}==0',
  forMs: 60_000,
  keepFiringForMs: 300_000,
  labels: { severity: 'critical' },
  annotations: { summary: '{{ $labels.check }} is down' },
}
const mean: RecordingRule = { kind: 'recording', record: 'shop:latency:avg5m', expr: 'avg(x) by(job)', labels: {} }
const broken: RecordingRule = { kind: 'recording', record: 'shop:broken', expr: 'vector(1)', labels: { team: 'shop' } }

const group = (
  name: string,
  file: string,
  intervalMs: number | undefined,
  ...rules: RuleGroup['rules']
): RuleGroup => ({
  name,
  file,
  intervalMs,
  queryOffsetMs: 0,
  limit: 0,
  rules,
})

/** Two files of rules; what the alert's expression gives is for a test to change. */
async function ruledWeb(): Promise<{ web: TestWeb; engine: RuleEngine; found: VectorSample[] }> {
  const found: VectorSample[] = []
  const engine = new RuleEngine(
    {
      async query(expr) {
        if (expr.kind === 'binary') return found
        if (expr.kind === 'call') throw new Error('cannot be answered')
        return []
      },
      sink: { ref: () => 1, append: async () => {}, describe() {} },
      onResult() {},
      onError() {},
      externalUrl: 'http://127.0.0.1:8420',
    },
    [
      group('b', 'rules/b.yml', 60_000, broken),
      group('a', 'rules/b.yml', undefined, mean),
      group('shop', 'rules/a.yml', 30_000, down),
    ],
  )
  const web = await testWeb({ context: { rules: engine } })
  return { web, engine, found }
}

describe('/api/v1/rules', () => {
  test('lists groups by file and name, with the interval of the evaluation where a group has none', async () => {
    const { web } = await ruledWeb()
    await using _ = web
    const { json } = await web.get('/api/v1/rules')
    expect(json.status).toBe('success')
    const shown = json.data.groups.map(({ name, file, interval }: Record<string, unknown>) => [file, name, interval])
    expect(shown).toEqual([
      ['rules/a.yml', 'shop', 30],
      ['rules/b.yml', 'a', 15],
      ['rules/b.yml', 'b', 60],
    ])
    expect(json.data.groups[0]).toMatchObject({ limit: 0, evaluationTime: 0, lastEvaluation: '0001-01-01T00:00:00Z' })
  })

  test('shows an alerting rule with its alerts, numbers in the words of Go', async () => {
    const { web, engine, found } = await ruledWeb()
    await using _ = web
    found.push({ labels: Labels.of({ check: 'shop' }), value: 4631.999969482422 })
    await engine.tick(web.clock.now())
    const { json } = await web.get('/api/v1/rules?type=alert')
    const alert = {
      labels: { alertname: 'ShopDown', check: 'shop' },
      annotations: { summary: 'shop is down' },
      state: 'pending',
      activeAt: START,
      value: '4.631999969482422e+03',
    }
    const [{ rules }] = json.data.groups
    expect(rules[0]).toMatchObject({ alerts: [alert], evaluationTime: expect.any(Number) })
    expect({ ...rules[0], alerts: [], evaluationTime: 0 }).toEqual({
      state: 'pending',
      name: 'ShopDown',
      query: 'probe_success{check="shop"} == 0',
      duration: 60,
      keepFiringFor: 300,
      labels: { severity: 'critical' },
      annotations: { summary: '{{ $labels.check }} is down' },
      alerts: [],
      health: 'ok',
      evaluationTime: 0,
      lastEvaluation: START,
      type: 'alerting',
    })
    const without = (await web.get('/api/v1/rules?type=alert&exclude_alerts=true')).json
    expect(without.data.groups[0].rules[0]).toMatchObject({ state: 'pending', alerts: [] })
  })

  test('shows a recording rule, and what went wrong with it', async () => {
    const { web, engine } = await ruledWeb()
    await using _ = web
    await engine.tick(web.clock.now())
    const { json } = await web.get('/api/v1/rules?type=record')
    const [fine, failed] = json.data.groups.map(({ rules }: { rules: unknown[] }) => rules[0])
    expect(fine).toEqual({
      name: 'shop:latency:avg5m',
      query: 'avg by (job) (x)',
      labels: {},
      health: 'ok',
      evaluationTime: expect.any(Number),
      lastEvaluation: START,
      type: 'recording',
    })
    expect(failed).toMatchObject({ health: 'err', lastError: 'cannot be answered', labels: { team: 'shop' } })
  })

  test.each([
    ['rule_name[]=ShopDown', ['shop']],
    ['rule_name[]=ShopDown&rule_name[]=shop:broken', ['shop', 'b']],
    ['rule_group[]=a', ['a']],
    ['file[]=rules/b.yml', ['a', 'b']],
    ['file[]=rules/b.yml&type=alert', []],
    ['match[]={severity="critical"}', ['shop']],
    ['match[]={severity="critical"}&match[]={team=~"sh.*"}', ['shop', 'b']],
    ['type=record', ['a', 'b']],
  ])('keeps what %s asks for', async (query, expected) => {
    const { web } = await ruledWeb()
    await using _ = web
    const { json } = await web.get(`/api/v1/rules?${query}`)
    expect(json.data.groups.map(({ name }: { name: string }) => name)).toEqual(expected)
  })

  test.each([
    ['type=x', 'invalid parameter "type": not supported value "x"'],
    ['match[]={', '1:2: parse error: '],
    ['exclude_alerts=maybe', 'invalid parameter "exclude_alerts": strconv.ParseBool: parsing "maybe": invalid syntax'],
  ])('refuses %s', async (query, message) => {
    const { web } = await ruledWeb()
    await using _ = web
    const { status, json } = await web.get(`/api/v1/rules?${query}`)
    expect(status).toBe(400)
    expect(json).toEqual({ status: 'error', errorType: 'bad_data', error: expect.stringContaining(message) })
  })
})

describe('/api/v1/alerts', () => {
  test('gives groups part by part, each naming the next, and says so when that is gone', async () => {
    const { web } = await ruledWeb()
    await using _ = web
    const part = async (query: string) => {
      const { data } = (await web.get(`/api/v1/rules?${query}`)).json
      return [data.groups.map(({ name }: { name: string }) => name), data.groupNextToken]
    }
    // As Prometheus makes it, so that a client can go on at either of them.
    const [first, token] = await part('group_limit=2')
    expect(first).toEqual(['shop', 'a'])
    expect(token).toBe(createHash('sha1').update('rules/b.yml;b').digest('hex'))
    expect(await part(`group_limit=2&group_next_token=${token}`)).toEqual([['b'], undefined])
    expect(await part('group_limit=3')).toEqual([['shop', 'a', 'b'], undefined])
    expect(await part('group_limit=1&type=record')).toEqual([['a'], expect.any(String)])
  })

  test.each([
    ['group_next_token=a', 'group_limit needs to be present in order to paginate over the groups'],
    ['group_limit=0', 'group_limit needs to be greater than 0'],
    ['group_limit=-1', 'group_limit needs to be greater than 0'],
    ['group_limit=two', 'group_limit needs to be a valid number'],
    ['group_limit=1&group_next_token=a', "invalid group_next_token 'a'. were rule groups changed?"],
  ])('refuses %s', async (query, message) => {
    const { web } = await ruledWeb()
    await using _ = web
    const { status, json } = await web.get(`/api/v1/rules?${query}`)
    expect([status, json.errorType]).toEqual([400, 'bad_data'])
    expect(json.error).toContain(message)
  })

  test('the state of an alert is unknown before the first evaluation', async () => {
    const { web, engine } = await ruledWeb()
    await using _ = web
    const state = async () => (await web.get('/api/v1/rules?type=alert')).json.data.groups[0].rules[0]
    expect(await state()).toMatchObject({ state: 'unknown', health: 'unknown' })
    await engine.tick(web.clock.now())
    expect(await state()).toMatchObject({ state: 'inactive', health: 'ok' })
  })

  test('lists alerts that are pending, firing, or kept firing, and no others', async () => {
    const { web, engine, found } = await ruledWeb()
    await using _ = web
    const ask = async () => (await web.get('/api/v1/alerts')).json.data.alerts
    await engine.tick(web.clock.now())
    expect(await ask()).toEqual([])
    found.push({ labels: Labels.of({ check: 'shop' }), value: 7 })
    for (let i = 0; i < 3; i++) {
      await web.clock.advance(30_000)
      await engine.tick(web.clock.now())
    }
    expect(await ask()).toMatchObject([{ state: 'firing', activeAt: '2026-01-01T00:00:30Z', value: '7e+00' }])
    found.pop()
    await web.clock.advance(30_000)
    await engine.tick(web.clock.now())
    expect(await ask()).toMatchObject([{ state: 'firing', keepFiringSince: '2026-01-01T00:02:00Z' }])
    await web.clock.advance(300_000)
    await engine.tick(web.clock.now())
    expect(await ask()).toEqual([])
  })
})

describe('/api/v1/targets', () => {
  const active = (scrapePool: string) => ({
    discoveredLabels: {},
    labels: { job: scrapePool },
    scrapePool,
    scrapeUrl: 'http://10.0.0.1/metrics',
    globalUrl: 'http://10.0.0.1/metrics',
    lastError: '',
    lastScrape: START,
    lastScrapeDuration: 0.01,
    health: 'up' as const,
    scrapeInterval: '15s',
    scrapeTimeout: '10s',
  })
  const all = {
    activeTargets: [active('shop'), active('node')],
    droppedTargets: [{ discoveredLabels: { __address__: 'b' }, scrapePool: 'shop' }],
    droppedTargetCounts: { shop: 1, node: 0 },
  }

  test.each([
    ['', 2, 1],
    ['?state=any', 2, 1],
    ['?state=active', 2, 0],
    ['?state=dropped', 0, 1],
    ['?scrapePool=node', 1, 0],
  ])('lists what %j asks for', async (query, actives, dropped) => {
    await using web = await testWeb({ context: { targets: () => all } })
    const { data } = (await web.get(`/api/v1/targets${query}`)).json
    expect([data.activeTargets.length, data.droppedTargets.length]).toEqual([actives, dropped])
    expect(data.droppedTargetCounts).toEqual({ shop: 1, node: 0 })
  })
})

test.each([
  ['*/15 * * * * *', 15_000],
  ['*/5 * * * *', 300_000],
  ['0 3 * * *', 86_400_000],
  ['* * * * * *', 1000],
  // Within a day the longest pause counts.
  ['0 9-17 * * *', 57_600_000],
])('takes the longest time between moments of %j for its spacing', (cron, expected) => {
  expect(cronSpacingMs(cron, 'UTC', Date.UTC(2026, 0, 1))).toBe(expected)
})
