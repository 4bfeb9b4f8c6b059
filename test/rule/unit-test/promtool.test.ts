import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runUnitTestFile } from '../../../src/rule/unit-test/run.ts'
import { describePeer, runPeer } from '../../support/peers.ts'
import { folderWith } from './folder.ts'
import { ownVerdict, promtoolVerdict } from './promtool-output.ts'

const RULES = `
groups:
  - name: shop
    interval: 5m
    rules:
      - record: shop:orders:max
        expr: max by (shop) (orders)
        labels: { team: "0.10" }
      - alert: NoOrders
        expr: shop:orders:max == 0
        for: 2m
        keep_firing_for: 2m
        labels: { severity: high, zone: "{{ $labels.nope }}" }
        annotations: { summary: "{{ $labels.shop }}: {{ $value }}", region: "{{ $externalLabels.region }}", empty: "" }
  - name: second
    rules:
      - alert: NoOrders
        expr: vector(1)
        labels: { severity: low }
      - record: shop:seen
        expr: shop:orders:max * 2
`

const ZERO = "{ series: 'orders{shop=\"a\"}', values: '5 0x10' }"
const HIGH = '{ severity: high, shop: a, team: "0.10" }'
const LOW = '{ exp_labels: { severity: low } }'
const ANNOTATED = `exp_annotations: { summary: "a: 0", region: "eu", empty: "" }`

/** A file with one test, whose values are a minute apart. Without an order promtool takes the groups as they come. */
function one(rest: string, input = ZERO, order = 'group_eval_order: [shop, second]'): string {
  return `rule_files: [rules.yml]
evaluation_interval: 1m
${order}
tests:
  - interval: 1m
    external_labels: { region: eu }
    input_series: [${input}]
    ${rest}
`
}

const alertTest = (time: string, alerts: string) =>
  one(`alert_rule_test: [{ eval_time: ${time}, alertname: NoOrders, exp_alerts: [${alerts}] }]`)
const exprTest = (expr: string, time: string, samples: string, input = ZERO) =>
  one(`promql_expr_test: [{ expr: '${expr}', eval_time: ${time}, exp_samples: [${samples}] }]`, input)

