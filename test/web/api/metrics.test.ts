import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RuleGroup } from '../../../src/model/rule.ts'
import { RuleEngine } from '../../../src/rule/rule-engine.ts'
import type { CheckView, WebContext } from '../../../src/web/context.ts'
import { acceptsGzip } from '../../../src/web/send-text.ts'
import { listen } from '../../../src/web/server.ts'
import { parseExposition } from '../../../src/wire/exposition-family.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { describePeers, freePort, runPeer, startPeer, testWithPeer } from '../../support/peers.ts'
import { putSamples } from '../../support/samples.ts'
import { type TestWeb, testWeb } from '../../support/web.ts'

const PROBE = { job: 'probe', check: 'shop', instance: 'https://shop.example.org/' }
const RULE = 'shop:latency_seconds:avg5m'

/** One check, one recording rule, and a store that holds a bit of everything. */
async function fullWeb(options: { readonly config?: string; readonly clock?: ManualClock } = {}): Promise<TestWeb> {
  const check = { name: 'shop' } as CheckView
  const web = await testWeb({
    ...options,
    context: { checks: () => [check], rules: rulesRecording(RULE, `${RULE}:by_check`) },
  })
  const nowMs = web.clock.now()
  await putSamples(web.store, [
    [{ __name__: 'probe_success', ...PROBE }, [nowMs - 20_000, 0], [nowMs - 10_000, 1]],
    [{ __name__: 'probe_http_duration_seconds', ...PROBE, phase: 'connect' }, [nowMs - 10_000, 0.25]],
    [{ __name__: 'node_load1', job: 'node', instance: hostname() }, [nowMs - 10_000, 0.5]],
    [{ __name__: RULE }, [nowMs - 10_000, 0.2]],
    [{ __name__: 'scraped_total', job: 'shop', instance: '10.0.0.1:9100' }, [nowMs - 10_000, 7]],
    [{ __name__: 'ALERTS', alertname: 'ShopDown', alertstate: 'firing', ...PROBE }, [nowMs - 10_000, 1]],
    [{ __name__: `${RULE}:by_check`, ...PROBE }, [nowMs - 10_000, 0.1]],
  ])
  const pushed = await web.post('/api/v1/metrics', [
    { name: 'llm_calls_total', type: 'counter', labels: { model: 'm' }, add: 123, help: 'Calls of the model.' },
    {
      name: 'llm_call_duration_seconds',
      type: 'histogram',
      buckets: [0.1, 1],
      observe: [0.05, 0.05, 0.5, 3],
      help: 'Time of a call.',
    },
  ])
  expect(pushed.status).toBe(200)
  web.context.metrics.notificationsSent.inc({ channel: 'slack', outcome: 'success' })
  web.context.metrics.httpSeconds.observe({ method: 'GET', route: '/health', status: 200 }, 0.01)
  return web
}

function rulesRecording(...names: readonly string[]): RuleEngine {
  const group: RuleGroup = {
    name: 'shop',
    file: 'shop.yml',
    intervalMs: 60_000,
    queryOffsetMs: 0,
    limit: 0,
    rules: names.map((record) => ({ kind: 'recording', record, expr: 'vector(1)', labels: {} })),
  }
  const sink = { ref: () => undefined, append: async () => {}, describe() {} }
  const options = { query: async () => [], sink, onResult() {}, onError() {}, externalUrl: 'http://127.0.0.1:8420' }
  return new RuleEngine(options, [group])
}

const names = (text: string) => parseExposition(text, 'text').map(({ name }) => name)

