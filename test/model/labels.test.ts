import { expect, test } from 'vitest'
import { Labels } from '../../src/model/labels.ts'

test('keys of different label sets differ, whatever letters their values hold', () => {
  const sets = [
    Labels.of({ a: '1', b: '2' }),
    Labels.of({ a: '1\xffb\xff2' }),
    Labels.of({ a: '1', b: '2\xff' }),
    Labels.of({ 'a\xff1': '2' }),
    Labels.of({ '["a","1","b","2"]': 'x' }),
  ]
  expect(new Set(sets.map(({ key }) => key)).size).toBe(sets.length)
})

test('keys of equal label sets are equal', () => {
  expect(Labels.of({ b: 'ÿ', a: '1' }).key).toBe(
    Labels.of([
      ['a', '1'],
      ['b', 'ÿ'],
    ]).key,
  )
})