/** Of each the test file, and whether it passes; promtool decides about both. */
const files: Readonly<Record<string, readonly [passes: boolean, text: string]>> = {
  'an alert that fires after its time': [true, alertTest('3m', `${LOW}, { exp_labels: ${HIGH}, ${ANNOTATED} }`)],
  'an alert that waits still': [true, alertTest('2m59s', LOW)],
  'an alert that is expected and waits still': [
    false,
    alertTest('2m', `${LOW}, { exp_labels: ${HIGH}, ${ANNOTATED} }`),
  ],
  'alerts in another order': [true, alertTest('4m', `{ exp_labels: ${HIGH}, ${ANNOTATED} }, ${LOW}`)],
  'an alert too few': [false, alertTest('4m', `{ exp_labels: ${HIGH}, ${ANNOTATED} }`)],
  'an alert too many': [false, alertTest('1m', `${LOW}, ${LOW}`)],
  'another label': [false, alertTest('1m', '{ exp_labels: { severity: medium } }')],
  'another annotation': [false, alertTest('1m', '{ exp_labels: { severity: low }, exp_annotations: { a: b } }')],
  'an empty annotation that is missing': [
    false,
    alertTest('4m', `${LOW}, { exp_labels: ${HIGH}, exp_annotations: { summary: "a: 0", region: eu } }`),
  ],
  'an expected label that is empty': [false, alertTest('1m', '{ exp_labels: { severity: low, a: "" } }')],
  'the name of the alert among the labels': [
    true,
    alertTest('1m', '{ exp_labels: { severity: low, alertname: NoOrders } }'),
  ],
  'an alert that nobody has': [true, one('alert_rule_test: [{ eval_time: 1m, alertname: Nobody, exp_alerts: [] }]')],
  'an alert that nobody has and somebody expects': [
    false,
    one('alert_rule_test: [{ eval_time: 1m, alertname: Nobody, exp_alerts: [{}] }]'),
  ],
  'no name of an alert': [false, one('alert_rule_test: [{ eval_time: 1m, exp_alerts: [] }]')],
  'no time': [true, one(`alert_rule_test: [{ alertname: NoOrders, exp_alerts: [${LOW}] }]`)],
  'the interval of a group, which does not count': [
    true,
    exprTest('count_over_time(shop:orders:max[2m30s])', '3m', '{ labels: \'{shop="a", team="0.10"}\', value: 3 }'),
  ],
  'what a rule records, read by a later group': [
    true,
    exprTest('shop:seen', '0', '{ labels: \'shop:seen{shop="a", team="0.10"}\', value: 10 }'),
  ],
  'a value that differs': [false, exprTest('orders', '0', '{ labels: \'orders{shop="a"}\', value: 4 }')],
  'labels in another form': [true, exprTest('orders', '0', `{ labels: '{shop="a",__name__="orders",}', value: 5 }`)],
  'no labels for a number': [true, exprTest('1 + 1', '1m', '{ value: 2 }')],
  'no value for zero': [true, exprTest('vector(0)', '1m', '{}')],
  'negative zero': [true, exprTest('vector(-0)', '1m', '{ value: 0 }')],
  'NaN, which equals nothing': [false, exprTest('vector(0) / 0', '1m', '{ value: .nan }')],
  infinity: [true, exprTest('vector(1) / 0', '1m', '{ value: .inf }')],
  'minus infinity': [true, exprTest('vector(-1) / 0', '1m', '{ value: -.inf }')],
  'numbers as YAML has them': [
    true,
    exprTest(
      '{__name__=~"n."}',
      '0',
      `{ labels: n1, value: 1_000 }, { labels: n2, value: 0x1F }, { labels: n3, value: 010 }, { labels: n4, value: 1e3 }`,
      "{series: n1, values: 1000}, {series: n2, values: '31'}, {series: n3, values: 8}, {series: n4, values: 1e3}",
    ),
  ],
  'a number in quotes': [false, exprTest('vector(1)', '0', '{ value: "1" }')],
  'a word for a number': [false, exprTest('vector(1)', '0', '{ value: one }')],
  'an expression that is none': [false, exprTest('orders +', '0', '')],
  'a range': [false, exprTest('orders[5m]', '0', '')],
  'a text': [false, exprTest('"a"', '0', '')],
  'labels that are a condition': [false, exprTest('orders', '0', `{ labels: 'orders{shop=~"a"}', value: 5 }`)],
  'samples that nobody has read yet': [
    false,
    // At 1m30s the last evaluation was at 1m, and what comes after it is not there.
    `rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 30s
    input_series: [{ series: x, values: 0 1 2 3 }]
    promql_expr_test: [{ expr: x, eval_time: 90s, exp_samples: [{ labels: x, value: 3 }] }]
`,
  ],
  'a series that is there twice: the last line counts': [
    true,
    exprTest('x', '1m', '{ labels: x, value: 2 }', "{ series: x, values: '1 1' }, { series: x, values: '2 2' }"),
  ],
  'a rule that records what is given as well': [
    false,
    exprTest(
      'x',
      '1m',
      '',
      "{ series: shop:seen, values: 1 2 3 }, { series: 'orders', values: '1 1 1' }, { series: 'shop:seen{team=\"0.10\"}', values: '7 7' }",
    ),
  ],
  'a series without a name, which no rule sees': [
    true,
    exprTest('orders', '0', '', "{ series: '{shop=\"a\"}', values: '1' }"),
  ],
  'a series that ends': [true, exprTest('orders', '2m', '', "{ series: orders, values: '1 1 stale' }")],
  'a series with gaps, looked back at': [
    true,
    exprTest('orders', '5m', '{ labels: orders, value: 2 }', "{ series: orders, values: '1 2 _x3 _' }"),
  ],
  'a subquery without a step, which takes the evaluation interval': [
    true,
    `rule_files: [rules.yml]
evaluation_interval: 30s
tests:
  - interval: 30s
    input_series: [{ series: x, values: 1x20 }]
    promql_expr_test: [{ expr: 'count_over_time(x[2m15s:])', eval_time: 5m, exp_samples: [{ value: 5 }] }]
`,
  ],
  'no tests': [true, 'rule_files: [rules.yml]\ntests: []\n'],
  'an empty file': [true, ''],
  'a rule file that is not there': [true, 'rule_files: [nothing.yml]\ntests: [{ interval: 1m }]\n'],
  'rule files by a pattern, and once more by name': [
    true,
    one('alert_rule_test: []').replace('[rules.yml]', '["r*s.yml", rules.yml]'),
  ],
  'a rule file with a mistake': [false, one('alert_rule_test: []').replace('rules.yml', 'broken.yml')],
  'a rule file with a mistake, and no test': [true, 'rule_files: [broken.yml]\ntests: []\n'],
  'two rules that record the same': [false, one('alert_rule_test: []').replace('rules.yml', 'twice.yml')],
  'a rule over its limit': [false, one('alert_rule_test: []').replace('rules.yml', 'limited.yml')],
  'a key that is not known': [false, `unknown: 1\n${one('alert_rule_test: []')}`],
  'a key of a test that is not known': [false, one('unknown: 1')],
  'a key of an expected alert that is not known': [false, alertTest('1m', '{ labels: {} }')],
  'a list that is none': [false, 'rule_files: rules.yml\n'],
  'a duration that is none': [false, one('alert_rule_test: [{ eval_time: 1 minute, alertname: A }]')],
  'a group twice in the order': [false, one('alert_rule_test: []', ZERO, 'group_eval_order: [shop, shop]')],
  'another order of the groups': [
    true,
    exprTest('shop:seen', '1m', '{ labels: \'shop:seen{shop="a", team="0.10"}\', value: 10 }').replace(
      '[shop, second]',
      '[second, shop]',
    ),
  ],
  'YAML that is none': [false, 'rule_files: [\n'],
}