describe('what /metrics shows', () => {
  test('shows what was probed, pushed, measured of the machine, recorded, and midwatch itself', async () => {
    await using web = await fullWeb()
    const { status, json } = await web.get('/metrics')
    expect(status).toBe(200)
    expect(json.at).toBe('2026-01-01T00:00:00.000Z')
    expect(json.uptime_seconds).toBe(0)
    expect(json.metrics).toMatchObject({
      probe_success: { type: 'gauge', series: [{ labels: PROBE, value: 1 }] },
      node_load1: { type: 'gauge', series: [{ labels: { job: 'node', instance: hostname() }, value: 0.5 }] },
      [RULE]: { type: 'unknown', help: 'Recorded by a rule: vector(1)', series: [{ labels: {}, value: 0.2 }] },
      [`${RULE}:by_check`]: { help: 'Recorded by a rule: vector(1)', series: [{ labels: PROBE, value: 0.1 }] },
      midwatch_uptime_seconds: { type: 'gauge', unit: 'seconds', series: [{ labels: {} }] },
      midwatch_notifications_total: { series: [{ labels: { channel: 'slack', outcome: 'success' }, value: 1 }] },
    })
    expect(json.metrics.llm_calls_total).toEqual({
      type: 'counter',
      help: 'Calls of the model.',
      unit: '',
      series: [{ labels: { job: 'push', model: 'm' }, value: 123 }],
    })
    expect(json.metrics.llm_call_duration_seconds.series).toEqual([
      {
        labels: { job: 'push' },
        count: 4,
        sum: 3.6,
        buckets: { '0.1': 2, '1': 3, '+Inf': 4 },
        p50: 0.1,
        p95: 1,
        p99: 1,
      },
    ])
  })

  test('leaves out what came from other programs, and alerts', async () => {
    await using web = await fullWeb()
    const { json } = await web.get('/metrics')
    expect(Object.keys(json.metrics)).not.toContain('scraped_total')
    expect(Object.keys(json.metrics)).not.toContain('ALERTS')
  })

  test('leaves out a series of a check that is no more, though a job of targets has its name', async () => {
    await using web = await fullWeb()
    await putSamples(web.store, [[{ __name__: 'probe_success', ...PROBE, check: 'gone' }, [web.clock.now(), 1]]])
    const { json } = await web.get('/metrics')
    expect(json.metrics.probe_success.series).toHaveLength(1)
  })

  test('shows a push at once, before any evaluation has sampled it', async () => {
    await using web = await fullWeb()
    await web.post('/api/v1/metrics', [{ name: 'llm_calls_total', type: 'counter', labels: { model: 'm' }, add: 1 }])
    expect((await web.get('/metrics')).json.metrics.llm_calls_total.series[0].value).toBe(124)
  })

  test('leaves out a gauge whose time to live has passed', async () => {
    await using web = await fullWeb()
    await web.post('/api/v1/metrics', [{ name: 'queue', type: 'gauge', set: 3, ttl: '1m' }])
    await web.clock.advance(60_000)
    expect((await web.get('/metrics')).json.metrics.queue.series[0].value).toBe(3)
    await web.clock.advance(1)
    expect((await web.get('/metrics')).json.metrics).not.toHaveProperty('queue')
  })

  test('leaves out a series that was declared gone, and one whose newest sample is 5 minutes old', async () => {
    await using web = await fullWeb()
    const nowMs = web.clock.now()
    await putSamples(web.store, [[{ __name__: 'probe_success', ...PROBE }, [nowMs, null]]])
    const { metrics } = (await web.get('/metrics')).json
    expect(metrics).not.toHaveProperty('probe_success')
    expect(metrics).toHaveProperty('node_load1')
    await web.clock.advance(290_000)
    expect((await web.get('/metrics')).json.metrics).not.toHaveProperty('node_load1')
  })

  test('keeps the histogram where a plain series has the name of one of its parts', async () => {
    await using web = await fullWeb()
    const labels = { __name__: 'llm_call_duration_seconds_count', ...PROBE }
    await putSamples(web.store, [[labels, [web.clock.now(), 1]]])
    const { text } = await web.get('/metrics?format=prometheus')
    expect(names(text)).toContain('llm_call_duration_seconds')
    expect(names(text)).not.toContain('llm_call_duration_seconds_count')
  })
})

