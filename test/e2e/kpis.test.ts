import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runPeer } from '../support/peers.ts'
import { Midwatch, PROGRAM, tempFolder, until } from './midwatch.ts'

const CONFIG = `
evaluation: { cron: "* * * * * *" }
kpi_files: [kpis.yml]
`
const BEFORE = `
schema_version: 2
namespace: agent
kpis:
  - { name: open_decisions, unit: count }
`
const ENTRY = `
  - name: cognitive_load
    description: Share of an operator's attention that is taken.
    unit: percent
    labels: { team: [blue, green] }
    thresholds: { critical: { high: 90 } }
    dashboard: { panel: graph, place: People }
    owner: platform
    runbook: https://wiki.example.org/cognitive-load
`
/** It takes one or two seconds where nobody else has the processors. */
const LIVE_WITHIN_MS = 15_000

interface RuleJson {
  readonly name: string
  readonly type: string
  readonly health: string
}

const push = (labels: Record<string, string>, set: number) => [{ name: 'agent_cognitive_load_percent', labels, set }]

/** Names of the rules of a group, as Prometheus' API gives them. */
async function rulesOf(midwatch: Midwatch, group: string): Promise<readonly RuleJson[]> {
  const { data } = await midwatch.get<{ data: { groups: { name: string; rules: RuleJson[] }[] } }>('/api/v1/rules')
  return data.groups.find(({ name }) => name === group)?.rules ?? []
}

async function panelTitles(midwatch: Midwatch): Promise<readonly string[]> {
  const { panels } = await midwatch.get<{ panels: { title: string; type: string }[] }>(
    '/api/v1/dashboards/midwatch-kpis',
  )
  return panels.filter(({ type }) => type !== 'row').map(({ title }) => title)
}

test('one entry more in kpis.yml is a metric, rules, an alert and a panel, without a restart', async () => {
  using folder = tempFolder()
  const file = join(folder.path, 'kpis.yml')
  writeFileSync(file, BEFORE)
  await using midwatch = await Midwatch.start(folder.path, { config: CONFIG })
  expect(await rulesOf(midwatch, 'kpi-cognitive_load')).toEqual([])
  expect(await panelTitles(midwatch)).not.toContain('Cognitive load')

  appendFileSync(file, ENTRY)
  const savedMs = performance.now()
  await until(
    async () => (await rulesOf(midwatch, 'kpi-cognitive_load')).length > 0,
    'the rules to be there',
    LIVE_WITHIN_MS,
  )
  // Knowing the labels is what a push shows of the entry: without it any label would do.
  const refused = await midwatch.post('/api/v1/metrics', push({ crew: 'blue' }, 50))
  expect(refused.status).toBe(422)
  expect(((await refused.json()) as { detail: string }).detail).toBe(
    '[0].labels.crew: is not a label of the KPI cognitive_load, which takes team; remove it, or allow it in the file of KPIs',
  )
  expect((await midwatch.post('/api/v1/metrics', push({ team: 'red' }, 50))).status).toBe(422)
  expect((await midwatch.post('/api/v1/metrics', push({ team: 'blue' }, 95))).status).toBe(200)
  expect(await panelTitles(midwatch)).toContain('Cognitive load')
  expect(performance.now() - savedMs).toBeLessThan(LIVE_WITHIN_MS)

  expect((await rulesOf(midwatch, 'kpi-cognitive_load')).map(({ name, type }) => [name, type])).toEqual([
    ['kpi:cognitive_load:mean', 'recording'],
    ['KpiCognitiveLoadHigh', 'alerting'],
  ])
  const alert = await until(async () => {
    const { data } = await midwatch.get<{
      data: { alerts: { labels: Record<string, string>; annotations: Record<string, string>; state: string }[] }
    }>('/api/v1/alerts')
    return data.alerts.find(({ labels, state }) => labels.alertname === 'KpiCognitiveLoadHigh' && state === 'firing')
  }, 'the alert to fire')
  expect(alert.labels).toEqual({
    alertname: 'KpiCognitiveLoadHigh',
    kpi: 'cognitive_load',
    owner: 'platform',
    severity: 'critical',
    unit: 'percent',
  })
  expect(alert.annotations).toEqual({
    summary: 'Cognitive load is too high',
    description: "Cognitive load is 95 % (mean; threshold over 90 %). Share of an operator's attention that is taken.",
    runbook_url: 'https://wiki.example.org/cognitive-load',
  })
  const kpi = await midwatch.get<Record<string, unknown>>('/api/v1/kpis/cognitive_load')
  expect(kpi).toMatchObject({
    metric: 'agent_cognitive_load_percent',
    labels: { team: ['blue', 'green'] },
    aggregations: [{ series: 'kpi:cognitive_load:mean', values: [{ labels: {}, value: 95 }] }],
    thresholds: [{ severity: 'critical', side: 'high', limit: 90, state: 'firing' }],
    series: { metric: 1, expected: 2, recorded: 1 },
    dashboard: { uid: 'midwatch-kpis', place: 'People' },
    owner: 'platform',
  })

  // What is handed over has it, too.
  const exported = await runPeer(
    process.execPath,
    [PROGRAM, 'export', 'out', '--only', 'prometheus,grafana', '--json'],
    { cwd: folder.path },
  )
  expect(exported).toMatchObject({ code: 0 })
  expect((JSON.parse(exported.stdout) as { files: string[] }).files).toEqual(
    expect.arrayContaining(['grafana/dashboards/kpis.json', 'prometheus/rules/kpis/kpis.yml']),
  )
}, 180_000)

test('a mistake in kpis.yml leaves the KPIs in use as they are, and is told with its line', async () => {
  using folder = tempFolder()
  const file = join(folder.path, 'kpis.yml')
  writeFileSync(file, BEFORE + ENTRY)
  await using midwatch = await Midwatch.start(folder.path, { config: CONFIG })
  writeFileSync(file, BEFORE + ENTRY.replace('unit: percent', 'unitt: percent'))
  const { config } = await until(async () => {
    const health = await midwatch.get<{ config?: { problems: { message: string; line: number; file: string }[] } }>(
      '/health',
    )
    return (health.config?.problems ?? []).length > 0 ? health : undefined
  }, 'the problem to be told')
  expect(config?.problems).toContainEqual(
    expect.objectContaining({ line: 9, message: expect.stringContaining('did you mean "unit"?') }),
  )
  expect(await rulesOf(midwatch, 'kpi-cognitive_load')).toHaveLength(2)
}, 180_000)

test('KPIs are live when their file is written later', async () => {
  using folder = tempFolder()
  await using midwatch = await Midwatch.start(folder.path, { config: CONFIG })
  writeFileSync(join(folder.path, 'kpis.yml'), BEFORE + ENTRY)
  await until(async () => (await rulesOf(midwatch, 'kpi-cognitive_load')).length === 2, 'the rules to be there')
}, 180_000)
