import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { closedPort, listen } from '../support/listen.ts'
import { Midwatch, PROGRAM, tempFolder, until } from './midwatch.ts'

const execute = promisify(execFile)

/** Every place of a config that takes a secret, and the one that stands there. */
const SLOTS = [
  ...[
    'token',
    'token-in-a-file',
    'slack',
    'smtp',
    'variable',
    'bearer',
    'bearer-in-a-file',
    'basic',
    'header',
    'cookie',
  ],
  ...['own-header', 'query', 'body', 'postgres', 'postgres-in-a-file', 'mysql', 'mysql-key', 'redis', 'redis-key'],
  ...['websocket', 'script', 'scrape', 'scrape-basic', 'scrape-file', 'scrape-param', 'rejected'],
] as const
type Slot = (typeof SLOTS)[number]

/** Unlike any word of a program, and the same whatever encoding it is looked at in. */
function canary(slot: Slot): string {
  return `CANARY${slot.replaceAll('-', '')}9x7qkd83`
}

function canariesIn(text: string | Buffer): Slot[] {
  const packed = (slot: Slot) =>
    Buffer.from(`watch:${canary(slot)}`)
      .toString('base64')
      .slice(0, -4)
  return SLOTS.filter((slot) => text.includes(canary(slot)) || text.includes(packed(slot)))
}

interface Dead {
  readonly port: number
  /** Answers 401 and tells in its body what it was sent. */
  readonly echo: string
}

function configOf({ port, echo }: Dead): string {
  const dead = `127.0.0.1:${port}`
  return `
server:
  tokens:
    - { name: one, token: ${canary('token')}, scopes: [admin] }
    - { name: two, token_file: secrets/token, scopes: [read] }
evaluation: { cron: "* * * * * *" }
shipped_rules: false
rule_files: [rules.yml]
allow: [script]
log: { level: trace }
checks:
  - { name: bearer, http: "http://${echo}/", bearer_token: ${canary('bearer')}, every: 1s, timeout: 1s, expect: { body: "^never" } }
  - { name: bearer-file, http: "http://${dead}/", bearer_token_file: secrets/bearer, every: 1s, timeout: 1s }
  - { name: basic, http: "http://${echo}/", basic_auth: { username: watch, password: ${canary('basic')} }, every: 1s, timeout: 1s, expect: { json: { authorization: never } } }
  - { name: header, http: "http://${dead}/", headers: { Authorization: "Token ${canary('header')}", Cookie: "sid=${canary('cookie')}", X-Way-In: ${canary('own-header')} }, every: 1s, timeout: 1s }
  - { name: query, http: "http://${dead}/?api_key=${canary('query')}&q=1", every: 1s, timeout: 1s }
  - { name: body, http: "http://${dead}/", method: POST, body: '{"password":"${canary('body')}"}', every: 1s, timeout: 1s }
  - { name: variable, http: "http://${dead}/", headers: { X-Key: "\${SHOP_KEY}" }, every: 1s, timeout: 1s }
  - { name: postgres, postgres: "postgres://watch:${canary('postgres')}@${dead}/app", every: 1s, timeout: 1s }
  - { name: postgres-file, postgres_file: secrets/postgres, every: 1s, timeout: 1s }
  - { name: mysql, mysql: "mysql://watch:${canary('mysql')}@${dead}/app", every: 1s, timeout: 1s }
  - { name: mysql-key, mysql: "mysql://watch@${dead}/app", password: ${canary('mysql-key')}, every: 1s, timeout: 1s }
  - { name: redis, redis: "redis://:${canary('redis')}@${dead}", every: 1s, timeout: 1s }
  - { name: redis-key, redis: "redis://${dead}", password: ${canary('redis-key')}, every: 1s, timeout: 1s }
  - { name: websocket, websocket: "ws://${echo}/", headers: { Authorization: "Bearer ${canary('websocket')}" }, every: 1s, timeout: 1s }
  - { name: script, script: [/bin/false], env: { KEY: ${canary('script')} }, every: 1s, timeout: 1s }
scrape_configs:
  - { job_name: a, scrape_interval: 1s, scrape_timeout: 1s, authorization: { credentials: ${canary('scrape')} }, static_configs: [{ targets: ["${dead}"] }] }
  - { job_name: b, scrape_interval: 1s, scrape_timeout: 1s, basic_auth: { username: watch, password: ${canary('scrape-basic')} }, static_configs: [{ targets: ["${echo}"] }] }
  - { job_name: c, scrape_interval: 1s, scrape_timeout: 1s, authorization: { credentials_file: secrets/scrape }, static_configs: [{ targets: ["${dead}"] }] }
  - { job_name: d, scrape_interval: 1s, scrape_timeout: 1s, params: { token: [${canary('scrape-param')}] }, static_configs: [{ targets: ["${dead}"] }] }
notify:
  slack: http://${echo}/services/T0/B0/${canary('slack')}
  email: { to: oncall@example.org, smtp: "smtp://watch:${canary('smtp')}@${dead}" }
  group_wait: 1ms
`
}

