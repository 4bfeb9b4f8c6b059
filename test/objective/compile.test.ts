import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { AlertingRule, RuleGroup } from '../../src/model/rule.ts'
import { type CompileAllOptions, compileSlos } from '../../src/objective/compile-all.ts'
import { readSpecs } from '../../src/objective/spec/read.ts'
import { readRuleFile } from '../../src/rule/load.ts'
import { ruleFileText } from '../../src/wire/rule-file.ts'
import { tempFolder } from '../e2e/midwatch.ts'
import { runPeer, testWithPeer } from '../support/peers.ts'

function spec(objective: string, more = ''): string {
  return `version: prometheus/v1
service: shop
slos:
  - name: requests
    objective: ${objective}
    sli: { events: { error_query: 'sum(rate(e[{{.window}}]))', total_query: 'sum(rate(t[{{.window}}]))' } }
    alerting: { name: Burns }
${more.replace(/^(?=.)/gm, '    ')}`
}

function compile(text: string, options: Partial<CompileAllOptions> = {}) {
  const { slos, problems, windows } = readSpecs([{ file: 'a.yml', text }])
  expect(problems).toEqual([])
  const all = compileSlos(slos, { version: '1', windows, ...options })
  const groups = all.compiled.flatMap((one) => one.groups)
  return { groups, problems: all.problems.map(({ message, severity }) => `${severity}: ${message}`) }
}

