// The move to Prometheus, Alertmanager and blackbox_exporter, rehearsed: midwatch watches real targets, everything is handed
// over with its history, the stack starts on it, faults are switched on, and both sides are held against each other.
//
//   npm run drill -- [--short] [--keep]
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startApplication, startReceiver } from './drill/application.mjs'
import { alertRows, differenceOf, messageRows, queriesOf, Timeline, table, valuesOf } from './drill/compare.mjs'
import { findProgram, freePort, makePostgres, run, start } from './drill/programs.mjs'

const isShort = process.argv.includes('--short')
const isKept = process.argv.includes('--keep')
const program = join(import.meta.dirname, '../dist/midwatch.cjs')

const paths = {
  prometheus: findProgram('prometheus'),
  promtool: findProgram('promtool'),
  alertmanager: findProgram('alertmanager', 'prometheus-alertmanager'),
  blackbox: findProgram('blackbox_exporter', 'prometheus-blackbox-exporter'),
  node: findProgram('node_exporter', 'prometheus-node-exporter'),
  nginx: findProgram('nginx'),
  postgres: findProgram('postgres'),
}
const missing = Object.entries(paths).filter(([, path]) => path === undefined)
if (missing.length > 0) {
  console.error(`not installed: ${missing.map(([name]) => name).join(', ')}`)
  process.exit(2)
}

/** How long history builds up, a fault lasts, and things may take to be well again. */
const HISTORY_MS = isShort ? 20_000 : 120_000
const FAULT_MS = isShort ? 12_000 : 45_000
const CALM_MS = isShort ? 12_000 : 60_000
/** Both scrape and judge every second, each at moments of its own; a busy machine adds to it. */
const TOLERANCE_MS = isShort ? 6000 : 5000

/** Beside the shipped ones: what the faults make fire within seconds. */
const RULES = `
groups:
  - name: shop
    interval: 1s
    rules:
      - record: shop:failures:ratio_rate5s
        expr: sum(rate(shop_requests_total{outcome="failure"}[5s])) / sum(rate(shop_requests_total[5s]))
      - alert: ShopFails
        expr: shop:failures:ratio_rate5s > 0.1
        for: 2s
        labels: { severity: critical, team: web }
        annotations: { summary: "{{ $value | humanizePercentage }} of requests fail" }
      - alert: QueueLong
        expr: queue_tasks_queued > 50
        for: 3s
        labels: { severity: high }
        annotations: { summary: "{{ $labels.queue }} has {{ $value }}" }
      - alert: ProbeFails
        expr: probe_success == 0
        for: 2s
        labels: { severity: high }
        annotations: { summary: "{{ $labels.check }} at {{ $labels.instance }}" }
      - alert: TargetMissing
        expr: up{job=~"shop|machine"} == 0
`

/** One for what the application counts and one for what a check finds, with windows that burn within seconds. */
const WINDOWS = `
      page:
        quick: { errorBudgetPercent: 2, shortWindow: 5s, longWindow: 15s, shortFactor: 10, longFactor: 5 }
        slow: { errorBudgetPercent: 5, shortWindow: 10s, longWindow: 30s, shortFactor: 6, longFactor: 3 }
      ticket:
        quick: { errorBudgetPercent: 10, shortWindow: 10s, longWindow: 1m, shortFactor: 3, longFactor: 3 }
        slow: { errorBudgetPercent: 20, shortWindow: 15s, longWindow: 2m, shortFactor: 1, longFactor: 1 }`
const SLOS = `
version: prometheus/v1
service: shop
slos:
  - name: requests
    objective: 99
    http: { metric: shop_requests_total, bad: 'outcome="failure"' }
    windows:${WINDOWS}
  - name: web
    objective: 95
    availability: { check: web }
    windows:${WINDOWS}
`
const KPIS = `
schema_version: 2
namespace: shop
kpis:
  - name: cognitive_load
    description: Share of an operator's attention that is taken.
    unit: percent
    labels: { team: [blue, green] }
    by: [team]
    aggregations: [mean, max]
    thresholds: { of: max, critical: { high: 90, for: 2s } }
    dashboard: { panel: graph, place: People }
    owner: operations
`

/** What applications push, so that dashboards have something to show. */
const pushed = { times: 0, loadPercent: 40 }

const folder = mkdtempSync(join(tmpdir(), 'midwatch-drill-'))
/** Beside it, as PostgreSQL does not run as root and has to get there. */
const postgresFolder = mkdtempSync(join(tmpdir(), 'midwatch-drill-postgres-'))
const stops = []
const stopLater = (one) => {
  stops.push(one)
  return one
}

