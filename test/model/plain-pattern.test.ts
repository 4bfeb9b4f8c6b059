import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readPlainPattern } from '../../src/model/plain-pattern.ts'
import { compileAnchoredRegex } from '../../src/model/regex.ts'

const letter = fc.constantFrom('a', 'b', 'c', '0', '/', ' ', '\n', '-', 'é')
const written = fc.letrec<{ pattern: string; sequence: string; item: string }>((tie) => ({
  pattern: fc.array(tie('sequence'), { minLength: 1, maxLength: 3 }).map((all) => all.join('|')),
  sequence: fc.array(tie('item'), { maxLength: 4 }).map((items) => items.join('')),
  item: fc.oneof(
    { depthSize: 'small' },
    letter,
    fc.constantFrom(
      '.',
      '.*',
      '.+',
      '.?',
      'a?',
      '\\.',
      '\\-',
      '[ab]',
      '[a-c0]',
      '[0-9]?',
      '^',
      '$',
      '[^a]',
      'a*',
      'b+',
    ),
    fc.constantFrom(
      '(?i:A)',
      '\\d',
      '\\',
      ']',
      '{',
      '}',
      'a{2}',
      '.*?',
      '??',
      '(',
      ')',
      '[b-a]',
      '[]',
      '*',
      '[[:alpha:]]',
    ),
    tie('pattern').map((inner) => `(${inner})`),
    tie('pattern').map((inner) => `(?:${inner})?`),
  ),
})).pattern
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '0', '/', '.', '-', '\n', 'é', '💡', 'A'), maxLength: 7 })

test('judges every text as the regex engine does, and no pattern that the engine refuses', () => {
  let understood = 0
  fc.assert(
    fc.property(written, fc.array(text, { minLength: 1, maxLength: 20 }), (pattern, texts) => {
      const plain = readPlainPattern(pattern)
      if (plain === undefined) return
      understood++
      const regex = compileAnchoredRegex(pattern)
      for (const each of [...texts, ...(plain.words ?? []), pattern]) {
        const judged = plain.test(each)
        if (judged !== undefined) expect([pattern, each, judged]).toEqual([pattern, each, regex.test(each)])
        if (plain.words !== undefined) expect(plain.words.includes(each)).toBe(judged)
      }
    }),
    { numRuns: 1000 },
  )
  expect(understood).toBeGreaterThan(100)
})

test('counts out what a pattern of words can be', () => {
  const words = (pattern: string) => readPlainPattern(pattern)?.words
  expect(words('GET|POST')).toEqual(['GET', 'POST'])
  expect(words('^(GET|POST)$')).toEqual(['GET', 'POST'])
  expect(words('http_(request|error)s?_total')).toEqual([
    'http_requests_total',
    'http_request_total',
    'http_errors_total',
    'http_error_total',
  ])
  expect(words('a\\.b|')).toEqual(['a.b', ''])
  expect(words('a.b')).toBeUndefined()
})

test.each([
  ['/api/.*/items', ['/api/v1/items', '/api//items'], ['/api/items', '/api/v1/items/2', 'x/api/v1/items']],
  ['host-0[1-3].*', ['host-01', 'host-02.example.org:9100'], ['host-04', 'host-0']],
  ['[45]..', ['404', '5xx'], ['40', '4040', '200']],
  ['.+\\.example\\.org', ['a.example.org'], ['.example.org', 'a.example.orgs']],
  ['(a|b).*(c|d)', ['ac', 'b-d'], ['a', 'c', 'cd']],
  ['a.*ab.*b', ['aabb', 'a-ab-b'], ['aab', 'abb']],
])('understands %s', (pattern, matching, others) => {
  const plain = readPlainPattern(pattern)
  expect(matching.map((text) => plain?.test(text))).toEqual(matching.map(() => true))
  expect(others.map((text) => plain?.test(text))).toEqual(others.map(() => false))
})

test('leaves to the engine what it can not tell: flags, repetitions, classes, and characters of two code units', () => {
  for (const pattern of [
    '(?i)a',
    'a+',
    '[^a]',
    '\\d',
    '(a|b)+',
    '(?P<x>a)',
    'a{2}',
    'a.*?',
    '((((((((((((a))))))))))))',
  ]) {
    expect(readPlainPattern(pattern)).toBeUndefined()
  }
  expect(readPlainPattern('a.')?.test('a💡')).toBeUndefined()
  expect(readPlainPattern('a.*')?.test('a💡')).toBe(true)
})

test('a pattern that comes down to thousands of words is one for the engine', () => {
  expect(readPlainPattern('(a|b|c|d)'.repeat(7))).toBeUndefined()
  expect(readPlainPattern('(a|b|c|d)'.repeat(6))?.words).toHaveLength(4096)
})
