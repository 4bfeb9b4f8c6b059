import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Midwatch, PROGRAM, tempFolder, until } from './midwatch.ts'

interface Health {
  status: string
  summary: { total: number }
  checks: Record<string, { status: string }>
  config: { last_reload_successful: boolean; problems?: { message: string; line: number }[] }
}

const withChecks = (...names: string[]) =>
  `checks:\n${names.map((name) => `  - { name: ${name}, tcp: "127.0.0.1:1", every: 10m }`).join('\n')}\n`

const hasCheck = (midwatch: Midwatch, name: string) => async () =>
  name in (await midwatch.get<Health>('/health')).checks

test('an operator stops it: every part ends in order, within the deadline, with exit code 0', async () => {
  using folder = tempFolder()
  await using midwatch = await Midwatch.start(folder.path)
  const startMs = performance.now()
  expect(await midwatch.stop()).toBe(0)
  expect(performance.now() - startMs).toBeLessThan(10_000)
  const last = JSON.parse(midwatch.lines.at(-1) as string) as { event: string; parts: string[] }
  expect(last.event).toBe('midwatch.stopped')
  const order = last.parts.map((part) => part.replace(/ \d+ ms$/, ''))
  expect(order.indexOf('server')).toBeLessThan(order.indexOf('checks'))
  expect(order.indexOf('checks')).toBeLessThan(order.indexOf('outbox'))
  expect(order.indexOf('outbox')).toBeLessThan(order.indexOf('store'))
})

test('a command whose reader has seen enough ends without a word', async () => {
  using folder = tempFolder()
  const slos = Array.from(
    { length: 100 },
    (_, i) => `  - { name: slo-${i}, objective: 99, http: { metric: m, bad: 'a="b"' } }\n`,
  )
  writeFileSync(join(folder.path, 'slos.yml'), `version: prometheus/v1\nservice: shop\nslos:\n${slos.join('')}`)
  const child = spawn(process.execPath, [PROGRAM, 'slo', 'compile', join(folder.path, 'slos.yml')])
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  child.stdout.once('data', () => child.stdout.destroy())
  const [code] = await once(child, 'close')
  expect({ code, err }).toEqual({ code: 0, err: '' })
})

test('every log line is JSON with time, level, event and message', async () => {
  using folder = tempFolder()
  await using midwatch = await Midwatch.start(folder.path)
  await midwatch.stop()
  for (const line of midwatch.lines) {
    expect(JSON.parse(line)).toMatchObject({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      level: expect.any(String),
      event: expect.stringMatching(/^[a-z_]+\.[a-z_]+$/),
      msg: expect.any(String),
    })
  }
})

test('a changed file is taken over by the watcher, by SIGHUP and by POST /-/reload', async () => {
  using folder = tempFolder()
  await using midwatch = await Midwatch.start(folder.path, { config: withChecks('one') })
  const file = join(folder.path, 'midwatch.yml')
  writeFileSync(file, withChecks('one', 'two'))
  await until(hasCheck(midwatch, 'two'), 'the watcher to see the second check')

  writeFileSync(file, withChecks('one', 'two', 'three'))
  process.kill(midwatch.pid, 'SIGHUP')
  await until(hasCheck(midwatch, 'three'), 'SIGHUP to bring the third check')

  writeFileSync(file, withChecks('four'))
  const response = await midwatch.post('/-/reload', '')
  expect(response.status).toBe(200)
  const { checks } = await midwatch.get<Health>('/health')
  expect(Object.keys(checks)).toContain('four')
  expect(Object.keys(checks)).not.toContain('one')
})

test('a rule file that is new is taken over when a pattern names it', async () => {
  using folder = tempFolder()
  mkdirSync(join(folder.path, 'rules'))
  const config = 'rule_files: [rules/*.yml]\nshipped_rules: false\n'
  await using midwatch = await Midwatch.start(folder.path, { config })
  writeFileSync(join(folder.path, 'rules/notes.txt'), 'not for midwatch')
  writeFileSync(join(folder.path, 'rules/shop.yml'), 'groups: [{ name: shop, rules: [{ record: one, expr: "1" }] }]\n')
  const groups = async () =>
    (await midwatch.get<{ data: { groups: { name: string }[] } }>('/api/v1/rules')).data.groups.map(({ name }) => name)
  await until(async () => (await groups()).includes('shop'), 'the rules of the new file')
})

