import { expect, test } from 'vitest'
import { measureText, worse } from '../../src/model/measure.ts'
import { parse } from '../../src/promql/index.ts'
import { conditionOf } from '../../src/rule/condition.ts'

test.each([
  ['errors > 0.10', '> 0.1'],
  ['(sum by (a) (rate(errors[5m])) / sum by (a) (rate(all[5m])) >= 1e-3)', '>= 0.001'],
  ['0.5 > free', '< 0.5'],
  ['age > 48 * 3600 unless size == 0', '> 172800'],
  ['(a / b > 0.1) and (sum(a) > 2.9)', '> 0.1'],
  ['temperature < -(2 + 3)', '< -5'],
  ['a > on (x) b', undefined],
  ['a > 1 or b > 2', undefined],
  ['a > bool 1', undefined],
  ['(a > 1) * 2', undefined],
  ['absent(up)', undefined],
  ['a and b > 1', undefined],
])('the values of %s are held against %s', (text, expected) => {
  const condition = conditionOf(parse(text))
  expect(condition && `${condition.op} ${condition.bound}`).toBe(expected)
})

test('a value is told with what it is held against, and not where it is the same', () => {
  expect(measureText(0.123456, { op: '>', bound: 0.1 })).toBe('0.1235 (threshold > 0.1)')
  expect(measureText(1_234_567, { op: '>=', bound: 1e6 })).toBe('1234567 (threshold >= 1000000)')
  expect(measureText(Number.NaN, undefined)).toBe('NaN')
  expect(measureText(0, { op: '==', bound: 0 })).toBeUndefined()
})

test('the worst value is the least where the rule wants more, else the greatest', () => {
  const worst = (op: '<' | '>', values: readonly number[]) =>
    values.reduce<number | undefined>((peak, value) => worse(peak, value, { op, bound: 5 }), undefined)
  expect(worst('<', [4, 1, 3])).toBe(1)
  expect(worst('>', [6, 9, 7])).toBe(9)
  expect(worst('>', [Number.NaN, 9, Number.NaN])).toBe(9)
})