describePeer('promtool', (promtool) => {
  test.each(Object.entries(files))('agrees about %s', async (_name, [passes, text]) => {
    using folder = folderWith({
      'rules.yml': RULES,
      'broken.yml': 'groups: [{ name: g, rules: [{ alert: A, expr: x + }] }]',
      'twice.yml': 'groups: [{ name: g, rules: [{ record: r, expr: vector(1) }, { record: r, expr: vector(2) }] }]',
      'limited.yml': 'groups: [{ name: g, limit: 1, rules: [{ record: r, expr: vector(1) or orders }] }]',
      'test.yml': text,
    })
    const file = join(folder.path, 'test.yml')
    const { code, stdout, stderr } = await runPeer(promtool, ['test', 'rules', file])
    const theirs = promtoolVerdict(code, `${stdout}\n${stderr}`)
    const ours = ownVerdict(await runUnitTestFile(file))
    expect(theirs.failed, `${stdout}${stderr}`).toBe(!passes)
    expect(ours.failed).toBe(theirs.failed)
    // What promtool refuses with the labels of a sample has its place in the file here.
    if (!/err: labels/.test(stderr + stdout)) expect(ours.what).toEqual(theirs.what)
    expect(ours.got).toEqual(theirs.got)
  })

  test.each([
    '1 2 3',
    '-1 +2 .5 5. 1e3 -1e-3',
    '1x3',
    '1+2x3',
    '10-2.5x3 7',
    '-5-3x2',
    '_ _x3 1',
    '_x0 1',
    '1 stale 2',
    'inf -inf +Inf nan NaN',
    '0x10',
    '1.5x2 _ 3',
    '',
    '1,2',
    '1_000',
    '0x1F',
    '1 x3',
    '1x',
    '1+2',
    '1-x3',
    '1x2.5',
    'Stale',
    'stalex3',
    'infx2',
    '--5',
    '1++2x3',
    '__',
  ])('reads the values %j alike', async (values) => {
    using folder = folderWith({
      'test.yml': `evaluation_interval: 1m
tests:
  - interval: 61s
    input_series: [{ series: x, values: ${JSON.stringify(values)} }]
    promql_expr_test:
${[...Array(12).keys()].map((minute) => `      - { expr: x, eval_time: ${minute}m, exp_samples: [] }`).join('\n')}
`,
    })
    const file = join(folder.path, 'test.yml')
    const { code, stdout, stderr } = await runPeer(promtool, ['test', 'rules', file])
    const theirs = promtoolVerdict(code, `${stdout}\n${stderr}`)
    // Prometheus 2 sees a value at the very beginning of its lookback, which the first one is here; Prometheus 3 does not.
    const isOnEdge = (name: string) => name === 'expr x 5m'
    const without = (verdict: typeof theirs) => ({
      failed: verdict.failed,
      what: verdict.what.filter((name) => !isOnEdge(name)),
      got: Object.fromEntries(Object.entries(verdict.got).filter(([name]) => !isOnEdge(name))),
    })
    expect(without(ownVerdict(await runUnitTestFile(file)))).toEqual(without(theirs))
  })
})
