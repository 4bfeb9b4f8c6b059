import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type App, startApp } from '../../src/app/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { until } from '../e2e/midwatch.ts'

const CONFIG = `server: { listen: "127.0.0.1:0" }
evaluation: { cron: "* * * * * *" }
shipped_rules: false
slo_files: [slos/*.yml]
`
const FILE = `version: prometheus/v1
service: shop
slos:
  - name: orders
    objective: 99
    sli: { raw: { error_ratio_query: "sum(avg_over_time(errors_ratio[{{.window}}]))" } }
    alerting: { name: OrdersFail }
`

const REQUESTS = {
  service: 'shop',
  name: 'requests',
  objective: 99.9,
  http: { metric: 'http_requests_total', bad: 'code=~"5.."' },
  labels: { team: 'shop' },
}

interface Running extends App {
  readonly folder: string
  ask(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: Answer }>
}
// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the answer
type Answer = any

async function start(folder = mkdtempSync(join(tmpdir(), 'midwatch-slos-')), file = FILE): Promise<Running> {
  mkdirSync(join(folder, 'slos'), { recursive: true })
  writeFileSync(join(folder, 'slos', 'shop.yml'), file)
  const load = () =>
    loadConfig({ file: join(folder, 'midwatch.yml'), env: {}, overrides: { data: folder }, readFile: () => CONFIG })
  const { config, problems } = load()
  if (config === undefined) throw new Error(problems.map(({ message }) => message).join('\n'))
  const app = await startApp({
    config,
    configFiles: [],
    reload: load,
    clock: systemClock,
    log: createLog('silent'),
    writer: 'inline',
  })
  onTestFinished(async () => {
    await app.stop('the test is over', 5000)
    rmSync(folder, { recursive: true, force: true })
  })
  return Object.assign(app, {
    folder,
    async ask(method: string, path: string, body?: unknown) {
      const response = await fetch(`${app.url}${path}`, {
        method,
        ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as Answer) }
    },
  })
}

test('an SLO is made, read, changed and deleted beside those of files, and its rules with it', async () => {
  const app = await start()
  const names = async () => {
    const { body } = await app.ask('GET', '/api/v1/rules')
    return (body.data.groups as { name: string; file: string }[])
      .filter(({ file }) => file === 'api/slos')
      .map(({ name }) => name)
  }
  expect(await names()).toEqual([])

  const made = await app.ask('POST', '/api/v1/slos', REQUESTS)
  expect(made).toMatchObject({
    status: 201,
    body: {
      id: 'shop-requests',
      objective: 99.9,
      window: '30d',
      policy: 'workbook',
      labels: { team: 'shop' },
      alerting: { page: { name: 'ShopRequestsBudgetBurn' } },
      source: { kind: 'api' },
      read_only: false,
      spec: REQUESTS,
      created_by: 'local',
      status: { budget_remaining_ratio: null, firing: [] },
    },
  })
  expect(await names()).toEqual([
    'sloth-slo-alerts-shop-requests',
    'sloth-slo-meta-recordings-shop-requests',
    'sloth-slo-sli-recordings-shop-requests',
  ])
  expect(await app.ask('POST', '/api/v1/slos', REQUESTS)).toMatchObject({ status: 409, body: { title: 'Id in use' } })

  const list = await app.ask('GET', '/api/v1/slos?page_size=1&page=2')
  expect(list.body).toMatchObject({ page: 2, page_size: 1, total: 2, items: [{ id: 'shop-requests' }] })

  const changed = await app.ask('PUT', '/api/v1/slos/shop-requests', {
    ...REQUESTS,
    objective: 99,
    policy: 'fast-slow',
  })
  expect(changed).toMatchObject({ status: 200, body: { objective: 99, policy: 'fast-slow' } })
  expect(await app.ask('PUT', '/api/v1/slos/shop-requests', { ...REQUESTS, name: 'other' })).toMatchObject({
    status: 422,
    body: { errors: [{ field: 'name', message: expect.stringContaining('shop-other') }] },
  })
  expect((await app.ask('DELETE', '/api/v1/slos/shop-requests')).status).toBe(204)
  expect((await app.ask('GET', '/api/v1/slos/shop-requests')).status).toBe(404)
  expect((await app.ask('DELETE', '/api/v1/slos/shop-requests')).status).toBe(404)
  expect(await names()).toEqual([])

  const { body } = await app.ask('GET', '/api/v1/audit?event=slo.changed')
  expect(body.items.map(({ action }: { action: string }) => action).sort()).toEqual(['create', 'delete', 'update'])
})

test('what is wrong with an SLO is told field by field, as it was sent', async () => {
  const app = await start()
  const wrong = {
    service: 'shop',
    name: 'requests',
    objective: 101,
    htpp: {},
    sli: { raw: { error_ratio_query: 'a' } },
  }
  const { status, body } = await app.ask('POST', '/api/v1/slos', wrong)
  expect(status).toBe(422)
  expect(body.title).toBe('Invalid content')
  expect(body.errors).toEqual([
    { field: 'htpp', message: 'is not known here; did you mean "http"?' },
    { field: 'sli.raw.error_ratio_query', message: expect.stringContaining('{{.window}}') },
    { field: 'alerting.name', message: expect.stringContaining('is missing') },
    { field: 'objective', message: expect.stringContaining("101 can't be an objective") },
  ])
  expect((await app.ask('POST', '/api/v1/slos', [])).status).toBe(422)
})

test('SLOs of files are read only, and their ids are taken', async () => {
  const app = await start()
  expect((await app.ask('GET', '/api/v1/slos/shop-orders')).body).toMatchObject({
    read_only: true,
    source: { kind: 'file', file: expect.stringContaining('slos/shop.yml'), line: 4 },
  })
  for (const [method, path] of [
    ['PUT', '/api/v1/slos/shop-orders'],
    ['DELETE', '/api/v1/slos/shop-orders'],
  ] as const) {
    const { status, body } = await app.ask(method, path, method === 'PUT' ? { ...REQUESTS, name: 'orders' } : undefined)
    expect([status, body.detail]).toEqual([409, expect.stringContaining('slos/shop.yml:4; change it there')])
  }
  expect((await app.ask('POST', '/api/v1/slos', { ...REQUESTS, name: 'orders' })).status).toBe(409)
})

test('an SLO that was made stays over a restart, and a file with its id is refused', async () => {
  const first = await start()
  await first.ask('POST', '/api/v1/slos', REQUESTS)
  writeFileSync(join(first.folder, 'slos', 'shop.yml'), FILE.replace('orders', 'requests'))
  const report = await first.context.reload('test')
  expect(report.ok).toBe(false)
  expect(report.problems.map(({ message }) => message)).toEqual([expect.stringContaining('was made through the API')])
  await first.stop('a restart', 5000)

  const second = await start(first.folder)
  expect((await second.ask('GET', '/api/v1/slos')).body.items.map(({ id }: { id: string }) => id)).toEqual([
    'shop-orders',
    'shop-requests',
  ])
})

test('rules of an SLO are evaluated at once, and its alert fires', async () => {
  const app = await start()
  await app.ask('POST', '/api/v1/metrics', [{ name: 'errors_ratio', type: 'gauge', set: 0.25 }])
  const burn = await until(async () => {
    const { body } = await app.ask('GET', '/api/v1/slos/shop-orders/burn-rate')
    return body.alerts?.[0]?.firing ? body : undefined
  }, 'the page to fire')
  expect(burn).toMatchObject({ id: 'shop-orders', objective: 99, firing: ['page', 'ticket'] })
  expect(burn.windows[0].burn_rate).toBeCloseTo(25)
})