describe('match[]', () => {
  const only = async (web: TestWeb, ...selectors: string[]) => {
    const query = selectors.map((text) => `match[]=${encodeURIComponent(text)}`).join('&')
    return Object.keys((await web.get(`/metrics?${query}`)).json.metrics)
  }

  test('keeps series that one of the selectors wants', async () => {
    await using web = await fullWeb()
    expect(await only(web, 'probe_success', '{__name__=~"llm_calls.*", model="m"}')).toEqual([
      'llm_calls_total',
      'probe_success',
    ])
    expect(await only(web, 'llm_calls_total{model="other"}')).toEqual([])
  })

  test('takes a histogram by its name or by that of a part, always whole', async () => {
    await using web = await fullWeb()
    const selectors = [
      'llm_call_duration_seconds',
      'llm_call_duration_seconds_sum',
      'llm_call_duration_seconds_bucket{le="0.1"}',
    ]
    for (const selector of selectors) expect(await only(web, selector)).toEqual(['llm_call_duration_seconds'])
    expect(await only(web, 'llm_call_duration_seconds_bucket{le="7"}')).toEqual([])
  })

  test('is refused with its place when it is no selector', async () => {
    await using web = await fullWeb()
    for (const text of ['up{', 'up[5m]', 'sum(up)', 'up offset 1m', '{}']) {
      const { status, json } = await web.get(`/metrics?match[]=${encodeURIComponent(text)}`)
      expect(status).toBe(400)
      expect(json.errors[0]).toMatchObject({ field: 'match[]', message: expect.stringMatching(/^1:\d+: parse error/) })
    }
  })
})

describe('the format', () => {
  let web: TestWeb
  beforeAll(async () => {
    web = await fullWeb()
  })
  afterAll(() => web[Symbol.asyncDispose]())
  const json = 'application/json; charset=utf-8'
  const text = 'text/plain; version=0.0.4; charset=utf-8'
  const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
  const prometheus2 =
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'
  const prometheus3 =
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'

  test.each([
    ['curl', '*/*', json],
    ['nobody', undefined, json],
    ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', json],
    ['an HTTP library', 'application/json, text/plain, */*', json],
    ['an asker for something else', 'image/png', json],
    ['an old scraper', 'text/plain;version=0.0.4;q=1,*/*;q=0.1', text],
    ['Prometheus 2', prometheus2, openMetrics],
    ['Prometheus 3', prometheus3, `${openMetrics}; escaping=allow-utf-8`],
    [
      'a chooser by quality',
      'text/plain;q=0.3, application/json;q=0.2, application/openmetrics-text;q=0.9',
      openMetrics,
    ],
    ['somebody who refuses text', 'text/plain;q=0, application/json;q=0.1', json],
  ])('for %s is what Accept likes best', async (_, accept, expected) => {
    const { headers } = await web.get('/metrics', accept === undefined ? {} : { accept })
    expect(headers.get('content-type')).toBe(expected)
    expect(headers.get('vary')).toBe('Accept, Accept-Encoding')
  })

  test('can be said in the address, which counts more than Accept', async () => {
    const typeOf = async (format: string) =>
      (await web.get(`/metrics?format=${format}`, { accept: prometheus2 })).headers.get('content-type')
    expect(await typeOf('json')).toBe(json)
    expect(await typeOf('prometheus')).toBe(text)
    expect(await typeOf('openmetrics')).toBe(openMetrics)
  })

  test.each(['xml', 'constructor', '__proto__'])('is refused when it is %s', async (format) => {
    const { status, json: problem } = await web.get(`/metrics?format=${format}`)
    expect(status).toBe(400)
    expect(problem.errors).toEqual([{ field: 'format', message: 'write json, prometheus or openmetrics' }])
  })

  test('is the same content in all of them', async () => {
    const inText = parseExposition((await web.get('/metrics?format=prometheus')).text, 'text')
    const inOpenMetrics = parseExposition((await web.get('/metrics?format=openmetrics')).text, 'openmetrics')
    const inJson = Object.keys((await web.get('/metrics')).json.metrics)
    expect(inText.map(({ name }) => name)).toEqual(inJson)
    expect(inOpenMetrics.map(({ name }) => name)).toEqual(inJson)
  })

  test('is packed for those who take gzip', async () => {
    const response = await web.web.request('/metrics', { headers: { 'accept-encoding': 'gzip, deflate' } })
    expect(response.headers.get('content-encoding')).toBe('gzip')
    const content = JSON.parse(gunzipSync(Buffer.from(await response.arrayBuffer())).toString())
    expect(content.metrics.llm_calls_total.series[0].value).toBe(123)
    expect((await web.get('/metrics')).headers.get('content-encoding')).toBeNull()
  })

  test.each([
    ['gzip', true],
    ['br, gzip;q=0.5', true],
    ['*', true],
    ['gzip;q=0', false],
    ['gzip; q=0.0, *', false],
    ['br', false],
    ['', false],
    [undefined, false],
  ])('is packed when Accept-Encoding is %j: %s', (header, expected) => {
    expect(acceptsGzip(header)).toBe(expected)
  })
})

