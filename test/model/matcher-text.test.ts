import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMatcher, formatMatcher } from '../../src/model/matcher.ts'
import { MatcherTextError, parseMatchers } from '../../src/model/matcher-text.ts'

function read(text: string): string[] {
  return parseMatchers(text).map(({ name, op, value }) => `${name} ${op} ${value}`)
}

test.each([
  ['severity="critical"', ['severity = critical']],
  ['severity=critical', ['severity = critical']],
  [' a = "b" ', ['a = b']],
  ['{a="b",c!="d", e=~"f|g" ,h!~i}', ['a = b', 'c != d', 'e =~ f|g', 'h !~ i']],
  ['a="b",', ['a = b']],
  ['{a="b"', ['a = b']],
  ['a="b"}', ['a = b']],
  ['a=', ['a = ']],
  ['a=""', ['a = ']],
  ['a==b', ['a = =b']],
  ['a="x,y"', ['a = x,y']],
  ['a="say \\"hi\\", \\n \\\\ \\d"', ['a = say "hi", \n \\ \\d']],
  ['a=~\\d+', ['a =~ \\d+']],
  ['a="b\\\\"', ['a = b\\']],
  ['', []],
  ['{}', []],
  // Only the newer syntax knows these.
  ['"a b"="c"', ['a b = c']],
  ['grüße=welt', ['grüße = welt']],
  ['{"a.b"=~"c"}', ['a.b =~ c']],
  ['{"\\u00fc"="\\t"}', ['ü = \t']],
])('reads %s as Alertmanager does', (text, expected) => {
  expect(read(text)).toEqual(expected)
})

test.each([
  ['severity: critical', /write severity="critical"/],
  ['severity', /is not a matcher; write a name/],
  ['a="b', /quote that is not closed/],
  ['a=b"c', /quote/],
  ['a=b,,c=d', /is not a matcher/],
  ['1a=b c', /is not a matcher/],
  ['="b"', /is not a matcher/],
  ['{"a"="b"', /is not a matcher/],
  ['a=~"("', /is not a regular expression that RE2 accepts/],
  ['a=~"(?=b)"', /RE2/],
])('refuses %s and says what to write', (text, message) => {
  expect(() => parseMatchers(text)).toThrow(MatcherTextError)
  expect(() => parseMatchers(text)).toThrow(message)
})

test('what is printed is read back as it was, whatever the name and the value hold', () => {
  const name = fc.string({ minLength: 1, unit: 'grapheme' })
  const matcher = fc.tuple(name, fc.constantFrom('=' as const, '!=' as const), fc.string({ unit: 'grapheme' }))
  fc.assert(
    fc.property(fc.array(matcher, { maxLength: 4 }), (list) => {
      // The classic syntax has first say, and it does not know a line break in a name.
      fc.pre(list.every(([text]) => !/[\x00-\x1f\x7f-\x9f]/.test(text)))
      const matchers = list.map((parts) => createMatcher(...parts))
      const printed = `{${matchers.map(formatMatcher).join(',')}}`
      const back = parseMatchers(printed).map(({ name, op, value }) => [name, op, value])
      expect(back).toEqual(list)
    }),
  )
})
