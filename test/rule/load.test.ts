import { expect, test } from 'vitest'
import { formatProblem } from '../../src/model/problem.ts'
import { readRuleFile } from '../../src/rule/load.ts'

function problemsOf(text: string): string[] {
  return readRuleFile(text, 'r.yml').problems.map(formatProblem)
}

test('keeps every scalar as it was written, and folds labels of the group into its rules, whose own win', () => {
  const { groups, problems } = readRuleFile(
    `
groups:
  - name: 007
    interval: 1m30s
    query_offset: 5s
    limit: 10
    labels: { team: shop, a: group }
    rules:
      - alert: 0x1F
        expr: up == 0
        for: 1h
        keep_firing_for: 5m
        labels: { a: 0.10, b: yes, c: 1e3, d: 2020-01-01, e: ~ }
        annotations: { summary: 1_000 }
      - { record: job:up:sum, expr: sum by (job) (up) }
`,
    'r.yml',
  )
  expect(problems).toEqual([])
  expect(groups).toMatchObject([
    {
      name: '007',
      file: 'r.yml',
      intervalMs: 90_000,
      queryOffsetMs: 5000,
      limit: 10,
      rules: [
        {
          kind: 'alerting',
          alert: '0x1F',
          forMs: 3_600_000,
          keepFiringForMs: 300_000,
          labels: { team: 'shop', a: '0.10', b: 'yes', c: '1e3', d: '2020-01-01', e: '' },
          annotations: { summary: '1_000' },
        },
        { kind: 'recording', record: 'job:up:sum', labels: { team: 'shop', a: 'group' } },
      ],
    },
  ])
})

test('a group without interval has none, and so has one of 0', () => {
  const { groups } = readRuleFile('groups: [{ name: a }, { name: b, interval: 0 }]', 'r.yml')
  expect(groups.map(({ intervalMs }) => intervalMs)).toEqual([undefined, undefined])
})

test.each([
  ['groups: [{ name: a }, { name: a }]', 'r.yml:1:31: groups[1].name: groupname: "a" is repeated in the same file'],
  [
    'groups: [{ name: a, rules: [{ record: r, alert: A, expr: x }] }]',
    "groups[0].rules[0]: only one of 'record' and 'alert' must be set",
  ],
  ['groups: [{ name: a, rules: [{ expr: x }] }]', "one of 'record' or 'alert' must be set"],
  ['groups: [{ name: a, rules: [{ alert: A }] }]', "field 'expr' must be set in rule"],
  ['groups: [{ name: a, rules: [{ alert: A, expr: "x +" }] }]', 'expr: could not parse expression: '],
  ['groups: [{ name: a, rules: [{ alert: A, expr: "x[5m]" }] }]', 'a rule needs an expression that gives an instant'],
  ['groups: [{ name: a, rules: [{ record: r, expr: x, for: 1m }] }]', "invalid field 'for' in recording rule"],
  [
    'groups: [{ name: a, rules: [{ record: r, expr: x, keep_firing_for: 1m }] }]',
    "invalid field 'keep_firing_for' in recording rule",
  ],
  [
    'groups: [{ name: a, rules: [{ record: r, expr: x, annotations: { a: b } }] }]',
    "invalid field 'annotations' in recording rule",
  ],
  [
    'groups: [{ name: a, rules: [{ record: "r{a=1}", expr: x }] }]',
    'braces present in the recording rule name; should it be in expr?: r{a=1}',
  ],
  ['groups: [{ name: a, rules: [{ alert: A, expr: x, labels: { __name__: b } }] }]', 'invalid label name: __name__'],
  ['groups: [{ name: a, rules: [{ alert: A, expr: x, labels: { a-b: b } }] }]', 'invalid label name: a-b'],
  [
    'groups: [{ name: a, rules: [{ alert: A, expr: x, annotations: { s: "{{ $label.a }}" } }] }]',
    'annotations.s: could not parse template: ',
  ],
  [
    'groups: [{ name: a, rules: [{ alert: A, expr: x, for: 1 minute }] }]',
    '"1 minute" is not a duration; write it like',
  ],
  ['groups: [{ name: a, intervall: 1m }]', 'groups[0].intervall: is not known here; the keys are name, interval'],
  ['groups: [{ name: a, limit: many }]', 'groups[0].limit: is not a whole number'],
  ['groups: [{ name: a, limit: 1.5 }]', 'groups[0].limit: is not a whole number'],
  ['groups: [{ name: a, interval: "" }]', 'groups[0].interval: "" is not a duration'],
  ['groups: [{ name: a, labels: { a-b: c } }]', 'groups[0].labels.a-b: invalid label name: a-b'],
  [
    'groups: [{ name: a, rules: [{ alert: A, expr: x, annotations: { a-b: c } }] }]',
    'groups[0].rules[0].annotations.a-b: invalid annotation name: a-b',
  ],
  ['groups: { name: a }', 'groups: has to be a list'],
  ['groups: [{ rules: [] }]', 'a group needs a name'],
])('says what is wrong and where: %s', (text, expected) => {
  const problems = problemsOf(text)
  expect(problems.join('\n')).toContain(expected)
  expect(problems[0]).toMatch(/^r\.yml:1:\d+: groups/)
})

test('of several documents only the first is read, and that is said', () => {
  const { groups, problems } = readRuleFile('groups: [{ name: a }]\n---\ngroups: [{ name: b }]\n', 'r.yml')
  expect(groups.map(({ name }) => name)).toEqual(['a'])
  expect(problems.map(formatProblem)).toEqual([
    'r.yml:2:1: warning: only the first document of the file is read; what follows this --- is ignored',
  ])
})

test('anchors, aliases and merge keys are written out', () => {
  const text = `groups:
  - name: a
    rules:
      - &rule { alert: A, expr: x, labels: { severity: high } }
      - { <<: *rule, alert: B }
      - *rule
`
  const { groups, problems } = readRuleFile(text, 'r.yml')
  expect(problems).toEqual([])
  expect(groups[0]?.rules.map((rule) => rule.kind === 'alerting' && [rule.alert, rule.labels])).toEqual([
    ['A', { severity: 'high' }],
    ['B', { severity: 'high' }],
    ['A', { severity: 'high' }],
  ])
})