try {
  const rows = await drill()
  const different = rows.filter(({ verdict }) => verdict === 'DIFFERENT').length
  const explained = rows.filter(({ verdict }) => verdict !== 'same' && verdict !== 'DIFFERENT').length
  console.log(
    `${rows.length} rows: ${rows.length - different - explained} the same, ${explained} with a reason, ${different} different`,
  )
  process.exitCode = different === 0 ? 0 : 1
} finally {
  for (const one of stops.reverse()) await one.stop()
  rmSync(postgresFolder, { recursive: true, force: true })
  if (isKept) console.log(folder)
  else rmSync(folder, { recursive: true, force: true })
}

async function drill() {
  const application = stopLater(await startApplication())
  const receiver = stopLater(await startReceiver())
  const ports = {}
  for (const name of ['midwatch', 'prometheus', 'alertmanager', 'blackbox', 'node', 'nginx', 'postgres'])
    ports[name] = await freePort()
  let nginx = stopLater(await startNginx(ports.nginx))
  const startPostgres = await makePostgres(paths.postgres, postgresFolder, ports.postgres)
  let postgres = stopLater(await startPostgres())
  stopLater(
    await start('node_exporter', paths.node, [`--web.listen-address=127.0.0.1:${ports.node}`, '--log.level=error'], {
      ready: `http://127.0.0.1:${ports.node}/metrics`,
    }),
  )

  // midwatch as it is before the move.
  const data = join(folder, 'data')
  const config = join(folder, 'midwatch.yml')
  writeFileSync(config, configText({ application, receiver, ports }))
  mkdirSync(join(folder, 'rules'))
  writeFileSync(join(folder, 'rules/shop.yml'), RULES)
  writeFileSync(join(folder, 'slos.yml'), SLOS)
  writeFileSync(join(folder, 'kpis.yml'), KPIS)
  const env = { PATH: process.env.PATH, MIDWATCH_LOG_LEVEL: 'error' }
  const cli = (...args) => run(process.execPath, [program, ...args], { cwd: folder, env })
  stopLater(
    await start('midwatch', process.execPath, [program, 'run', '--config', config, '--data', data], {
      cwd: folder,
      env,
      ready: `http://127.0.0.1:${ports.midwatch}/health/ready`,
    }),
  )
  const midwatchUrl = `http://127.0.0.1:${ports.midwatch}`
  await push(midwatchUrl)
  stopLater(pushing(midwatchUrl))
  say(`history builds up for ${HISTORY_MS / 1000} s`)
  await delay(HISTORY_MS)

  // The move.
  const out = join(folder, 'hand-over')
  const historyMs = Date.now() - 3000
  const said = await cli(
    ...['export', out, '--config', config, '--data', data, '--history', '--check'],
    ...[
      '--prometheus-address',
      `127.0.0.1:${ports.prometheus}`,
      '--alertmanager-address',
      `127.0.0.1:${ports.alertmanager}`,
    ],
    ...['--blackbox-address', `127.0.0.1:${ports.blackbox}`, '--midwatch-address', `127.0.0.1:${ports.midwatch}`],
  )
  say(
    said
      .trim()
      .split('\n')
      .filter((line) => /^(?:fine|refused|not installed|\d+ files)|history/.test(line))
      .join('\n'),
  )
  const tsdb = join(folder, 'prometheus-data')
  mkdirSync(join(tsdb, 'wal'), { recursive: true })
  for (const name of readdirSync(join(out, 'history/samples'))) {
    await run(paths.promtool, ['tsdb', 'create-blocks-from', 'openmetrics', join(out, 'history/samples', name), tsdb])
  }
  stopLater(
    await start(
      'blackbox_exporter',
      paths.blackbox,
      [
        `--config.file=${join(out, 'blackbox/blackbox.yml')}`,
        `--web.listen-address=127.0.0.1:${ports.blackbox}`,
        '--log.level=error',
      ],
      { ready: `http://127.0.0.1:${ports.blackbox}/-/healthy` },
    ),
  )
  stopLater(
    await start(
      'alertmanager',
      paths.alertmanager,
      [
        `--config.file=${join(out, 'alertmanager/alertmanager.yml')}`,
        `--storage.path=${join(folder, 'alertmanager-data')}`,
        `--web.listen-address=127.0.0.1:${ports.alertmanager}`,
        '--cluster.listen-address=',
        '--log.level=error',
      ],
      { ready: `http://127.0.0.1:${ports.alertmanager}/-/ready` },
    ),
  )
  stopLater(
    await start(
      'prometheus',
      paths.prometheus,
      [
        `--config.file=${join(out, 'prometheus/prometheus.yml')}`,
        `--storage.tsdb.path=${tsdb}`,
        '--storage.tsdb.retention.time=100y',
        '--query.lookback-delta=299999ms',
        `--web.listen-address=127.0.0.1:${ports.prometheus}`,
        '--log.level=error',
      ],
      { ready: `http://127.0.0.1:${ports.prometheus}/-/ready` },
    ),
  )
  const prometheusUrl = `http://127.0.0.1:${ports.prometheus}`

  // History first: the same samples, so the same numbers.
  const panels = await panelRows(out, midwatchUrl, prometheusUrl, historyMs)
  say(`## Queries of the dashboards on the history\n\n${table(summaryOf(panels))}`)

  const targets = await targetRows(prometheusUrl)
  say(`## Targets\n\n${table(targets)}`)

  // Both watch the same faults.
  const startMs = Date.now()
  const timelines = { midwatch: new Timeline(), stack: new Timeline() }
  const watching = watch({ midwatch: midwatchUrl, stack: prometheusUrl }, timelines)
  await delay(CALM_MS)
  say(
    'faults: the shop answers 503, nginx and PostgreSQL are gone, half of the requests fail, the queue and the load are high',
  )
  Object.assign(application.faults, { isSick: true, failing: 5, queued: 90 })
  pushed.loadPercent = 97
  await Promise.all([nginx.stop(), postgres.stop()])
  await delay(FAULT_MS)
  say('all is well again')
  Object.assign(application.faults, { isSick: false, failing: 0, queued: 3 })
  pushed.loadPercent = 40
  nginx = stopLater(await startNginx(ports.nginx))
  postgres = stopLater(await startPostgres())
  await delay(CALM_MS + FAULT_MS)
  await watching.stop()

  const alerts = alertRows(timelines.midwatch, timelines.stack, startMs, TOLERANCE_MS, explain)
  say(`## Alerts, seconds after the start\n\n${table(alerts)}`)
  const messages = messageRows(receiver.messages, startMs, explain)
  say(`## Messages\n\n${table(messages)}`)
  if (alerts.length < 4) throw new Error('the faults made fewer than four alerts: the drill proves nothing')
  return [...panels, ...targets, ...alerts, ...messages]

  function startNginx(port) {
    const base = join(folder, 'nginx')
    mkdirSync(base, { recursive: true })
    const file = join(base, 'nginx.conf')
    const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${base}/${name};`,
    )
    writeFileSync(
      file,
      `daemon off; master_process off; pid ${base}/pid; error_log ${base}/error.log; events {}
http { access_log off; ${places.join(' ')} server { listen 127.0.0.1:${port}; location / { return 200 "ok"; } } }\n`,
    )
    return start('nginx', paths.nginx, ['-c', file, '-e', join(base, 'error.log')], {
      ready: `http://127.0.0.1:${port}/`,
    })
  }
}

