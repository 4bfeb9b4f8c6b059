import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readRuleFile } from '../../src/rule/load.ts'
import { tempFolder } from '../e2e/midwatch.ts'
import { midwatch } from '../support/cli.ts'

function spec(name: string, more = ''): string {
  return `version: prometheus/v1
service: shop
slos:
  - name: ${name}
    objective: 99.9
    sli: { events: { error_query: 'sum(rate(e[{{.window}}]))', total_query: 'sum(rate(t[{{.window}}]))' } }
    alerting: { name: Burns }
${more}`
}

/** A folder with files in it. */
function folderWith(files: Readonly<Record<string, string>>) {
  const folder = tempFolder()
  mkdirSync(join(folder.path, 'more'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder.path, name), text)
  const at = (name: string) => join(folder.path, name)
  return Object.assign(folder, { at })
}

const WEEK = `apiVersion: sloth.slok.dev/v1
kind: AlertWindows
spec:
  sloPeriod: 7d
  page:
    quick: { errorBudgetPercent: 8, shortWindow: 5m, longWindow: 1h }
    slow: { errorBudgetPercent: 12.5, shortWindow: 30m, longWindow: 6h }
  ticket:
    quick: { errorBudgetPercent: 20, shortWindow: 2h, longWindow: 1d }
    slow: { errorBudgetPercent: 42, shortWindow: 6h, longWindow: 3d }
`

