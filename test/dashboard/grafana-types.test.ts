import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../rules/shipped.ts'
import { runPeer } from '../support/peers.ts'
import { tempFolder } from '../support/test-store.ts'
import { shipped } from './shipped-dashboards.ts'
import { type Break, drop, put } from './spoil.ts'
import type { JsonObject } from './written-dashboard.ts'

/** What the compiler says of dashboards that are written down as literals: wrong values, and keys that Grafana has not. */
async function complaints(dashboards: readonly JsonObject[]): Promise<readonly string[]> {
  await using folder = await tempFolder()
  const file = join(folder.path, 'dashboards.mts')
  const type = `import type { Dashboard } from '${root}src/dashboard/grafana.ts'\n`
  const constants = dashboards.map((one, i) => `export const d${i}: Dashboard = ${JSON.stringify(one)}\n`)
  await writeFile(file, type + constants.join(''))
  const project = join(folder.path, 'tsconfig.json')
  const options = { compilerOptions: { types: [] }, include: [], files: [file] }
  await writeFile(project, JSON.stringify({ extends: `${root}tsconfig.json`, ...options }))
  const compiler = `${root}node_modules/typescript/bin/tsc`
  const { stdout, stderr } = await runPeer(process.execPath, [compiler, '-p', project], { timeoutMs: 60_000 })
  return `${stdout}${stderr}`.split('\n').filter((line) => line.includes('error'))
}

test('the shipped dashboards are what the types of Grafana ask for', async () => {
  expect(await complaints([...shipped.values()])).toEqual([])
}, 90_000)

test('the types find what is misspelt, missing or of another kind', async () => {
  const breaks: readonly Break[] = [
    put('titel', 'Overview'),
    put('schemaVersion', '42'),
    put('graphTooltip', 7),
    put('stat.options.colourMode', 'value'),
    put('stat.options.colorMode', 'backgrund'),
    put('stat.fieldConfig.defaults.thresholds.mode', 'absolut'),
    drop('stat.gridPos.w'),
    put('stat.targets.0.query', 'up'),
    put('templating.list.0.type', 'source'),
    put('timeseries.fieldConfig.defaults.custom.drawStyle', 'lines'),
  ]
  const one = shipped.get('overview.json') as JsonObject
  const found = await complaints(breaks.map((spoil) => spoil(one)))
  const lines = new Set(found.map((line) => Number(/\((\d+),/.exec(line)?.[1]) - 2))
  expect([...lines].sort((a, b) => a - b)).toEqual(breaks.map((_, i) => i))
}, 90_000)