function configText({ application, receiver, ports }) {
  return `
server: { listen: "127.0.0.1:${ports.midwatch}" }
evaluation: { cron: "* * * * * *" }
rule_files: [rules/*.yml]
slo_files: [slos.yml]
kpi_files: [kpis.yml]
checks:
  - name: shop
    http: http://127.0.0.1:${application.port}/health
    every: 1s
    timeout: 900ms
    critical: true
    confirm: false
    expect: { json: { status: ok } }
  - { name: web, http: "http://127.0.0.1:${ports.nginx}/", every: 1s, timeout: 900ms, confirm: false }
  - { name: port, tcp: "127.0.0.1:${ports.postgres}", every: 1s, timeout: 900ms, confirm: false }
  - { name: database, postgres: "postgres://postgres@127.0.0.1:${ports.postgres}/postgres", every: 1s, timeout: 900ms, confirm: false }
scrape_configs:
  - { job_name: shop, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{ targets: ["127.0.0.1:${application.port}"] }] }
  - { job_name: machine, scrape_interval: 2s, scrape_timeout: 2s, static_configs: [{ targets: ["127.0.0.1:${ports.node}"], labels: { env: drill } }] }
alertmanager:
  route:
    receiver: hook
    group_by: [alertname]
    group_wait: 1s
    group_interval: 2s
    repeat_interval: 1h
  receivers:
    - { name: hook, webhook_configs: [{ url: "http://127.0.0.1:${receiver.port}/hook" }] }
`
}

/** Pushes every second until it is stopped. */
function pushing(url) {
  let isOn = true
  const done = (async () => {
    while (isOn) {
      await delay(1000)
      await push(url)
    }
  })()
  return {
    async stop() {
      isOn = false
      await done
    },
  }
}