describe('midwatch slo compile', () => {
  test('prints one rule file of several files and folders', async () => {
    using folder = folderWith({ 'a.yml': spec('one'), 'more/b.yaml': `${spec('two')}---\n${spec('three')}` })
    const { out, err, code } = await midwatch(['slo', 'compile', folder.at('a.yml'), folder.at('more')])
    expect({ err, code }).toEqual({ err: '', code: 0 })
    expect(out).toMatch(/^# Made by midwatch .*\ngroups:\n/)
    const { groups, problems } = readRuleFile(out, 'out')
    expect(problems).toEqual([])
    expect(groups.map(({ name }) => name.replace('sloth-slo-', ''))).toEqual(
      ['one', 'two', 'three'].flatMap((name) => [
        `sli-recordings-shop-${name}`,
        `meta-recordings-shop-${name}`,
        `alerts-shop-${name}`,
      ]),
    )
  })

  test('has the settings of Sloth', async () => {
    using folder = folderWith({ 'a.yml': spec('one'), 'more/7d.yml': WEEK })
    const file = folder.at('a.yml')
    const run = async (...args: string[]) => await midwatch(['slo', 'compile', file, '--sloth-exact', ...args])
    const labelled = await run('--extra-label', 'env=prod', '--extra-label=team=a b', '--no-alerts')
    expect(labelled.out).not.toContain('alert:')
    expect(labelled.out.match(/env: prod\n {6}sloth_id: shop-one/g)).toHaveLength(15)
    expect(labelled.out).toContain('team: "a b"')
    const alertsOnly = await run('--no-recordings')
    expect(alertsOnly.out).not.toContain('record:')
    expect(alertsOnly.out.match(/alert: Burns/g)).toHaveLength(2)
    expect((await run('--period', '28d')).out).toContain('(13.44 * ')
    expect((await run('--period', '7d', '--windows', folder.at('more'))).out).toContain('(3.5 * ')
    expect((await run('--sloth-version', 'dev')).out).toContain('sloth_version: dev')
    expect((await run('--no-recordings', '--no-alerts')).code).toBe(1)
  })

  test('says every mistake with its place, and prints no rules then', async () => {
    using folder = folderWith({ 'a.yml': spec('one').replace('99.9', '101'), 'more/b.yml': spec('one') })
    const { out, err, code } = await midwatch(['slo', 'compile', folder.at('a.yml')])
    expect({ out, code }).toEqual({ out: '', code: 1 })
    expect(err).toBe(
      `${folder.at('a.yml')}:5:16: slos[0].objective: 101 can't be an objective; write a percentage above 0 and up to 100, such as 99.9\n1 error, so there are no rules\n`,
    )
    for (const wrong of [
      ['--period', 'soon'],
      ['--extra-label', 'x'],
      ['--windows', folder.at('none')],
    ]) {
      expect((await midwatch(['slo', 'compile', folder.at('more'), ...wrong])).code).toBe(2)
    }
  })

  test('says that there are no SLOs rather than that everything is switched off', async () => {
    using folder = folderWith({ 'empty.yml': '# nothing yet\n' })
    for (const path of [folder.path, folder.at('empty.yml'), folder.at('more')]) {
      const { out, err, code } = await midwatch(['slo', 'compile', path])
      expect({ out, err, code }).toEqual({
        out: '',
        err: `there are no SLOs in ${path}; a file begins with version: prometheus/v1\n`,
        code: 1,
      })
    }
    using full = folderWith({ 'a.yml': spec('one') })
    const off = await midwatch(['slo', 'compile', full.at('a.yml'), '--no-alerts', '--no-recordings'])
    expect(off.err).toContain('everything is switched off')
  })

  test('says why files can’t be read, and what to write for those of a folder', async () => {
    using folder = folderWith({})
    const missing = await midwatch(['slo', 'compile', folder.at('nowhere.yml')])
    expect(missing.err).toBe(`${folder.at('nowhere.yml')} can't be read: there is no such file\n`)
    writeFileSync(folder.at('midwatch.yml'), `slo_files: [${folder.at('more')}]\n`)
    expect((await midwatch(['check', folder.at('midwatch.yml')])).out).toContain(
      `${folder.at('more')}: slo_files: can't be read: it is a folder; for the files in it write ${folder.at('more')}/*.yml`,
    )
  })

  test('an id that is there twice is refused, unless it is to be passed over', async () => {
    using folder = folderWith({ 'a.yml': spec('one'), 'more/b.yml': spec('one').replace('99.9', '50') })
    const both = ['slo', 'compile', folder.at('a.yml'), folder.at('more')]
    const refused = await midwatch(both)
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringContaining('is written twice, first in') })
    const passed = await midwatch([...both, '--skip-duplicates'])
    expect(passed).toMatchObject({ code: 0, err: expect.stringContaining('warning: ') })
    expect(passed.out).toContain('vector(0.9990000000000001)')
    expect(passed.out).not.toContain('vector(0.5)')
  })

  test('lets other languages than PromQL through when it is told to', async () => {
    const text = spec('one').replace('sum(rate(e[{{.window}}]))', 'sum(rate(e[{{.window}}]) keep_metric_names)')
    using folder = folderWith({ 'a.yml': text })
    expect((await midwatch(['slo', 'compile', folder.at('a.yml')])).code).toBe(1)
    const { out, code } = await midwatch(['slo', 'compile', folder.at('a.yml'), '--no-promql-check'])
    expect(code).toBe(0)
    expect(out).toContain('rate(e[5m]) keep_metric_names')
  })
})

test('midwatch check looks at SLO files that it is given, and at those of the config', async () => {
  using folder = folderWith({
    'good.yml': spec('one'),
    'bad.yml': spec('two').replace('99.9', '101'),
    'midwatch.yml': 'slo_files: [good.yml]\nshipped_rules: false\n',
  })
  expect(await midwatch(['check', folder.at('midwatch.yml')])).toMatchObject({
    code: 0,
    out: `${folder.at('midwatch.yml')}: fine (0 checks, 0 rules, 1 SLOs)\n`,
  })
  expect(await midwatch(['check', folder.at('good.yml')])).toMatchObject({ code: 0 })
  expect(await midwatch(['check', folder.at('good.yml'), folder.at('bad.yml')])).toMatchObject({
    code: 1,
    out: expect.stringContaining("bad.yml:5:16: slos[0].objective: 101 can't be an objective"),
  })
})