/** What an operator gets wrong with a secret in their hand. */
function brokenConfigs(config: string): readonly string[] {
  const bad = canary('rejected')
  return [
    config.replace(/slack: .*/, `slack: ${bad}`),
    config.replace(/email: .*/, `email: { to: a@example.org, smtp: "watch:${bad}@mail" }`),
    config.replace('postgres: "postgres://', 'postgres: "postgrs://').replace(canary('postgres'), bad),
    config.replace(canary('token'), `[${bad}]`),
    config.replace(`bearer_token: ${canary('bearer')}`, `bearer_token: { text: ${bad} }`),
    config.replace('bearer_token_file: secrets/bearer', 'bearer_token_file: secrets/nothing'),
    config.replace('name: query, http: "http://', `name: query, http: "http://watch:${bad}@`),
    config.replace('every: 1s, timeout: 1s }\nscrape', `every: \${SHOP_KEY}, timeout: 1s }\nscrape`),
    config.replace(`${canary('scrape')} }`, `${bad} ]`),
    config.replace(`password: ${canary('mysql-key')}`, `pasword: ${bad}`),
  ]
}

const RULES = `groups:
  - name: all
    rules:
      - alert: Down
        expr: probe_success == 0 or up == 0
        labels: { severity: critical }
        annotations: { summary: '{{ $labels.check }} {{ $labels.instance }} is down', description: '{{ $labels }}' }
`

const PATHS = [
  ...[
    '/',
    '/health',
    '/health/ready',
    '/login',
    '/docs/runbooks',
    '/metrics',
    '/metrics?format=prometheus',
    '/nothing',
  ],
  ...[
    '/metrics?format=openmetrics',
    '/federate?match[]={__name__=~".%2B"}',
    '/api/v1/status/config',
    '/api/v1/targets',
  ],
  ...['/api/v1/status/buildinfo', '/api/v1/tokens', '/api/v1/checks?page_size=100', '/api/v1/audit?page_size=1000'],
  ...['/api/v1/audit/verify', '/api/v1/rules', '/api/v1/alerts', '/api/v1/metadata', '/api/v1/labels'],
  ...['/api/v1/label/instance/values', '/api/v1/series?match[]={__name__=~".%2B"}'],
  ...['/api/v1/query?query={__name__=~".%2B"}', '/api/v1/query?query=ALERTS[1h]'],
]

interface Health {
  checks: Record<string, { status: string }>
  channels: Record<string, { last_error: string | null }>
}