describe('who may read', () => {
  const exposed = 'server: { listen: 0.0.0.0:8420 }'

  test('needs a token with the read scope as soon as midwatch can be reached from elsewhere', async () => {
    await using web = await fullWeb()
    expect((await web.get('/metrics')).status).toBe(200)
    await using guarded = await testWeb({ config: exposed })
    expect((await guarded.get('/metrics')).status).toBe(401)
    expect((await guarded.get('/federate?match[]=up')).status).toBe(401)
    const authorization = `Bearer ${guarded.context.localToken}`
    expect((await guarded.get('/metrics', { authorization })).status).toBe(200)
  })

  test('is everybody where the config makes metrics public, but only for what midwatch measured itself', async () => {
    await using web = await testWeb({ config: 'server: { listen: 0.0.0.0:8420, public: [metrics] }' })
    expect((await web.get('/metrics')).status).toBe(200)
    expect((await web.get('/federate?match[]=up')).status).toBe(401)
  })
})

describe('/federate', () => {
  test('gives the newest sample of whatever is in the store, with its time, once', async () => {
    await using web = await fullWeb()
    const atMs = web.clock.now() - 10_000
    const { text, headers } = await web.get(
      `/federate?match[]=${encodeURIComponent('{__name__=~"scraped_total|ALERTS|probe_success"}')}&match[]=scraped_total`,
    )
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(text).toBe(`# TYPE ALERTS untyped
ALERTS{alertname="ShopDown",alertstate="firing",check="shop",instance="https://shop.example.org/",job="probe"} 1 ${atMs}
# TYPE probe_success untyped
probe_success{check="shop",instance="https://shop.example.org/",job="probe"} 1 ${atMs}
# TYPE scraped_total untyped
scraped_total{instance="10.0.0.1:9100",job="shop"} 7 ${atMs}
`)
  })

  test('gives nothing that is gone or old', async () => {
    await using web = await fullWeb()
    await putSamples(web.store, [[{ __name__: 'probe_success', ...PROBE }, [web.clock.now(), null]]])
    expect((await web.get('/federate?match[]=probe_success')).text).toBe('')
    await web.clock.advance(300_000)
    expect((await web.get('/federate?match[]=scraped_total')).text).toBe('')
  })

  test('gives nothing without a selector, and refuses what is none as Prometheus does', async () => {
    await using web = await fullWeb()
    expect(await web.get('/federate')).toMatchObject({ status: 200, text: '' })
    const refused = await web.get('/federate?match[]=up{')
    expect(refused.status).toBe(400)
    expect(refused.text).toMatch(/^1:4: parse error: /)
  })
})

testWithPeer(
  'promtool',
  'promtool reads everything, and finds nothing to improve in names of our own',
  async (path) => {
    await using web = await fullWeb()
    const all = await runPeer(path, ['check', 'metrics'], { input: (await web.get('/metrics?format=prometheus')).text })
    // Only the colons that make a rule's name one are worth a remark: 3 is promtool's code for remarks, 1 for errors.
    expect(all.stderr.trim().split('\n')).toEqual(
      [RULE, `${RULE}:by_check`].map((name) => `${name} metric names should not contain ':'`),
    )
    expect(all.code).toBe(3)
    const own = (await web.get(`/metrics?format=prometheus&match[]=${encodeURIComponent('{__name__=~"midwatch_.+"}')}`))
      .text
    expect(names(own).length).toBeGreaterThan(20)
    expect(await runPeer(path, ['check', 'metrics'], { input: own })).toEqual({ code: 0, stdout: '', stderr: '' })
    const federated = (await web.get(`/federate?match[]=${encodeURIComponent('{__name__=~".+"}')}`)).text
    expect(await runPeer(path, ['check', 'metrics'], { input: federated })).not.toMatchObject({ code: 1 })
  },
)

