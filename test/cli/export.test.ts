import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { systemClock } from '../../src/lib/clock.ts'
import { createMatcher } from '../../src/model/matcher.ts'
import { putRuleGroup } from '../../src/store/rule-groups.ts'
import { plainSilence, saveSilences } from '../../src/store/silences.ts'
import { openStore } from '../../src/store/store.ts'
import { midwatch } from '../support/cli.ts'
import { describePeers } from '../support/peers.ts'
import { type TempFolder, tempFolder } from '../support/test-store.ts'

const CONFIG = `
server: { external_url: https://watch.example.org }
checks:
  - name: shop
    http: https://shop.example.org/health
    every: 30s
    timeout: 5s
    critical: true
    labels: { team: web }
    bearer_token: \${SHOP_TOKEN}
    headers: { X-Key: "\${SHOP_KEY}", Accept: application/json }
    expect: { status: 200-204, json: { status: ok }, body: ready, latency: 800ms }
    depends_on: [database]
  - { name: database, postgres: "postgres://watch:\${PG_PASSWORD}@db/app", critical: true, category: database }
  - { name: nightly, heartbeat: { cron: "0 3 * * *", timezone: Europe/Berlin, grace: 30m } }
  - { name: mail, smtp: "mail.example.org:587", starttls: true }
  - { name: names, dns: example.org, server: "192.0.2.1", expect: { answer: "192\\\\.0\\\\.2\\\\." } }
  - { name: router, icmp: router.internal }
  - { name: orders, grpc: "api.internal:50051", service: shop.Orders, tls: true }
  - { name: live, websocket: "wss://shop.example.org/live" }
  - { name: ldap, tls: "ldap.internal:636" }
  - { name: raw, tcp: "db.internal:5432", send: "PING\\r\\n", expect: PONG }
scrape_configs:
  - job_name: node
    basic_auth: { username: me, password: "\${NODE_PASSWORD}" }
    static_configs: [{ targets: ["app:9100"], labels: { env: prod } }]
    relabel_configs: [{ source_labels: [__address__], regex: "(.*):.*", target_label: host }]
rule_files: [rules/*.yml]
notify:
  slack: \${SLACK_WEBHOOK_URL}
  webhook: { url: "http://hooks.internal/alerts" }
`

const SECRETS = {
  SHOP_TOKEN: 'canary-token',
  SHOP_KEY: 'canary-key',
  PG_PASSWORD: 'canary-postgres',
  NODE_PASSWORD: 'canary-node',
  SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T0/B0/canary-slack',
}

let folder: TempFolder
let out: string

beforeEach(async () => {
  folder = await tempFolder()
  out = join(folder.path, 'out')
  write('midwatch.yml', CONFIG)
})

afterEach(() => folder[Symbol.asyncDispose]())

function write(name: string, text: string): void {
  writeFileSync(join(folder.path, name), text)
}

const run = (...args: string[]) =>
  midwatch(
    ['export', out, '--config', join(folder.path, 'midwatch.yml'), '--data', join(folder.path, 'data'), ...args],
    SECRETS,
  )

const openData = () =>
  openStore({
    dataDir: join(folder.path, 'data'),
    clock: systemClock,
    limits: { series: 1000, seriesPerMetric: 1000 },
    writer: 'inline',
    onCorrupt: () => {},
    onWriterDeath: () => {},
  })

const read = (path: string) => readFileSync(join(out, path), 'utf8')