test('no secret of the config is in any answer, log line, message or file of data, whatever goes wrong', async () => {
  using folder = tempFolder()
  const sent: string[] = []
  await using echo = await listen(
    createServer((request, response) => {
      sent.push(JSON.stringify(request.headers))
      request.resume().on('end', () => {
        const { authorization } = request.headers
        response.writeHead(401, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ authorization, url: request.url, problem: `not let in with ${authorization}` }))
      })
    }),
  )
  const dead = { port: await closedPort(), echo: echo.address }
  const write = (name: string, text: string) => writeFileSync(join(folder.path, name), text)
  mkdirSync(join(folder.path, 'secrets'))
  write('rules.yml', RULES)
  write('secrets/token', `${canary('token-in-a-file')}\n`)
  write('secrets/bearer', `${canary('bearer-in-a-file')}\n`)
  write('secrets/postgres', `postgres://watch:${canary('postgres-in-a-file')}@127.0.0.1:${dead.port}/app\n`)
  write('secrets/scrape', `${canary('scrape-file')}\n`)
  const config = configOf(dead)
  const env = { SHOP_KEY: canary('variable') }
  /** Everything that was said, by who said it. */
  const said = new Map<string, string>()

  {
    await using midwatch = await Midwatch.start(folder.path, { config, env })
    const health = () => midwatch.get<Health>('/health')
    await until(async () => {
      const { checks, channels } = await health()
      const own = [...config.matchAll(/^ {2}- \{ name: ([a-z-]+), /gm)].map(
        ([, name = '']) => checks[name]?.status ?? '',
      )
      const areDown = own.length === 15 && own.every((status) => status === 'unhealthy' || status === 'degraded')
      return areDown && Object.values(channels).every(({ last_error }) => last_error !== null)
    }, 'every check to be down and every channel to fail')
    // The secrets were really used.
    await until(
      () => [canary('bearer'), canary('websocket')].every((one) => sent.join().includes(one)),
      'them to be sent',
    )

    const ask = async (path: string, init: RequestInit = {}) => {
      const response = await fetch(`${midwatch.url}${path}`, init)
      said.set(`${init.method ?? 'GET'} ${path}`, `${await response.text()} ${JSON.stringify([...response.headers])}`)
    }
    const names = Object.keys((await health()).checks)
    for (const path of [...PATHS, ...names.flatMap((name) => [`/checks/${name}`, `/api/v1/checks/${name}`])]) {
      await ask(path)
      await ask(path, { headers: { authorization: `Bearer ${canary('token')}`, accept: 'text/html' } })
    }
    for (const channel of ['slack', 'email']) await ask(`/api/v1/channels/${channel}/test`, { method: 'POST' })
    const run = async (...args: string[]) => {
      const options = { cwd: folder.path, env: { PATH: process.env.PATH, ...env } }
      const { stdout, stderr } = await execute(process.execPath, [PROGRAM, ...args], options).catch(
        (failed: { stdout: string; stderr: string }) => failed,
      )
      said.set(`midwatch ${args.join(' ')}`, `${stdout}${stderr}`)
    }
    for (const command of [
      'check',
      'token list',
      'token list --json',
      'notify test slack',
      'notify test email',
      'verify',
    ]) {
      await run(...command.split(' '))
    }
    for (const [i, broken] of brokenConfigs(config).entries()) {
      expect([i, broken === config]).toEqual([i, false])
      write(`broken-${i}.yml`, broken)
      await run('check', `broken-${i}.yml`)
      write('midwatch.yml', broken)
      await ask('/-/reload', { method: 'POST', headers: { 'x-try': String(i) } })
      said.set(`reload ${i}`, said.get('POST /-/reload') ?? '')
      for (const path of ['/health', '/', '/api/v1/audit', '/api/v1/status/config']) await ask(path)
      said.set(`health ${i}`, said.get('GET /health') ?? '')
    }
    expect(said.get('health 0')).toContain('last_reload_successful":false')
    await midwatch.stop()
    said.set('log', midwatch.lines.join('\n'))
  }

  const leaks = [...said].map(([who, text]) => [who, canariesIn(text)] as const)
  expect(Object.fromEntries(leaks.filter(([, slots]) => slots.length > 0))).toEqual({})
  for (const file of readdirSync(join(folder.path, 'data'), { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue
    expect([file.name, canariesIn(readFileSync(join(file.parentPath, file.name)))]).toEqual([file.name, []])
  }
  // What is looked for can be found.
  expect(canariesIn(config)).toContain('smtp')
  expect(said.get('log')).toContain('notify.')
}, 240_000)