test('a bad file changes nothing, and shows with its line in the answer, in /health and in a metric', async () => {
  using folder = tempFolder()
  await using midwatch = await Midwatch.start(folder.path, { config: withChecks('one') })
  writeFileSync(join(folder.path, 'midwatch.yml'), 'checks:\n  - { name: one, htpp: "http://127.0.0.1/" }\n')
  const response = await midwatch.post('/-/reload', '')
  expect(response.status).toBe(422)
  expect(JSON.stringify(await response.json())).toContain('midwatch.yml:2')
  const health = await midwatch.get<Health>('/health')
  expect(health.checks.one).toBeDefined()
  expect(health.config).toMatchObject({ last_reload_successful: false, problems: [{ line: 2 }] })
  const metrics = await (await fetch(`${midwatch.url}/metrics?format=prometheus`)).text()
  expect(metrics).toMatch(/^midwatch_config_last_reload_successful 0$/m)

  writeFileSync(join(folder.path, 'midwatch.yml'), withChecks('one'))
  expect((await midwatch.post('/-/reload', '')).status).toBe(200)
  expect((await midwatch.get<Health>('/health')).config.last_reload_successful).toBe(true)
})

test('a second midwatch on the same folder is refused with a sentence that says what to do', async () => {
  using folder = tempFolder()
  await using _first = await Midwatch.start(folder.path)
  const second = spawn(process.execPath, [PROGRAM, 'run', '--listen', '127.0.0.1:0'], { cwd: folder.path })
  let said = ''
  second.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const [code] = await once(second, 'close')
  expect(code).toBe(1)
  expect(said).toMatch(/another midwatch is using .*--data/)
})

test('a config with errors ends the start with every problem and exit code 1', async () => {
  using folder = tempFolder()
  writeFileSync(
    join(folder.path, 'midwatch.yml'),
    'server: { listne: "127.0.0.1:1" }\nchecks: [ { name: "a b", tcp: x } ]\n',
  )
  const run = spawn(process.execPath, [PROGRAM, 'run'], { cwd: folder.path })
  let said = ''
  run.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const [code] = await once(run, 'close')
  expect(code).toBe(1)
  expect(said).toMatch(/midwatch\.yml:1:\d+: server\.listne: .*listen/)
  expect(said).toMatch(/midwatch\.yml:2:\d+: checks\[0\]\.name/)
})

test('on an address that others reach, a token is made once, shown once, and needed for everything but /health', async () => {
  using folder = tempFolder()
  const start = () => Midwatch.start(folder.path, { args: ['--listen', '0.0.0.0:0'] })
  let token: string
  {
    await using midwatch = await start()
    token = /^\s+(mw_\S+)$/m.exec(midwatch.lines.join('\n'))?.[1] as string
    expect(token).toBeDefined()
    const status = async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(`${midwatch.url}${path}`, { headers, redirect: 'manual' })).status
    expect(await status('/health')).toBe(200)
    expect(await status('/health/live')).toBe(200)
    for (const path of ['/metrics', '/api/v1/audit', '/api/v1/tokens', '/api/v1/query?query=up']) {
      expect([path, await status(path)]).toEqual([path, 401])
      expect([path, await status(path, { authorization: 'Bearer mw_wrong' })]).toEqual([path, 401])
      expect([path, await status(path, { authorization: `Bearer ${token}` })]).toEqual([path, 200])
    }
    expect((await midwatch.post('/api/v1/metrics', [])).status).toBe(401)
    expect((await midwatch.post('/-/reload', '')).status).toBe(401)
  }
  await using again = await start()
  expect(again.lines.join('\n')).not.toContain(token)
  const response = await fetch(`${again.url}/api/v1/tokens`, { headers: { authorization: `Bearer ${token}` } })
  expect(await response.json()).toMatchObject({ items: [{ name: 'first', scopes: ['admin'] }] })
})
