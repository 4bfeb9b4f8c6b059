import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readRuleFile } from '../../src/rule/load.ts'
import { describePeer, runPeer } from '../support/peers.ts'
import { folderWith } from './unit-test/folder.ts'

const group = (rest: string) => `groups: [{ name: a, ${rest} }]`
const rule = (rest: string) => group(`rules: [{ ${rest} }]`)

/** Rule files that Prometheus takes or refuses; promtool decides which. */
const texts: readonly string[] = [
  '',
  'groups:',
  'groups: []',
  '[]',
  'foo: 1',
  'groups: {}',
  'groups: [',
  '---\ngroups: []\n---\nfoo: 1\n',
  'groups: [{ name: a }, { name: a }]',
  'groups: [{ name: a }, { name: b }]',
  'groups: [{ name: "", rules: [] }]',
  'groups: [{ rules: [] }]',
  'groups: [{ name: a, name: b }]',
  'groups: [{ name: ~, rules: [] }]',
  ...[
    'interval: 0',
    'interval: ""',
    'interval:',
    'interval: 1m30s',
    'interval: 5',
    'interval: 1.5m',
    'interval: 30s1m',
  ].map(group),
  ...['limit: 0', 'limit: -1', 'limit: 1.0', 'limit: 1_0', 'limit: 0x10', 'limit: many', 'limit:', 'limits: 1'].map(
    group,
  ),
  ...['rules: {}', 'rules: text', 'rules:', 'rules: [text]', 'rules: [[]]'].map(group),
  ...[
    'record: r, expr: x',
    'record: r, alert: r, expr: x',
    'expr: x',
    'record: r',
    'record: r, expr: ""',
    'record: r, expr: "   "',
    'record: r, expr: x +',
    'record: r, expr: x, expr: y',
    'record: r, expr: 1',
    'record: 7r, expr: x',
    'record: a-b, expr: x',
    'record: "a:b{c}", expr: x',
    'record: " r ", expr: x',
    'record: r, expr: x, annotations: {}',
    'record: r, expr: x, annotations: { a: b }',
    'record: r, expr: x, for: 0s',
    'record: r, expr: x, for: 1s',
    'record: r, expr: x, keep_firing_for: 0',
    'record: r, expr: x, keep_firing_for: 1m',
    'record: r, expr: x, labels: { a: { b: c } }',
    'record: r, expr: x, labels: [a]',
    'record: r, expr: x, labels: { a: 1, b: true, c: ~, d: 1.50, e: 2020-01-01 }',
    'record: r, expr: x, labels: { __name__: a }',
    'record: r, expr: x, labels: { "": a }',
    'record: r, expr: x, labels: { a: "{{ $nope }}" }',
    'record: r, expr: x, foo: 1',
    'alert: A, expr: x, for: ""',
    'alert: A, expr: x, for:',
    'alert: A, expr: x, for: 5',
    'alert: A, expr: x, for: -5m',
    'alert: A, expr: x, for: 1.5m',
    'alert: A, expr: x, for: 1m5h',
    'alert: A, expr: x, for: 1d12h',
    'alert: A, expr: x, for: 0, keep_firing_for: 1w',
    'alert: "a b {{ c }}", expr: x',
    'alert: 007, expr: x',
    'alert: A, expr: x, annotations: { a-b: c }',
    'alert: A, expr: x, labels: { a-b: c }',
    'alert: A, expr: x, labels: { alertname: b }',
    'alert: A, expr: x, labels: { a: "{{ $x }}" }',
    'alert: A, expr: x, labels: { a: "{{ nofunc }}" }',
    'alert: A, expr: x, annotations: { a: "{{ tmpl \\"a\\" . }}" }',
    'alert: A, expr: x, annotations: { a: "{{ $labels.a | humanize }} {{ $value }} {{ $externalLabels.a }} {{ $externalURL }}" }',
    'alert: A, expr: x, annotations: { a: "{{ if }}" }',
    'alert: A, expr: x, annotations: { a: "{{ range $i, $e := query \\"x\\" }}{{ $e.Labels.a }}{{ else }}b{{ end }}" }',
    'alert: A, expr: x, annotations: { a: "{{ define \\"b\\" }}c{{ end }}{{ template \\"b\\" }}" }',
  ].map(rule),
  group('rules: [&a { record: r, expr: x }, { <<: *a, record: s }]'),
  group('rules: [*none]'),
]

/** Refused here, though Prometheus takes it and fails at every evaluation. */
const stricter: readonly string[] = ['alert: A, expr: "x[5m]"', `alert: A, expr: '"text"'`].map(rule)

describePeer('promtool', (promtool) => {
  async function isTaken(text: string): Promise<boolean> {
    using folder = folderWith({ 'rules.yml': text })
    const { code } = await runPeer(promtool, ['check', 'rules', '--lint=none', join(folder.path, 'rules.yml')])
    return code === 0
  }
  const isTakenHere = (text: string) =>
    !readRuleFile(text, 'rules.yml').problems.some(({ severity }) => severity === 'error')

  test.each(texts)('agrees whether this is a rule file: %s', async (text) => {
    expect(isTakenHere(text)).toBe(await isTaken(text))
  })

  test.each(stricter)('takes what can never be evaluated: %s', async (text) => {
    expect([isTakenHere(text), await isTaken(text)]).toEqual([false, true])
  })
})
