import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { KpiBook } from '../../src/app/kpi-book.ts'
import { loadConfig } from '../../src/config/load.ts'
import { QueryBackend } from '../../src/export/forward/backend.ts'
import { Labels } from '../../src/model/labels.ts'
import { kpiFile, kpisOf } from '../objective/kpi-support.ts'
import { startPrometheus } from '../promql/prometheus-server.ts'
import { closedPort } from '../support/listen.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { testWithPeer } from '../support/peers.ts'
import { testWeb } from '../support/web.ts'

function backendOf(text: string) {
  const { config, problems } = loadConfig({ file: 'midwatch.yml', env: {}, readFile: () => text })
  if (config?.metricsBackend === undefined) throw new Error(problems.map(({ message }) => message).join('; '))
  const backend = new QueryBackend(config.metricsBackend, () => config.probes.addressPolicy, '.')
  return { config, backend }
}

test('samples go by remote write to the server that answers, unless they go there anyway', () => {
  const { config } = backendOf(
    'metrics: { backend: { prometheus: "http://mimir.internal/prometheus", headers: { X-Scope-OrgID: shop } } }',
  )
  expect(config.remoteWrite).toMatchObject([
    {
      name: 'metrics-backend',
      url: new URL('http://mimir.internal/prometheus/api/v1/write'),
      headers: { 'X-Scope-OrgID': 'shop' },
    },
  ])
  const both = backendOf(
    'metrics: { backend: { prometheus: "http://a:1", write: "http://a:1/push" } }\nremote_write: [{ url: "http://a:1/push", name: mine }]',
  )
  expect(both.config.remoteWrite.map(({ name }) => name)).toEqual(['mine'])
})

test('a server that is away is 503 with the reason, in Prometheus’ shape', async () => {
  const port = await closedPort()
  const { backend } = backendOf(`metrics: { backend: { prometheus: "http://127.0.0.1:${port}" } }`)
  const web = await testWeb({ context: { backend: () => backend } })
  try {
    const { status, json, headers } = await web.get('/api/v1/query?query=up')
    expect(status).toBe(503)
    expect(headers.get('retry-after')).toBe('5')
    expect(json).toMatchObject({ status: 'error', error: expect.stringContaining('ECONNREFUSED') })
    await expect(backend.instant('up', 0)).rejects.toThrow("can't be asked: ECONNREFUSED")
  } finally {
    await web[Symbol.asyncDispose]()
  }
})

testWithPeer(
  'prometheus',
  'Prometheus answers for our own store: queries, ranges, labels, rules and KPIs',
  async (program) => {
    const prometheus = await startPrometheus(program)
    const { backend } = backendOf(`metrics: { backend: { prometheus: "${prometheus.url}" } }`)
    const kpis = new KpiBook()
    kpis.update(kpisOf(kpiFile('{ name: load, unit: percent, labels: [team], by: [team], owner: platform }')))
    const atMs = Math.floor(Date.now() / 1000) * 1000
    const web = await testWeb({ clock: new ManualClock(atMs), context: { backend: () => backend, kpis } })
    try {
      await prometheus.write([
        {
          labels: Labels.of({ __name__: 'orders', shop: 'a' }),
          samples: [{ timeMs: atMs - 1000, value: { kind: 'value', number: 7 } }],
        },
        {
          labels: Labels.of({ __name__: 'kpi:load:mean', kpi: 'load', team: 'blue' }),
          samples: [{ timeMs: atMs - 1000, value: { kind: 'value', number: 42 } }],
        },
      ])
      const ask = () => web.get(`/api/v1/query?query=orders*2&time=${atMs / 1000}`)
      let answer = await ask()
      for (; answer.json.data.result.length === 0; answer = await ask()) await delay(20)
      expect(answer.json.data).toEqual({
        resultType: 'vector',
        result: [{ metric: { shop: 'a' }, value: [atMs / 1000, '14'] }],
      })
      const range = await web.web.request('/api/v1/query_range', {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', host: '127.0.0.1:8420' },
        body: new URLSearchParams({
          query: 'orders',
          start: String(atMs / 1000),
          end: String(atMs / 1000 + 2),
          step: '1',
        }).toString(),
      })
      expect(((await range.json()) as { data: { result: unknown[] } }).data.result).toHaveLength(1)
      expect((await web.get('/api/v1/label/shop/values')).json.data).toEqual(['a'])
      expect((await web.get('/api/v1/query?query=sum(')).status).toBe(400)
      expect((await web.get('/api/v1/kpis/load')).json.aggregations[0].values).toEqual([
        { labels: { team: 'blue' }, value: 42 },
      ])
      const [sample] = await backend.instant('orders > 5', atMs)
      expect(sample?.labels.toObject()).toEqual({ __name__: 'orders', shop: 'a' })
      expect(sample?.value).toBe(7)
      expect(await backend.instant('scalar(orders)', atMs)).toMatchObject([{ value: 7 }])
    } finally {
      await web[Symbol.asyncDispose]()
      await prometheus.stop()
    }
  },
)
