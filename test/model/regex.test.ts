import { expect, test } from 'vitest'
import { compileAnchoredRegex, compileRegex, RegexError } from '../../src/model/regex.ts'

const spans = (pattern: string, text: string) =>
  Array.from(compileRegex(pattern).matches(text), ({ start, end, groups }) => [start, end, ...groups.slice(1)])

test('finds every match with its groups, counted as JavaScript counts characters', () => {
  expect(spans('(b+)(c)?', 'äbb😀bc')).toEqual([
    [1, 3, 'bb', ''],
    [5, 7, 'b', 'c'],
  ])
})

test('does not count an empty match right behind another', () => {
  expect(spans('x*', 'axxb')).toEqual([
    [0, 0],
    [1, 3],
    [4, 4],
  ])
})

test('knows the numbers of named groups', () => {
  expect([...compileRegex('(a)(?P<name>b)').groupNumbers]).toEqual([['name', 2]])
})

test('anchors on both ends and lets the dot match line breaks where Prometheus does', () => {
  expect(compileAnchoredRegex('a|b').test('ab')).toBe(false)
  expect(compileAnchoredRegex('a.b').test('a\nb')).toBe(true)
  expect(compileRegex('a.b').test('a\nb')).toBe(false)
  expect(compileAnchoredRegex('(a)b').exec('ab')).toEqual(['ab', 'a'])
})

test.each(['(', '(?=a)', 'a)(b', '\\1'])('refuses %s', (pattern) => {
  expect(() => compileRegex(pattern)).toThrow(RegexError)
  expect(() => compileAnchoredRegex(pattern)).toThrow(RegexError)
})