async function push(url) {
  pushed.times++
  const counter = (name, labels, add) => ({ name, type: 'counter', labels, add })
  const body = [
    counter('llm_calls_total', { provider: 'p', model: 'm', outcome: 'success' }, 9),
    counter('llm_calls_total', { provider: 'p', model: 'm', outcome: 'failure' }, 1),
    counter('llm_tokens_total', { provider: 'p', model: 'm', direction: 'input' }, 1000),
    counter('llm_tokens_total', { provider: 'p', model: 'm', direction: 'output' }, 300),
    counter('llm_cost_dollars_total', { provider: 'p', model: 'm', tenant: 't' }, 0.001),
    {
      name: 'llm_call_duration_seconds',
      type: 'histogram',
      labels: { provider: 'p', model: 'm' },
      observe: [0.3, 1.2, 4],
    },
    counter('automation_total', { type: 'order', action: 'book', status: 'success' }, 5),
    { name: 'automation_duration_seconds', type: 'histogram', labels: { type: 'order' }, observe: [2, 8] },
    { name: 'worker_active', type: 'gauge', labels: { queue: 'mail' }, set: 2 },
    counter('auth_failures_total', { kind: 'password' }, pushed.times % 3),
    counter('agent_tasks_total', { agent: 'a', outcome: 'success' }, 2),
    counter('policy_evaluations_total', { policy: 'p', outcome: 'allowed' }, 4),
    { name: 'shop_cognitive_load_percent', type: 'gauge', labels: { team: 'blue' }, set: pushed.loadPercent },
  ]
  const response = await fetch(`${url}/api/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`the push was refused: ${await response.text()}`)
}

async function ask(url, path, parameters = {}) {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`)
  const { status, data, error } = await response.json()
  if (status !== 'success') throw new Error(`${url} says of ${JSON.stringify(parameters)}: ${error}`)
  return data
}

/** Looks at the alerts of both sides until it is stopped. */
function watch(urls, timelines) {
  let isOn = true
  const done = (async () => {
    while (isOn) {
      await Promise.all(
        Object.entries(urls).map(async ([side, url]) => {
          const { alerts } = await ask(url, 'alerts')
          timelines[side].note(alerts, Date.now())
        }),
      )
      await delay(300)
    }
  })()
  return {
    async stop() {
      isOn = false
      await done
    },
  }
}

/** Each query of each dashboard, asked of both at a moment of which both have the same samples. */
async function panelRows(out, midwatchUrl, prometheusUrl, atMs) {
  const folderOfDashboards = join(out, 'grafana/dashboards')
  const files = existsSync(folderOfDashboards) ? readdirSync(folderOfDashboards).sort() : []
  const rows = []
  for (const file of files) {
    for (const { panel, expr } of queriesOf(JSON.parse(readFileSync(join(folderOfDashboards, file), 'utf8')))) {
      const parameters = { query: expr, time: String(atMs / 1000) }
      const [ours, theirs] = await Promise.all([
        ask(midwatchUrl, 'query', parameters),
        ask(prometheusUrl, 'query', parameters),
      ])
      const difference = differenceOf(valuesOf(ours), valuesOf(theirs), 1e-6)
      rows.push({
        what: panel,
        midwatch: `${valuesOf(ours).size} values`,
        stack: difference ?? `${valuesOf(theirs).size} values`,
        verdict: difference === undefined ? 'same' : (explainPanel(expr, difference) ?? 'DIFFERENT'),
      })
    }
  }
  if (rows.length === 0) throw new Error('no dashboard has a query: the drill proves nothing')
  return rows
}

/** Whether the stack reaches everything that it is told to scrape, midwatch's own and pushed metrics among it. */
async function targetRows(prometheusUrl) {
  const untilMs = Date.now() + 15_000
  for (;;) {
    const { activeTargets } = await ask(prometheusUrl, 'targets')
    const isWell = activeTargets.length > 0 && activeTargets.every(({ health }) => health === 'up')
    if (isWell || Date.now() > untilMs) {
      return activeTargets.map(({ scrapePool, labels, health, lastError }) => ({
        what: `${scrapePool} ${labels.instance ?? ''}`,
        midwatch: 'up',
        stack: health === 'up' ? 'up' : `${health}: ${lastError}`,
        verdict: health === 'up' ? 'same' : 'DIFFERENT',
      }))
    }
    await delay(500)
  }
}

/** What is the same is counted, what is not is shown. */
function summaryOf(rows) {
  const same = rows.filter(({ verdict }) => verdict === 'same')
  const filled = same.filter(({ midwatch }) => midwatch !== '0 values').length
  const total = {
    what: `${same.length} queries`,
    midwatch: `${filled} with values`,
    stack: `${filled} with values`,
    verdict: 'same',
  }
  return [total, ...rows.filter(({ verdict }) => verdict !== 'same')]
}

/** Differences that there are by nature, with the reason. */
function explain(name) {
  if (/^Midwatch/.test(name)) return 'about midwatch itself'
  // report.md says so, too.
  if (/check="database"/.test(name)) return 'postgres_exporter asks a database there'
  return undefined
}

function explainPanel(expr) {
  if (/\bALERTS\b/.test(expr)) return 'Prometheus has no markers where an alert of the history ended'
  return undefined
}

function say(text) {
  console.log(`${text}\n`)
}
