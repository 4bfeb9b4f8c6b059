import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatProblem } from '../../../src/model/problem.ts'
import { hasFailed, type UnitTestReport } from '../../../src/rule/unit-test/report.ts'
import { runUnitTestFile } from '../../../src/rule/unit-test/run.ts'
import { folderWith } from './folder.ts'

type Options = Parameters<typeof runUnitTestFile>[1]

/** Runs a test file beside these rules; paths are those of the folder. */
async function run(tests: string, rules = 'groups: []', options?: Options): Promise<UnitTestReport> {
  using folder = folderWith({ 'test.yml': tests, 'rules.yml': rules })
  const report = await runUnitTestFile(join(folder.path, 'test.yml'), options)
  return JSON.parse(JSON.stringify(report).replaceAll(`${folder.path}/`, '')) as UnitTestReport
}

function problemsOf({ problems, tests }: UnitTestReport): string[] {
  const own = tests.flatMap(({ failures }) => failures).flatMap((one) => (one.kind === 'problem' ? [one.problem] : []))
  return [...problems, ...own].map(formatProblem)
}

const expectation = (expr: string, time: string, value: string) =>
  `promql_expr_test: [{ expr: '${expr}', eval_time: ${time}, exp_samples: [{ value: ${value} }] }]`

test('starts at a time of the test, written either way', async () => {
  const at = (start: string) => `tests: [{ start_timestamp: ${start}, ${expectation('time()', '2m', '1704067320')} }]`
  for (const start of ['1704067200', '"2024-01-01T00:00:00Z"', '2024-01-01T01:00:00+01:00']) {
    expect(hasFailed(await run(at(start))), start).toBe(false)
  }
  expect(problemsOf(await run(at('yesterday')))).toEqual([
    'test.yml:1:28: tests[0].start_timestamp: "yesterday" is not a time; write Unix seconds or 2024-01-01T00:00:00Z',
  ])
})

test('evaluates rules from that time on, with values and waiting times counted from there', async () => {
  const tests = `rule_files: [rules.yml]
tests:
  - start_timestamp: "2024-01-01T00:00:10Z"
    input_series: [{ series: x, values: 0 1 1 1 }]
    alert_rule_test:
      - { eval_time: 2m, alertname: A, exp_alerts: [] }
      - { eval_time: 3m, alertname: A, exp_alerts: [{ exp_annotations: { at: "2024-01-01 00:03:10 +0000 UTC" } }] }
`
  const rules = `groups: [{ name: g, interval: 1h, rules: [
    { alert: A, expr: x == 1, for: 2m, annotations: { at: '{{ with query "timestamp(x)" }}{{ . | first | value | humanizeTimestamp }}{{ end }}' } }
  ] }]`
  expect((await run(tests, rules)).tests[0]?.failures).toEqual([])
})

test('the values of a test without an interval are an evaluation interval apart', async () => {
  const tests = `evaluation_interval: 30s
tests: [{ input_series: [{ series: x, values: 1 2 3 }], promql_expr_test: [{ expr: x, eval_time: 1m, exp_samples: [{ labels: x, value: 3 }] }] }]`
  expect(hasFailed(await run(tests))).toBe(false)
})

test('compares values exactly, or to the next double when it is told to', async () => {
  const tests = (fuzzy: boolean, value: string) =>
    `fuzzy_compare: ${fuzzy}\ntests: [{ ${expectation('vector(0.1) + 0.2', '0', value)} }]`
  expect(hasFailed(await run(tests(false, '0.3')))).toBe(true)
  expect(hasFailed(await run(tests(true, '0.3')))).toBe(false)
  expect(hasFailed(await run(tests(true, '0.30000000000000016')))).toBe(true)
  expect(hasFailed(await run(tests(true, '-0.3')))).toBe(true)
  expect(hasFailed(await run(`fuzzy_compare: true\ntests: [{ ${expectation('vector(0) / 0', '0', '.nan')} }]`))).toBe(
    true,
  )
})

test('templates see the labels and the address of the test', async () => {
  const tests = `rule_files: [rules.yml]
tests:
  - external_labels: { region: eu }
    external_url: https://watch.example.org/base/
    alert_rule_test:
      - { alertname: A, exp_alerts: [{ exp_labels: { from: eu }, exp_annotations: { at: "https://watch.example.org/base/ /base" } }] }
`
  const rules = `groups: [{ name: g, rules: [
    { alert: A, expr: vector(1), labels: { from: "{{ $externalLabels.region }}" }, annotations: { at: "{{ externalURL }} {{ pathPrefix }}" } }
  ] }]`
  expect((await run(tests, rules)).tests[0]?.failures).toEqual([])
})

test('group labels and offsets count, the interval of a group does not', async () => {
  const tests = `rule_files: [rules.yml]
tests:
  - input_series: [{ series: x, values: 1 2 3 4 }]
    promql_expr_test:
      - { expr: r, eval_time: 3m, exp_samples: [{ labels: 'r{team="a"}', value: 3 }] }
      - { expr: 'count_over_time(r[150s])', eval_time: 3m, exp_samples: [{ labels: '{team="a"}', value: 2 }] }
`
  const rules =
    'groups: [{ name: g, interval: 1h, query_offset: 1m, labels: { team: a }, rules: [{ record: r, expr: x }] }]'
  expect((await run(tests, rules)).tests[0]?.failures).toEqual([])
})

