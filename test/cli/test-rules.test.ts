import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { folderWith } from '../rule/unit-test/folder.ts'
import { midwatch } from '../support/cli.ts'

const RULES = `groups:
  - name: shop
    rules:
      - { record: shop:orders, expr: sum by (shop) (orders) }
      - alert: NoOrders
        expr: shop:orders == 0
        labels: { severity: high }
        annotations: { summary: "{{ $labels.shop }} sells nothing", runbook: docs/a.md }
      - { record: twice, expr: "orders * on (shop) group_left () wares" }
`

const INPUT = '[{ series: \'orders{shop="a"}\', values: 0x5 }, { series: \'orders{shop="b"}\', values: 1x5 }]'

const GOOD = `rule_files: [rules.yml]
tests:
  - name: a shop without orders
    input_series: ${INPUT}
    alert_rule_test:
      - eval_time: 1m
        alertname: NoOrders
        exp_alerts:
          - exp_labels: { shop: a, severity: high }
            exp_annotations: { summary: a sells nothing, runbook: docs/a.md }
  - name: numbers
    promql_expr_test: [{ expr: 1 + 1, exp_samples: [{ value: 2 }] }]
`

const BAD = `rule_files: [rules.yml]
tests:
  - name: what people get wrong
    input_series: ${INPUT}
    alert_rule_test:
      - eval_time: 1m
        alertname: NoOrders
        exp_alerts:
          - exp_labels: { shop: a, severity: high }
            exp_annotations: { summary: a sells "nothing" }
          - exp_labels: { shop: b, severity: high, zone: "" }
    promql_expr_test:
      - { expr: shop:orders, eval_time: 2m, exp_samples: [{ labels: 'shop:orders{shop="a"}', value: 1 }, { labels: x, value: 3 }] }
      - { expr: shop:orders +, eval_time: 2m }
  - name: numbers
  - name: a rule that fails
    input_series: [{ series: 'wares{i="1"}', values: 1x3 }, { series: 'wares{i="2"}', values: _ 1x3 }, { series: orders, values: 1x3 }]
    alert_rule_test: [{ eval_time: 3m, alertname: NoOrders }]
`

const folder = folderWith({ 'rules.yml': RULES, 'good.yml': GOOD, 'bad.yml': BAD, 'broken.yml': 'test: []\n' })
afterAll(() => folder[Symbol.dispose]())

/** Runs with names of files in the folder, and takes the folder out of what is said. */
async function testRules(...args: string[]) {
  const paths = args.map((arg) => (arg.endsWith('.yml') ? join(folder.path, arg) : arg))
  const { out, err, code } = await midwatch(['test', 'rules', ...paths])
  return { out: out.replaceAll(`${folder.path}/`, ''), err: err.replaceAll(`${folder.path}/`, ''), code }
}

test('says in one line that all is fine', async () => {
  expect(await testRules('good.yml')).toEqual({ out: 'good.yml: 2 tests, all fine\n', err: '', code: 0 })
})

test('shows what is expected and what there is, with the lines of the file, and ends with 1', async () => {
  const { out, err, code } = await testRules('bad.yml', 'good.yml', 'broken.yml')
  expect(out).toBe(`bad.yml: 2 of 3 tests failed

  what people get wrong (bad.yml:3)
    bad.yml:6: NoOrders at 1m fires otherwise than expected (- expected, + fires)
        {alertname="NoOrders", severity="high", shop="a"}
      -     summary: "a sells \\"nothing\\""
      +     summary: "a sells nothing"
      +     runbook: "docs/a.md"
      - {alertname="NoOrders", severity="high", shop="b"} and zone=""
    bad.yml:13: shop:orders at 2m gives something else than expected (- expected, + is)
      - shop:orders{shop="a"} 1
      + shop:orders{shop="a"} 0
      - x 3
      + shop:orders{shop="b"} 1
    bad.yml:14: shop:orders + at 2m: 1:14: parse error: unexpected end of input, expected an expression

  a rule that fails (bad.yml:16)
    rules.yml: the rule twice of the group shop fails at 1m: ${failureOfTwice}

good.yml: 2 tests, all fine
broken.yml: nothing was tested
  broken.yml:1:1: test: is not known here; the keys are rule_files, evaluation_interval, group_eval_order, fuzzy_compare, tests

`)
  expect(err).toBe('2 of 3 files failed\n')
  expect(code).toBe(1)
})

