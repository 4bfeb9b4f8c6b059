import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatBoundText, formatFloatText, parseFloatText } from '../../src/wire/float-text.ts'

test.each([
  ['0', 0],
  ['-0', -0],
  ['+5', 5],
  ['.5', 0.5],
  ['5.', 5],
  ['1e3', 1000],
  ['1E+03', 1000],
  ['4.7e-05', 0.000047],
  ['Inf', Infinity],
  ['+Inf', Infinity],
  ['-inf', -Infinity],
  ['Infinity', Infinity],
  ['NaN', Number.NaN],
  ['nan', Number.NaN],
])('reads %s as Go does', (text, value) => {
  expect(parseFloatText(text)).toBe(value)
})

test.each([
  '',
  ' ',
  '1_000',
  '0x1p3',
  '0x10',
  '1e',
  'e5',
  '.',
  '+-1',
  '1e999',
  '-1e999',
  '+NaN',
  'one',
  '1 ',
  'constructor',
])('does not take %j for a number, as Prometheus does not', (text) => {
  expect(parseFloatText(text)).toBeUndefined()
})

test('writes every number so that it reads back the same', () => {
  fc.assert(fc.property(fc.double(), (value) => Object.is(parseFloatText(formatFloatText(value)), value)))
})

test('writes infinities and NaN with the words of the format', () => {
  expect([Infinity, -Infinity, Number.NaN, -0, 1e21].map(formatFloatText)).toEqual([
    '+Inf',
    '-Inf',
    'NaN',
    '-0',
    '1e+21',
  ])
})

test('writes bounds so that they are seen to be floats', () => {
  expect([1, 0, -5, 0.5, 1e21, Infinity].map(formatBoundText)).toEqual(['1.0', '0.0', '-5.0', '0.5', '1e+21', '+Inf'])
})
