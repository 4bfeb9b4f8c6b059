import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Labels } from '../../src/model/labels.ts'
import { createMatcher } from '../../src/model/matcher.ts'
import { parseMatchers } from '../../src/model/matcher-text.ts'
import { Inhibitor, type InhibitRule } from '../../src/notify/inhibition.ts'
import { fromSent, type NotifyAlert } from '../../src/notify/notify-alert.ts'

const NOW = Date.UTC(2026, 0, 1)

function alert(labels: Record<string, string>, endsAtMs = NOW + 60_000): NotifyAlert {
  const sent = { labels: Labels.of(labels), annotations: {}, startsAtMs: NOW - 60_000, endsAtMs, generatorUrl: '' }
  return fromSent(sent, NOW)
}

function rule(source: string, target: string, equal: readonly string[] = []): InhibitRule {
  return { source: parseMatchers(source), target: parseMatchers(target), equal }
}

/** Which of the alerts are kept from being told, by their `name`, and by whom. */
function inhibited(rules: readonly InhibitRule[], alerts: readonly NotifyAlert[]): Record<string, string> {
  const inhibitor = new Inhibitor(rules, alerts, NOW)
  const kept = alerts.map((one) => [one.labels.get('name'), inhibitor.sourceOf(one)?.labels.get('name')])
  return Object.fromEntries(kept.filter(([, source]) => source !== undefined))
}

const CRITICAL_OVER_WARNING = rule('sev="critical"', 'sev="warning"', ['cluster'])

test('while an alert fires, those of the other side with the same labels are not told', () => {
  const alerts = [
    alert({ name: 'a', sev: 'critical', cluster: 'x' }),
    alert({ name: 'b', sev: 'warning', cluster: 'x' }),
    alert({ name: 'c', sev: 'warning', cluster: 'y' }),
    alert({ name: 'd', sev: 'info', cluster: 'x' }),
  ]
  expect(inhibited([CRITICAL_OVER_WARNING], alerts)).toEqual({ b: 'a' })
})

test('a label that both lack is the same, and one that one of them lacks is not', () => {
  const alerts = [alert({ name: 'a', sev: 'critical' }), alert({ name: 'b', sev: 'warning' })]
  expect(inhibited([CRITICAL_OVER_WARNING], alerts)).toEqual({ b: 'a' })
  const other = [alert({ name: 'a', sev: 'critical' }), alert({ name: 'b', sev: 'warning', cluster: 'x' })]
  expect(inhibited([CRITICAL_OVER_WARNING], other)).toEqual({})
})

test('an alert that is over inhibits nobody, and one that is over is inhibited all the same', () => {
  const over = NOW - 1
  const alerts = [alert({ name: 'a', sev: 'critical' }, over), alert({ name: 'b', sev: 'warning' })]
  expect(inhibited([CRITICAL_OVER_WARNING], alerts)).toEqual({})
  const resolved = [alert({ name: 'a', sev: 'critical' }), alert({ name: 'b', sev: 'warning' }, over)]
  expect(inhibited([CRITICAL_OVER_WARNING], resolved)).toEqual({ b: 'a' })
})

test('nobody inhibits itself, nor its like: on both sides, only an alert of the source side alone counts', () => {
  const both = rule('sev=~"critical|warning"', 'sev=~"warning|info"')
  const alerts = [
    alert({ name: 'w', sev: 'warning' }),
    alert({ name: 'x', sev: 'warning' }),
    alert({ name: 'i', sev: 'info' }),
  ]
  expect(inhibited([both], alerts)).toEqual({ i: 'w' })
  const root = alert({ name: 'c', sev: 'critical' })
  expect(inhibited([both], [...alerts, root])).toEqual({ w: 'c', x: 'c', i: 'w' })
})

test('who is inhibited inhibits others all the same', () => {
  const chain = [rule('name="a"', 'name="b"'), rule('name="b"', 'name="c"')]
  expect(
    inhibited(
      chain,
      ['a', 'b', 'c'].map((name) => alert({ name })),
    ),
  ).toEqual({ b: 'a', c: 'b' })
})

test('without matchers a side takes everything, as in Alertmanager', () => {
  const alerts = [alert({ name: 'a', sev: 'critical' }), alert({ name: 'b' })]
  expect(inhibited([{ source: [createMatcher('sev', '=', 'critical')], target: [], equal: [] }], alerts)).toEqual({
    b: 'a',
  })
})

test('labels whose values join to the same text are not the same', () => {
  const pair = rule('sev="critical"', 'sev="warning"', ['p', 'q'])
  const alerts = [
    alert({ name: 'a', sev: 'critical', p: 'x\xff', q: 'y' }),
    alert({ name: 'b', sev: 'warning', p: 'x', q: '\xffy' }),
  ]
  expect(inhibited([pair], alerts)).toEqual({})
})

test('any rules over any alerts decide as the definition says', () => {
  const value = fc.constantFrom('', '1', '2')
  const labels = fc.record({ p: value, q: value, r: value })
  const side = fc.array(fc.tuple(fc.constantFrom('p', 'q', 'r'), fc.constantFrom('=' as const, '!=' as const), value), {
    maxLength: 2,
  })
  const rules = fc.array(
    fc.record({ source: side, target: side, equal: fc.uniqueArray(fc.constantFrom('p', 'q', 'r'), { maxLength: 2 }) }),
    { maxLength: 3 },
  )
  fc.assert(
    fc.property(rules, fc.array(fc.tuple(labels, fc.boolean()), { maxLength: 8 }), (written, list) => {
      const made = written.map(({ source, target, equal }) => ({
        source: source.map((one) => createMatcher(...one)),
        target: target.map((one) => createMatcher(...one)),
        equal,
      }))
      const alerts = list.map(([one, isOver], i) => alert({ ...one, name: String(i) }, isOver ? NOW : NOW + 1))
      const inhibitor = new Inhibitor(made, alerts, NOW)
      for (const target of alerts) {
        const expected = made.some((one) => alerts.some((source) => inhibits(one, source, target)))
        expect(inhibitor.sourceOf(target) !== undefined).toBe(expected)
      }
    }),
  )
})

function inhibits({ source, target, equal }: InhibitRule, by: NotifyAlert, whom: NotifyAlert): boolean {
  const on = (side: InhibitRule['source'], { labels }: NotifyAlert) =>
    side.every((one) => one.matches(labels.get(one.name)))
  if (by.endsAtMs <= NOW || !on(source, by) || !on(target, whom)) return false
  if (!equal.every((name) => by.labels.get(name) === whom.labels.get(name))) return false
  return !(on(source, whom) && on(target, by))
}