test.each([
  [
    'a native histogram in the input',
    'tests: [{ input_series: [{ series: x, values: "{{schema:0 sum:1}}x3" }] }]',
    'test.yml:1:47: tests[0].input_series[0].values: {{schema:0 sum:1}}x3 is a native histogram, which midwatch does not have; write the buckets as series with le',
  ],
  [
    'a native histogram in a result',
    'tests: [{ promql_expr_test: [{ expr: x, exp_samples: [{ labels: x, histogram: "{{count:1}}" }] }] }]',
    'is a native histogram, which midwatch does not have',
  ],
  [
    'a series that can’t be read',
    'tests:\n  - input_series:\n      - { series: "x{a=~\\"b\\"}", values: 1 }\n',
    'test.yml:3:19: tests[0].input_series[0].series: a=~ is a condition; the labels of a series are written a="…"',
  ],
  [
    'a value that can’t be read',
    'tests:\n  - input_series:\n      - { series: x, values: 1 2+x3 }\n',
    'test.yml:3:30: tests[0].input_series[0].values: cannot read the value 2+x3; write numbers, 1+2x3, 1x3, _, _x3 or stale',
  ],
  [
    'more values than anybody means',
    'tests:\n  - input_series:\n      - { series: x, values: 1x999999999999 }\n',
    'has more than 1000000 values',
  ],
  [
    'no name of an alert',
    'tests:\n  - alert_rule_test:\n      - eval_time: 1m\n',
    'test.yml:3:9: tests[0].alert_rule_test[0]: names no alert; write alertname: and the name of an alerting rule',
  ],
  [
    'a key that is none',
    'tests:\n  - alert_rule_tests: []\n',
    'test.yml:2:5: tests[0].alert_rule_tests: is not known here; the keys are name, interval, start_timestamp, input_series',
  ],
  [
    'a time that is none',
    'tests:\n  - promql_expr_test: [{ expr: x, eval_time: 5 }]\n',
    'test.yml:2:46: tests[0].promql_expr_test[0].eval_time: "5" is not a duration; write it like 30s, 5m or 1h30m',
  ],
  [
    'a mistake in the rules',
    'rule_files: [rules.yml]\ntests: [{}]',
    'rules.yml:4:25: groups[0].rules[0].expr: could not parse expression: ',
  ],
])('names the place of %s', async (_what, tests, message) => {
  const report = await run(tests, 'groups:\n  - name: g\n    rules:\n    - { alert: A, expr: x + }')
  expect(problemsOf(report).join('\n')).toContain(message)
  expect(hasFailed(report)).toBe(true)
})

test('what is wrong with one test keeps the others from nothing', async () => {
  const { tests } = await run('tests: [{ name: a, input_series: [{ series: "", values: 1 }] }, { name: b }]')
  expect(tests.map(({ name, failures }) => [name, failures.length])).toEqual([
    ['a', 1],
    ['b', 0],
  ])
})

test('remarks on rule files and groups that are not there, which fail nothing', async () => {
  const report = await run('rule_files: [none.yml]\ngroup_eval_order: [nobody]\ntests: [{}]')
  expect(hasFailed(report)).toBe(false)
  expect(problemsOf(report)).toEqual([
    expect.stringContaining('test.yml:1: rule_files: warning: "none.yml" matches no file in '),
    'test.yml: group_eval_order: warning: there is no group "nobody" in the rule files',
  ])
})

test('passes over keys that nobody knows when it is told to, in tests and rules', async () => {
  const tests = 'rule_files: [rules.yml]\nowner: me\ntests: [{ team: shop }]'
  const rules = 'groups: [{ name: g, owner: me, rules: [{ record: r, expr: x, ticket: 7 }] }]'
  expect(problemsOf(await run(tests, rules))).toHaveLength(2)
  expect(hasFailed(await run('rule_files: [rules.yml]\ntests: [{}]', rules))).toBe(true)
  expect(problemsOf(await run(tests, rules, { ignoreUnknownFields: true }))).toEqual([])
})

test('runs those tests only that are wanted, by name', async () => {
  const options = { isWanted: (name: string) => name.startsWith('b') }
  const { tests } = await run('tests: [{ name: a }, { name: b }, {}, { name: bb }]', 'groups: []', options)
  expect(tests.map(({ name }) => name)).toEqual(['b', 'bb'])
  expect((await run('tests: [{ name: a }, {}]')).tests.map(({ name }) => name)).toEqual(['a', 'unnamed#1'])
})

test('a file that is not there is a problem of its own', async () => {
  const report = await runUnitTestFile('/nowhere/test.yml')
  expect(problemsOf(report)[0]).toMatch(/^\/nowhere\/test\.yml: can't be read: ENOENT/)
})