const failureOfTwice =
  '1:1: found duplicate series for the match group {} on the right hand-side of the operation: [{__name__="wares", i="2"}, {__name__="wares", i="1"}];many-to-many matching not allowed: matching labels must be unique on one side'

test('tells programs the same', async () => {
  const { out, code } = await testRules('--json', 'bad.yml', 'good.yml')
  const { ok, files } = JSON.parse(out)
  expect(code).toBe(1)
  expect(ok).toBe(false)
  expect(files[1]).toMatchObject({
    file: 'good.yml',
    ok: true,
    tests: [{ name: 'a shop without orders', failures: [] }, {}],
  })
  expect(files[0].tests[0].failures.slice(0, 2)).toMatchObject([
    {
      kind: 'alerts',
      line: 6,
      time: '1m',
      alertName: 'NoOrders',
      got: [{ labels: { alertname: 'NoOrders', severity: 'high', shop: 'a' } }],
    },
    { kind: 'samples', line: 13, expr: 'shop:orders', expected: [{ value: '1' }, {}], got: [{ value: '0' }, {}] },
  ])
  expect(files[0].tests[2].failures).toMatchObject([{ kind: 'rule', rule: 'twice', group: 'shop', time: '1m' }])
})

test('writes what build servers read', async () => {
  const file = join(folder.path, 'junit.xml')
  await testRules('--junit', file, 'bad.yml', 'good.yml', 'broken.yml')
  const xml = readFileSync(file, 'utf8')
    .replaceAll(`${folder.path}/`, '')
    .replace(/time="[\d.]+"/g, 'time=""')
  expect(xml).toContain('<testsuite name="bad.yml" tests="3" failures="2" errors="0" time="">')
  expect(xml).toContain('<testcase name="numbers" classname="bad.yml" time=""/>')
  expect(xml).toContain('<failure message="bad.yml:6: NoOrders at 1m fires otherwise than expected')
  expect(xml).toContain('-     summary: &quot;a sells \\&quot;nothing\\&quot;&quot;')
  expect(xml).toContain('<testsuite name="good.yml" tests="2" failures="0" errors="0" time="">')
  expect(xml).toMatch(
    /<testsuite name="broken.yml" tests="0" failures="0" errors="1" time="">\n.*\n +<error message="broken.yml:1:1: /,
  )
  // Whatever names and texts hold, it is XML.
  const tags = [...xml.matchAll(/<(\/?)(\w+)[^<>]*?(\/?)>/g)].filter(([, , , empty]) => empty === '')
  expect(tags.filter(([, end]) => end === '/').length).toBe(tags.filter(([, end]) => end === '').length)
})

test('runs only those tests whose name a pattern finds', async () => {
  expect(await testRules('--run', '^numbers$', 'bad.yml')).toMatchObject({
    out: 'bad.yml: 1 test, all fine\n',
    code: 0,
  })
  expect(await testRules('--run', 'fails|numbers', 'bad.yml')).toMatchObject({ code: 1 })
  expect(await testRules('--run', '(', 'bad.yml')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--run (: not a regular expression'),
  })
})

test('a file that is not there is a failure; no file at all is wrong use', async () => {
  expect(await testRules('none.yml')).toMatchObject({
    code: 1,
    out: expect.stringContaining("none.yml: can't be read: ENOENT"),
  })
  expect(await midwatch(['test', 'rules'])).toMatchObject({ code: 2 })
})