describe('export', () => {
  test('writes probes under the names, labels and times that they have here', async () => {
    expect(await run()).toMatchObject({ code: 0 })
    const { scrape_configs, global } = parse(read('prometheus/prometheus.yml'))
    expect(global).toEqual({ evaluation_interval: '15s' })
    const [shop] = scrape_configs
    expect(shop).toMatchObject({
      job_name: 'probe/shop',
      scrape_interval: '30s',
      params: { module: ['shop'] },
      static_configs: [
        {
          targets: ['https://shop.example.org/health'],
          labels: { check: 'shop', critical: 'true', category: 'application', probe: 'http', team: 'web' },
        },
      ],
    })
    expect(shop.relabel_configs).toContainEqual({ target_label: 'job', replacement: 'probe' })
    const { modules } = parse(read('blackbox/blackbox.yml'))
    expect(Object.keys(modules)).toEqual(['shop', 'mail', 'names', 'router', 'orders', 'live', 'ldap', 'raw'])
    expect(modules.shop).toMatchObject({
      prober: 'http',
      timeout: '5s',
      http: {
        valid_status_codes: [200, 201, 202, 203, 204],
        fail_if_body_not_matches_regexp: ['ready', '"status"\\s*:\\s*"ok"'],
        authorization: { type: 'Bearer', credentials_file: '/etc/midwatch-secrets/shop-token' },
      },
    })
    expect(scrape_configs.at(-3)).toMatchObject({
      job_name: 'node',
      basic_auth: { username: 'me', password_file: '/etc/midwatch-secrets/node-password' },
      relabel_configs: [{ source_labels: ['__address__'], regex: '(.*):.*', target_label: 'host' }],
    })
  })

  test('writes no secret, and says which file each belongs in', async () => {
    await run()
    const texts = readdirSync(out, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.\w+$/.test(path))
      .map((path) => read(path))
    expect(texts.filter((text) => text.includes('canary'))).toEqual([])
    expect(read('secrets/README.md')).toMatch(/`shop-token`: token of the check shop[\s\S]*`slack-api_url`/)
    expect(parse(read('alertmanager/alertmanager.yml')).receivers[0]).toMatchObject({
      slack_configs: [{ api_url_file: '/etc/midwatch-secrets/slack-api_url' }],
      webhook_configs: [{ url: 'http://hooks.internal/alerts' }],
    })
  })

  test('asks for the secrets that a program reads, and for no other', async () => {
    await run()
    const asked = [...read('secrets/README.md').matchAll(/^- `([^`]+)`/gm)].map(([, file]) => file)
    const named = readdirSync(out, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.yml'))
      .flatMap((path) => [...read(path).matchAll(/\/etc\/midwatch-secrets\/([\w-]+)/g)].map(([, file]) => file))
    expect(asked.sort()).toEqual([...new Set(named)].sort())
  })

  test('tells what moves, what changes and what nothing there does', async () => {
    await run()
    const report = read('report.md')
    expect(report).toMatch(/## Moves as it is[\s\S]*\| check mail \|/)
    expect(report).toMatch(/something is different then[\s\S]*\| check shop \| expect\.latency[\s\S]*X-Key/)
    expect(report).toMatch(/no counterpart[\s\S]*\| check database \| postgres_exporter[\s\S]*\| check nightly \|/)
  })

  test('brings rules of the operator along, as groups that say the same', async () => {
    mkdirSync(join(folder.path, 'rules'))
    write(
      'rules/own.yml',
      'groups: [{name: g, interval: 90s, limit: 5, rules: [{alert: A, expr: "up == 0", for: 7d, labels: {severity: low}}]}]',
    )
    await run()
    expect(parse(read('prometheus/rules/own/own.yml'))).toEqual({
      groups: [
        {
          name: 'g',
          interval: '1m30s',
          limit: 5,
          rules: [{ alert: 'A', expr: 'up == 0', for: '1w', labels: { severity: 'low' } }],
        },
      ],
    })
  })

  test('takes silences along that are not over', async () => {
    const nowMs = Date.now()
    const store = await openData()
    const silence = {
      id: '00000000-0000-4000-8000-000000000001',
      matchers: [createMatcher('check', '=~', 'shop|cart'), createMatcher('env', '!=', 'test')],
      startsAtMs: nowMs - 1000,
      endsAtMs: nowMs + 3_600_000,
      updatedAtMs: nowMs,
      createdBy: 'on-call',
      comment: 'new disks',
    }
    const over = { ...silence, id: '00000000-0000-4000-8000-000000000002', endsAtMs: nowMs - 1 }
    await store.writer.run(saveSilences, { silences: [silence, over].map(plainSilence) })
    await store.close()
    await run()
    expect(JSON.parse(read('silences.json'))).toEqual([
      {
        matchers: [
          { name: 'check', value: 'shop|cart', isRegex: true, isEqual: true },
          { name: 'env', value: 'test', isRegex: false, isEqual: false },
        ],
        startsAt: new Date(nowMs - 1000).toISOString(),
        endsAt: new Date(nowMs + 3_600_000).toISOString(),
        createdBy: 'on-call',
        comment: 'new disks',
      },
    ])
  })

  test('takes rule groups of the database along, a file for each namespace', async () => {
    const store = await openData()
    const rules = [{ alert: 'Always', expr: 'vector(1)', for: '5m', labels: { severity: 'low' } }]
    const group = { namespace: 'rules/kept.yml', written: { name: 'kept', interval: '1m', rules } }
    const times = { createdMs: 0, updatedMs: 0, updatedBy: 'ci', messages: [] }
    await store.writer.run(putRuleGroup, { ...group, ...times })
    await store.close()
    await run()
    expect(parse(read('prometheus/rules/own/kept.yml'))).toEqual({ groups: [{ name: 'kept', interval: '1m', rules }] })
  })

  test('writes objects for the Prometheus operator that are called as objects may be', async () => {
    await run()
    const { resources } = parse(read('kubernetes/kustomization.yaml')) as { resources: string[] }
    const objects = resources.map((file) => parse(read(`kubernetes/${file}`)))
    const kinds = new Set(objects.map(({ kind }) => kind))
    expect([...kinds].sort()).toEqual(['ConfigMap', 'Probe', 'PrometheusRule', 'ScrapeConfig'])
    for (const { kind, metadata } of objects)
      expect(`${kind} ${metadata.name}`).toMatch(/^\w+ [a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)
    expect(new Set(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).size).toBe(objects.length)
    const node = objects.find(({ metadata }) => metadata.name === 'node')
    expect(node.spec).toMatchObject({
      jobName: 'node',
      basicAuth: { password: { name: 'midwatch-secrets', key: 'node-password' } },
      staticConfigs: [{ targets: ['app:9100'], labels: { env: 'prod' } }],
      relabelings: [{ sourceLabels: ['__address__'], targetLabel: 'host' }],
    })
    const rules = objects.find(({ metadata }) => metadata.name === 'shipped-checks')
    expect(rules.spec).toEqual(parse(read('prometheus/rules/shipped/checks.yml')))
  })

  test('writes a stack whose parts find each other and their files', async () => {
    await run()
    const { services } = parse(read('compose.yaml'))
    expect(Object.keys(services)).toEqual(['prometheus', 'alertmanager', 'blackbox', 'grafana'])
    const mounted = Object.values(services as Record<string, { volumes: string[] }>).flatMap(({ volumes }) =>
      volumes.filter((volume) => volume.startsWith('./')).map((volume) => volume.split(':')[0] as string),
    )
    expect(mounted.filter((path) => !path.startsWith('./grafana/dashboards') && !existsSync(join(out, path)))).toEqual(
      [],
    )
    const { alerting } = parse(read('prometheus/prometheus.yml'))
    expect(alerting.alertmanagers[0].static_configs[0].targets).toEqual(['alertmanager:9093'])
    expect(read('.env.example')).toContain('GRAFANA_ADMIN_PASSWORD=')
    expect(read('README.md')).toMatch(/1\. Put the secrets[\s\S]*silence import silences\.json/)
  })

  test('says which folder takes no files', async () => {
    writeFileSync(out, 'a file')
    const { err, code } = await run('--only', 'blackbox')
    expect(code).toBe(1)
    expect(err).toContain(`${out} can't be written to: ENOTDIR`)
  })

  test('writes parts, and refuses one that there is none of', async () => {
    expect(await run('--only', 'blackbox')).toMatchObject({ code: 0 })
    expect(existsSync(join(out, 'prometheus'))).toBe(false)
    const wrong = await run('--only', 'grafanna')
    expect(wrong.code).toBe(2)
    expect(wrong.err).toContain('there is no part grafanna')
  })
})

describePeers(['promtool', 'amtool', 'prometheus-blackbox-exporter'], () => {
  test('the programs take what is written for them', async () => {
    const { code, out: said, err } = await run('--check')
    expect(err).toBe('')
    expect(said).not.toMatch(/^(?:refused|not installed): /m)
    expect(said.match(/^fine: /gm)?.length).toBeGreaterThanOrEqual(4)
    expect(code).toBe(0)
  })
})