describePeers(['prometheus'], ({ prometheus }) => {
  test('Prometheus scrapes it, and has the series as they are', async () => {
    await using web = await fullWeb({ clock: new ManualClock(Date.now()) })
    const server = await listen(web.web, '127.0.0.1', 0)
    const folder = await mkdtemp(join(tmpdir(), 'midwatch-prometheus-'))
    try {
      const port = await freePort()
      await writeFile(join(folder, 'prometheus.yml'), prometheusConfig(server.port))
      const args = [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ]
      await using _ = await startPeer(prometheus, args, { ready: `http://127.0.0.1:${port}/-/ready` })
      const ask = (query: string) => answerOf(port, query)
      await until(async () => (await ask('up')).length === 2 && (await ask('up == 1')).length === 2)
      const target = `127.0.0.1:${server.port}`
      const [probe] = await ask('probe_success')
      expect(probe).toEqual({ metric: { __name__: 'probe_success', ...PROBE }, value: '1' })
      expect(await ask('llm_calls_total')).toEqual([
        { metric: { __name__: 'llm_calls_total', job: 'push', instance: target, model: 'm' }, value: '123' },
      ])
      expect(await ask('histogram_quantile(0.5, llm_call_duration_seconds_bucket)')).toMatchObject([{ value: '0.1' }])
      expect(await ask('midwatch_build_info or midwatch_uptime_seconds')).toMatchObject([
        { metric: { job: 'midwatch', instance: target } },
      ])
      expect(await ask('{job="shop"}')).toMatchObject([{ metric: { __name__: 'scraped_total' }, value: '7' }])
    } finally {
      await server.close()
      await rm(folder, { recursive: true, force: true })
    }
  }, 60_000)
})

function prometheusConfig(port: number): string {
  return `
global: { scrape_interval: 3s, scrape_timeout: 3s }
scrape_configs:
  - job_name: midwatch
    honor_labels: true
    static_configs: [{ targets: ['127.0.0.1:${port}'] }]
  - job_name: midwatch-federate
    honor_labels: true
    metrics_path: /federate
    params: { 'match[]': ['{job="shop"}'] }
    static_configs: [{ targets: ['127.0.0.1:${port}'] }]
`
}

async function answerOf(port: number, query: string) {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`)
  const { data } = (await response.json()) as { data?: { result: { metric: object; value: [number, string] }[] } }
  return (data?.result ?? []).map(({ metric, value: [, value] }) => ({ metric, value }))
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(50)
}

test('ten thousand series do not keep a health check waiting', async () => {
  await using web = await fullWeb()
  const atMs = web.clock.now()
  await putSamples(
    web.store,
    Array.from({ length: 10_000 }, (_, i) => [
      { __name__: 'probe_http_duration_seconds', ...PROBE, phase: `phase-${i}` },
      [atMs, i],
    ]),
  )
  const metrics = web.get('/metrics?format=prometheus')
  let isOver = false
  void metrics.then(() => {
    isOver = true
  })
  let answers = 0
  while (!isOver) {
    await web.get('/health/live')
    answers++
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  expect((await metrics).text.length).toBeGreaterThan(1_000_000)
  expect(answers).toBeGreaterThan(3)
})

test('is refreshed before it is shown', async () => {
  let refreshed = 0
  const context: Partial<WebContext> = { refreshMetrics: () => void refreshed++ }
  await using web = await testWeb({ context })
  await web.get('/metrics')
  expect(refreshed).toBe(1)
})
