import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Labels } from '../../src/model/labels.ts'
import { createMatcher, formatMatcher, matchesAll } from '../../src/model/matcher.ts'
import { compileAnchoredRegex, RegexError } from '../../src/model/regex.ts'

test('an absent label is an empty one, for every operator', () => {
  const labels = Labels.of({ a: '1' })
  const holds = (op: '=' | '!=' | '=~' | '!~', value: string) => matchesAll([createMatcher('b', op, value)], labels)
  expect([holds('=', ''), holds('!=', ''), holds('=~', ''), holds('!~', '')]).toEqual([true, false, true, false])
  expect([holds('=~', '.*'), holds('=~', '.+'), holds('!~', '.+')]).toEqual([true, false, true])
})

test('takes short cuts that answer as the whole pattern would', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '|', '-', '.', '+', '*', '\n', ' ', ':'), maxLength: 6 })
  fc.assert(
    fc.property(text, text, (pattern, value) => {
      let expected: boolean
      try {
        expected = compileAnchoredRegex(pattern).test(value)
      } catch {
        expect(() => createMatcher('a', '=~', pattern)).toThrow(RegexError)
        return
      }
      expect(createMatcher('a', '=~', pattern).matches(value)).toBe(expected)
      expect(createMatcher('a', '!~', pattern).matches(value)).toBe(!expected)
    }),
    { numRuns: 500 },
  )
})

test('prints as Prometheus does', () => {
  expect(formatMatcher(createMatcher('a', '!~', 'x"\\\\d\n'))).toBe('a!~"x\\"\\\\\\\\d\\n"')
})