function factorsOf(groups: readonly RuleGroup[]): readonly string[] {
  const alerts = groups.flatMap(({ rules }) => rules).filter((rule): rule is AlertingRule => rule.kind === 'alerting')
  return alerts.flatMap(({ expr }) => [...expr.matchAll(/> \(([^ ]+) \*/g)].map(([, factor]) => factor as string))
}

function recordsOf(groups: readonly RuleGroup[]): readonly string[] {
  return groups.flatMap(({ rules }) => rules.flatMap((rule) => (rule.kind === 'recording' ? [rule.record] : [])))
}

const exact = { isSlothExact: true }

test('factors have every digit that Go gives them', () => {
  const twice = (...factors: string[]) => factors.flatMap((factor) => [factor, factor])
  expect(factorsOf(compile(spec('99.9'), exact).groups)).toEqual(twice('14.4', '6', '3', '1'))
  expect(factorsOf(compile(spec('99.9'), { ...exact, periodMs: 28 * 86_400_000 }).groups)).toEqual(
    twice('13.44', '5.6000000000000005', '2.8000000000000003', '0.9333333333333333'),
  )
})

test('the period is in the names as Prometheus writes it', () => {
  const { groups } = compile(spec('99.9'), { ...exact, periodMs: 28 * 86_400_000 })
  expect(recordsOf(groups)).toContain('slo:sli_error:ratio_rate4w')
  const text = ruleFileText(groups)
  expect(text).toContain('sloth_window: "4w"')
  expect(text).toContain('vector(28)')
})

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

test('windows of a period are taken from AlertWindows, and take the place of those that Sloth has by itself', () => {
  const both = `${spec('99.9')}---\n${WEEK}`
  const { groups, problems } = compile(both, { ...exact, periodMs: 7 * 86_400_000 })
  expect(problems).toEqual([])
  expect(factorsOf(groups)).toEqual([
    '13.44',
    '13.44',
    '3.5',
    '3.5',
    '1.4000000000000001',
    '1.4000000000000001',
    '0.98',
    '0.98',
  ])
  expect(compile(both, exact).problems).toEqual([
    expect.stringContaining('no alert windows for the period 30d (there are windows for 1w)'),
  ])
  expect(compile(both).problems).toEqual([])
})

test('a period of its own has the windows of the workbook, with shares of the budget from 28 days on', () => {
  expect(factorsOf(compile(spec('99.9', 'window: 90d')).groups)).toEqual([
    '43.2',
    '43.2',
    '18',
    '18',
    '9',
    '9',
    '3',
    '3',
  ])
  expect(factorsOf(compile(spec('99.9', 'window: 7d')).groups)).toEqual(['14.4', '14.4', '6', '6', '3', '3', '1', '1'])
  expect(compile(spec('99.9', 'window: 3d')).problems).toEqual([
    expect.stringContaining('error: SLO shop-requests: there are no alert windows for the period 3d'),
  ])
  expect(compile(spec('99.9', 'window: 7d'), exact).problems).toEqual([
    expect.stringContaining('there are windows for 4w, 30d'),
  ])
})

test('the pair of fast-slow has a factor for each of its windows, and so may any', () => {
  expect(factorsOf(compile(spec('99.9', 'policy: fast-slow'), exact).groups).slice(0, 4)).toEqual([
    '14.4',
    '6',
    '6',
    '6',
  ])
  const own = `windows:
  page:
    quick: { errorBudgetPercent: 2, shortWindow: 5m, longWindow: 1h, shortFactor: 10 }
    slow: { shortFactor: 4, longFactor: 3, shortWindow: 30m, longWindow: 6h }
  ticket:
    quick: { errorBudgetPercent: 10, shortWindow: 2h, longWindow: 1d }
    slow: { errorBudgetPercent: 10, shortWindow: 6h, longWindow: 3d }
`
  expect(factorsOf(compile(spec('99.9', own), exact).groups).slice(0, 4)).toEqual(['10', '14.4', '4', '3'])
})

test.each([
  ['90', ['page.quick can never fire at 90 %: 14.4 times a budget of 10 % is more errors than there can be']],
  ['80', ['page.quick can never fire', 'page.slow can never fire']],
  ['93.1', []],
  ['100', []],
])('of an objective of %s %%, alerts that can never fire are told', (objective, remarks) => {
  expect(compile(spec(objective), exact).problems).toEqual(
    remarks.map((remark) => expect.stringContaining(`warning: SLO shop-requests: ${remark}`)),
  )
})

test('factors below 1 and windows the wrong way round are told', () => {
  const own = `windows:
  page:
    quick: { errorBudgetPercent: 2, shortWindow: 1h, longWindow: 5m }
    slow: { errorBudgetPercent: 0.5, shortWindow: 30m, longWindow: 6h }
  ticket:
    quick: { errorBudgetPercent: 10, shortWindow: 2h, longWindow: 1d }
    slow: { errorBudgetPercent: 100, shortWindow: 6h, longWindow: 40d }
`
  expect(compile(spec('99.9', own), exact).problems).toEqual([
    expect.stringContaining('page.quick has a short window (1h) that is not shorter'),
    expect.stringContaining('page.slow has the factor 0.6'),
    expect.stringContaining('ticket.slow has the factor 0.75'),
    expect.stringContaining('ticket.slow looks at 40d, which is longer than the period'),
  ])
})

test('for other programs, availability is measured by what blackbox_exporter has', () => {
  const text =
    'version: prometheus/v1\nservice: shop\nslos: [{ name: up, objective: 99, availability: { check: shop } }]\n'
  expect(ruleFileText(compile(text).groups)).toContain('midwatch_check_up{check=\\"shop\\"}'.replaceAll('\\', ''))
  for (const options of [exact, { isElsewhere: true }]) {
    const there = ruleFileText(compile(text, options).groups)
    expect(there).toContain('probe_success{check="shop"}[5m]')
    expect(there).not.toContain('midwatch_')
  }
})

test('what changes slowly is evaluated by itself, where nothing has to be exactly as Sloth has it', () => {
  const { groups } = compile(spec('99.9'), { slowIntervalMs: 60_000 })
  expect(groups.map(({ name, intervalMs }) => [name, intervalMs])).toEqual([
    ['sloth-slo-sli-recordings-shop-requests', undefined],
    ['sloth-slo-meta-recordings-shop-requests', 60_000],
    ['sloth-slo-alerts-shop-requests', undefined],
  ])
  expect(groups[1]?.rules[0]).toMatchObject({ record: 'slo:sli_error:ratio_rate30d' })
  const there = compile(spec('99.9'), { slowIntervalMs: 60_000, ...exact }).groups
  expect(there.map(({ intervalMs }) => intervalMs)).toEqual([undefined, undefined, undefined])
})

const MANY = `version: prometheus/v1
service: shop
labels: { yes: "no", quote: 'a "b" \\ c', lines: "a\\nb", uni: "ä\\u2028x", tilde: "~", number: "007" }
slos:
  - { name: up, objective: 99, availability: { check: shop } }
  - { name: errors, objective: 99.9, http: { metric: http_requests_total, bad: 'code=~"5.."' }, policy: fast-slow }
  - { name: speed, objective: 95, window: 7d, latency: { metric: request_duration_seconds, below: 300ms } }
  - name: raw
    objective: 99.5
    sli: { raw: { error_ratio_query: "sum(rate(e[{{.window}}]))\\n/\\nsum(rate(t[{{.window}}]))\\n" } }
    alerting: { name: Same, annotations: { text: "{{ $labels.a }}: {{ $value }}\\n\\n" } }
  - name: other
    objective: 99.5
    sli: { raw: { error_ratio_query: " sum(rate(e[{{.window}}])) / sum(rate(t[{{.window}}]))" } }
    alerting: { name: Same }
`

test('a rule file says what was compiled, whatever characters are in it', () => {
  const { groups } = compile(MANY)
  const { groups: again, problems } = readRuleFile(ruleFileText(groups, ['a comment']), 'a.yml')
  expect(problems).toEqual([])
  expect(JSON.parse(JSON.stringify(again))).toEqual(JSON.parse(JSON.stringify(groups)))
})

testWithPeer('promtool', 'promtool finds nothing wrong with anything that is compiled', async (promtool) => {
  using folder = tempFolder()
  for (const [name, options] of Object.entries({ own: {}, elsewhere: { isElsewhere: true, slowIntervalMs: 60_000 } })) {
    const file = join(folder.path, `${name}.yml`)
    writeFileSync(file, ruleFileText(compile(MANY, options).groups))
    const { code, stdout } = await runPeer(promtool, ['check', 'rules', '--lint-fatal', file])
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/SUCCESS: 1\d\d rules found/) })
  }
})
