import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { midwatch } from '../support/cli.ts'
import { peer } from '../support/peers.ts'
import { type TempFolder, tempFolder } from '../support/test-store.ts'

let folder: TempFolder

beforeEach(async () => {
  folder = await tempFolder()
})

afterEach(() => folder[Symbol.asyncDispose]())

const LOAD =
  '  - { name: load, unit: percent, labels: { team: [blue, green] }, by: [team], thresholds: { critical: 90 }, owner: me }\n'
const WAIT = '  - { name: wait, unit: seconds, depends_on: [load] }\n'

function write(name: string, text: string): string {
  const file = join(folder.path, name)
  writeFileSync(file, text)
  return file
}

const file = (...entries: readonly string[]) => write('kpis.yml', `kpis:\n${entries.join('')}`)

test('lists KPIs with their metrics, series and alerts', async () => {
  const { out, code } = await midwatch(['kpi', 'list', file(LOAD, WAIT)])
  expect(code).toBe(0)
  expect(out).toBe(
    [
      'KPI   UNIT     METRIC        RECORDED  SERIES  OWNER  ALERTS',
      'load  percent  load_percent  mean      4       me     KpiLoadHigh',
      'wait  seconds  wait_seconds  mean      2',
      '',
    ].join('\n'),
  )
  const { out: json } = await midwatch(['kpi', 'list', '--json', file(LOAD)])
  expect(JSON.parse(json)).toMatchObject([{ name: 'load', series_names: ['kpi:load:mean'], metric: 2, recorded: 2 }])
})

test('reads the files that the config names', async () => {
  file(LOAD)
  const config = write('midwatch.yml', 'kpi_files: [kpis.yml]\n')
  expect((await midwatch(['kpi', 'graph', '--config', config])).out).toBe(
    'flowchart LR\n  kpi_load["Load<br/>percent<br/>me"]\n',
  )
  const check = await midwatch(['check', config])
  expect(check.out).toMatch(/fine \(\d+ checks, \d+ rules, 1 KPIs\)/)
})

test('check tells what is wrong with file and line, and warns of what becomes many series', async () => {
  file(LOAD, '  - { name: wait, unit: seconds, kind: median }\n')
  const config = write('midwatch.yml', 'kpi_files: [kpis.yml]\n')
  const wrong = await midwatch(['check', config])
  expect(wrong.code).toBe(1)
  expect(wrong.out).toContain(
    `${join(folder.path, 'kpis.yml')}:3:40: kpis[1].kind: "median" is not one of gauge, counter, histogram; write one of these`,
  )
  file('  - { name: load, unit: percent, labels: { customer: 30000 } }\n')
  const warned = await midwatch(['check', config])
  expect(warned).toMatchObject({ code: 0, out: expect.stringContaining('warning: load: may become 30000 series') })
})

describe('diff', () => {
  test('with a file says what is compatible and what breaks, and fails when something does', async () => {
    const base = write('base.yml', `kpis:\n${LOAD}`)
    const fine = await midwatch(['kpi', 'diff', '--base', base, file(LOAD, WAIT)])
    expect(fine).toMatchObject({ code: 0, out: 'compatible  wait  is new\n' })
    const broken = await midwatch(['kpi', 'diff', '--base', base, file(LOAD.replace('percent', 'ratio'))])
    expect(broken.code).toBe(1)
    expect(broken.out).toContain('breaking  load  the unit was percent and is ratio')
    expect(broken.err).toContain('2 breaking changes')
    const json = await midwatch(['kpi', 'diff', '--json', '--base', base, file(LOAD)])
    expect(JSON.parse(json.out)).toEqual({ compatible: true, changes: [] })
  })

  test.skipIf(peer('git').path === undefined)('with a revision of git compares every file that there was', async () => {
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: folder.path })
    mkdirSync(join(folder.path, 'conf/kpis'), { recursive: true })
    const config = write('conf/midwatch.yml', 'kpi_files: [kpis/*.yml]\n')
    write('conf/kpis/a.yml', `kpis:\n${LOAD}`)
    write('conf/kpis/b.yml', 'kpis:\n  - { name: gone, unit: seconds }\n')
    write('conf/other.yml', 'kpis: nonsense\n')
    git('init', '-q')
    git('add', '-A')
    git('commit', '-qm', 'one')
    expect(await midwatch(['kpi', 'diff', '--base', 'HEAD', '--config', config])).toMatchObject({
      code: 0,
      out: 'nothing has changed\n',
    })
    git('rm', '-q', 'conf/kpis/b.yml')
    write('conf/kpis/c.yml', 'kpis:\n  - { name: wait, unit: seconds }\n')
    const { out, code } = await midwatch(['kpi', 'diff', '--base', 'HEAD', '--config', config])
    expect(code).toBe(1)
    expect(out).toBe('breaking    gone  is gone: kpi:gone:mean and its alerts end\ncompatible  wait  is new\n')
    const unknown = await midwatch(['kpi', 'diff', '--base', 'no-such-branch', '--config', config])
    expect(unknown.code).toBe(2)
    expect(unknown.err).toContain('--base no-such-branch is neither a file nor a revision of git')
    const option = await midwatch(['kpi', 'diff', '--base=--output=/dev/null', '--config', config])
    expect(option.code).toBe(2)
  })
})

test('migrate prints a file in the newest form, which means the same', async () => {
  const old = write(
    'old.yml',
    'schema_version: 1\nkpis:\n  load:\n    type: gauge\n    unit: percent\n    thresholds: { warning: 75 }\n    row: People\n',
  )
  const { out, err, code } = await midwatch(['kpi', 'migrate', old])
  expect(code).toBe(0)
  expect(err).toContain('version 1 is read as version 2')
  expect(parse(out)).toEqual({
    schema_version: 2,
    kpis: [
      {
        name: 'load',
        kind: 'gauge',
        unit: 'percent',
        thresholds: { warning: { high: 75 } },
        dashboard: { place: 'People' },
      },
    ],
  })
  const migrated = write('new.yml', out)
  expect(await midwatch(['kpi', 'diff', '--base', old, migrated])).toMatchObject({
    code: 0,
    out: 'nothing has changed\n',
  })
})

test('prints the dashboard and the schema', async () => {
  const dashboard = await midwatch(['kpi', 'dashboard', file(LOAD)])
  expect(JSON.parse(dashboard.out)).toMatchObject({ uid: 'midwatch-kpis' })
  const schema = await midwatch(['kpi', 'schema'])
  expect(JSON.parse(schema.out)).toMatchObject({
    title: 'kpis.yml of midwatch',
    properties: { kpis: { type: 'array' } },
  })
})

test('says what to do where there is nothing to read', async () => {
  const config = write('midwatch.yml', '{}\n')
  expect(await midwatch(['kpi', 'list', '--config', config])).toMatchObject({
    code: 2,
    err: expect.stringContaining('the config names no kpi_files; name a file'),
  })
  expect(await midwatch(['kpi', 'list', join(folder.path, 'none.yml')])).toMatchObject({
    code: 2,
    err: expect.stringContaining("can't be read: there is no such file"),
  })
})
