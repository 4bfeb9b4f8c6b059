import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type App, startApp } from '../../src/app/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { until } from '../e2e/midwatch.ts'
import { listen } from '../support/listen.ts'

/** midwatch out of the sources, with a config that the test changes as an operator changes the file. */
async function start(config: string): Promise<App & { write(config: string): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-reload-'))
  let text = config
  const load = () =>
    loadConfig({ file: join(folder, 'midwatch.yml'), env: {}, overrides: { data: folder }, readFile: () => text })
  const { config: loaded, problems } = load()
  if (loaded === undefined) throw new Error(problems.map(({ message }) => message).join('\n'))
  const app = await startApp({
    config: loaded,
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
    write(changed: string) {
      text = changed
    },
  })
}

test('a token is needed for as long as others can reach midwatch, whatever address the file names by now', async () => {
  const app = await start('server: { listen: "0.0.0.0:0" }\nshipped_rules: false')
  const status = async () => (await fetch(`${app.url}/api/v1/tokens`)).status
  expect(await status()).toBe(401)
  app.write('server: { listen: "127.0.0.1:0" }\nshipped_rules: false')
  const report = await app.context.reload('test')
  expect(await status()).toBe(401)
  expect(report).toMatchObject({
    ok: true,
    problems: [{ field: 'server.listen', severity: 'warning', message: expect.stringContaining('restart') }],
  })
})

test('no token is made where the config has one, and the one of the config is taken', async () => {
  const token = 'a-token-of-the-config-file'
  const app = await start(
    `server: { listen: "0.0.0.0:0", tokens: [{ name: ops, token: ${token}, scopes: [admin] }] }\nshipped_rules: false`,
  )
  const response = await fetch(`${app.url}/api/v1/tokens`, { headers: { authorization: `Bearer ${token}` } })
  expect([response.status, await response.json()]).toEqual([200, expect.objectContaining({ items: [] })])
})

test('a stricter policy of addresses holds from the reload on, for checks and for scrapes', async () => {
  const server = createServer((_request, response) => response.end('a 1\n'))
  await using target = await listen(server)
  const config = (policy: string) => `
server: { listen: "127.0.0.1:0" }
shipped_rules: false
probes: { address_policy: ${policy} }
checks: [{ name: shop, http: "http://127.0.0.1:${target.port}/", every: 500ms, timeout: 500ms }]
scrape_configs: [{ job_name: shop, scrape_interval: 500ms, scrape_timeout: 500ms, static_configs: [{ targets: ["127.0.0.1:${target.port}"] }] }]
`
  const app = await start(config('any'))
  const scraped = () => app.context.targets().activeTargets[0]
  await until(() => app.context.board.find('shop')?.status === 'healthy' && scraped()?.health === 'up', 'both to be up')
  app.write(config('public-only'))
  await app.context.reload('test')
  await until(() => app.context.board.find('shop')?.reason === 'forbidden', 'the check to be refused')
  await until(() => scraped()?.lastError.includes('not allowed as a target') === true, 'the scrape to be refused')
})
