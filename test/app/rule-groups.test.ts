import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type App, startApp } from '../../src/app/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { CloudEvent } from '../../src/notify/event.ts'
import { queryStore } from '../../src/rule/query.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { until } from '../e2e/midwatch.ts'
import { fakeWeb } from '../notify/channel/fakes.ts'

const FILE = 'groups: [{ name: own, rules: [{ record: of:file, expr: vector(1) }] }]'

/** midwatch out of the sources, whose rules are evaluated when a test says so, and never by themselves. */
async function start(folder = newFolder(), config = ''): Promise<App & { readonly logged: readonly string[] }> {
  writeFileSync(join(folder, 'rules.yml'), FILE)
  const text = `server: { listen: "127.0.0.1:0" }
evaluation: { cron: "0 0 29 2 *" }
shipped_rules: false
rule_files: [rules.yml]
${config}`
  const load = () =>
    loadConfig({ file: join(folder, 'midwatch.yml'), env: {}, overrides: { data: folder }, readFile: () => text })
  const { config: loaded, problems } = load()
  if (loaded === undefined) throw new Error(problems.map(({ message }) => message).join('\n'))
  const logged: string[] = []
  const log = createLog('error', { write: (line) => void logged.push(line) })
  const app = await startApp({
    config: loaded,
    configFiles: [],
    reload: load,
    clock: systemClock,
    log,
    writer: 'inline',
  })
  onTestFinished(() => app.stop('the test is over', 5000))
  return Object.assign(app, { logged })
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-rule-groups-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function ask(app: App, method: string, path: string, body?: unknown) {
  const response = await fetch(`${app.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return response.status
}

async function rulesOf(
  app: App,
): Promise<
  { name: string; file: string; rules: { name: string; state?: string; alerts?: { activeAt: string }[] }[] }[]
> {
  const response = await fetch(`${app.url}/api/v1/rules`)
  return ((await response.json()) as { data: { groups: never[] } }).data.groups
}

/** What the rule file is called, by its path. */
function ofFile({ context }: App): string {
  return context.rules.groups.find(({ group }) => group.file.endsWith('rules.yml'))?.group.file ?? ''
}

/** One evaluation; each is a second later than the one before. */
function ticker(app: App) {
  let nowMs = Math.floor(Date.now() / 1000) * 1000
  return {
    async tick() {
      nowMs += 1000
      await app.context.rules.tick(nowMs)
    },
    async now(expr: string) {
      const found = await queryStore(app.context.store.series, expr, nowMs)
      return found.map(({ labels, value }) => `${labels} ${value}`).sort()
    },
  }
}

const groupBody = (expr: string, more: object = {}) => ({
  rules: [{ alert: 'Kept', expr, labels: { a: 'b' } }],
  ...more,
})

test('a group is evaluated from the next tick on, goes on when it changes, and its series end with it', async () => {
  const app = await start()
  const { tick, now } = ticker(app)
  expect(await ask(app, 'PUT', '/api/v1/rule-groups/shop/orders', groupBody('vector(7)'))).toBe(201)
  expect((await rulesOf(app)).map(({ name, file }) => [file, name])).toEqual([
    [ofFile(app), 'own'],
    ['shop', 'orders'],
  ])
  await tick()
  expect(await now('{__name__=~"ALERTS|of:file"}')).toEqual([
    'ALERTS{a="b", alertname="Kept", alertstate="firing"} 1',
    'of:file 1',
  ])
  const [, before] = await rulesOf(app)
  expect(before?.rules[0]?.state).toBe('firing')

  expect(
    await ask(
      app,
      'POST',
      '/config/v1/rules/shop',
      JSON.stringify({ name: 'orders', ...groupBody('vector(8)', { limit: 3 }) }),
    ),
  ).toBe(202)
  await tick()
  const [, after] = await rulesOf(app)
  expect(after?.rules[0]?.alerts).toMatchObject([{ activeAt: before?.rules[0]?.alerts?.[0]?.activeAt, value: '8e+00' }])

  expect(await ask(app, 'DELETE', '/api/v1/rule-groups/shop/orders')).toBe(204)
  expect((await rulesOf(app)).map(({ file }) => file)).toEqual([ofFile(app)])
  await tick()
  expect(await now('{__name__=~"ALERTS|of:file"}')).toEqual(['of:file 1'])
})

test('groups and their alerts are there again after a restart', async () => {
  const folder = newFolder()
  const app = await start(folder)
  await ask(app, 'PUT', '/api/v1/rule-groups/shop/orders', groupBody('vector(7)'))
  await ticker(app).tick()
  const [, before] = await rulesOf(app)
  await app.stop('a restart', 5000)
  const again = await start(folder)
  const [, after] = await rulesOf(again)
  expect(after?.rules[0]).toMatchObject({ state: 'firing', alerts: before?.rules[0]?.alerts })
})

test('a reload leaves them alone', async () => {
  const app = await start()
  const { tick } = ticker(app)
  await ask(app, 'PUT', '/api/v1/rule-groups/shop/orders', groupBody('vector(7)'))
  await tick()
  await app.reload('test')
  await tick()
  expect(app.context.rules.groups.map(({ group: { name }, iterations }) => [name, iterations])).toEqual([
    ['own', 2],
    ['orders', 2],
  ])
})

test('a name of a group in a file is taken; a file that takes a name later wins, and it is told', async () => {
  const folder = newFolder()
  const app = await start(folder)
  const namespace = encodeURIComponent(ofFile(app))
  expect(await ask(app, 'PUT', `/api/v1/rule-groups/${namespace}/own`, groupBody('vector(7)'))).toBe(409)
  expect(await ask(app, 'POST', `/config/v1/rules/${namespace}`, 'name: own\nrules: []\n')).toBe(400)
  expect(await ask(app, 'PUT', `/api/v1/rule-groups/${namespace}/another`, groupBody('vector(7)'))).toBe(201)
  writeFileSync(join(folder, 'rules.yml'), FILE.replace('own', 'another'))
  await app.reload('test')
  expect((await rulesOf(app)).map(({ rules }) => rules.map(({ name }) => name))).toEqual([['of:file']])
  expect(app.logged.join('\n')).toContain('a rule file has one of the same name')
})

test('other systems hear of every change', async () => {
  await using it = await fakeWeb((response) => response.writeHead(202).end())
  const app = await start(newFolder(), `events: "http://${it.server.address}/events"`)
  await ask(app, 'PUT', '/api/v1/rule-groups/shop/orders', groupBody('vector(7)'))
  await ask(app, 'PUT', '/api/v1/rule-groups/shop/orders', groupBody('vector(8)'))
  await ask(app, 'DELETE', '/config/v1/rules/shop')
  await until(() => it.taken.length === 3, 'three events')
  const events = it.taken.map(({ body }) => JSON.parse(body) as CloudEvent)
  expect(events.map(({ type, subject, data }) => [type, subject, data])).toEqual(
    ['created', 'updated', 'deleted'].map((what) => [
      `midwatch.rule-group.${what}`,
      'rule-group/shop/orders',
      { namespace: 'shop', name: 'orders', rules: 1, actor: 'local' },
    ]),
  )
})
