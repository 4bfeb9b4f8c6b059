import { describe, expect, test } from 'vitest'
import { formatMatcher, type Matcher } from '../../src/model/matcher.ts'
import { type Expr, PromqlError, parse, prettyPrint, print } from '../../src/promql/index.ts'
import { QueryGenerator } from './query-generator.ts'
import { QueryMutator } from './query-mutator.ts'

/** What an expression means: without places in the text, and without `ignoring ()`, which says nothing. */
function meaning(expr: Expr): unknown {
  return JSON.parse(
    JSON.stringify(expr, (key, value: unknown) => {
      if (key === 'span' || key === 'operatorSpan' || key === 'explicit') return undefined
      // Printed in the order of their text.
      if (key === 'matchers') return (value as readonly Matcher[]).map(formatMatcher).sort()
      if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
      return Object.is(value, -0) ? '-0' : value
    }),
  )
}

function parsed(text: string): Expr | undefined {
  try {
    return parse(text)
  } catch (error) {
    if (error instanceof PromqlError) return undefined
    throw error
  }
}

describe('a printed query', () => {
  test('means what the written one meant, and is printed as it is', () => {
    const generator = new QueryGenerator(7)
    const mutator = new QueryMutator(7)
    let compared = 0
    for (let i = 0; i < 6000; i++) {
      const { text } = generator.next()
      const written = i % 3 === 0 ? text : mutator.mutate(text)
      const expr = parsed(written)
      if (expr === undefined) continue
      const printed = print(expr)
      expect({ written, meaning: meaning(parse(printed)) }).toEqual({ written, meaning: meaning(expr) })
      expect(print(parse(printed))).toBe(printed)
      compared++
    }
    expect(compared).toBeGreaterThan(2500)
  })

  test.each([
    '-1 ^ 2',
    '(-1) ^ 2',
    '-a ^ -b',
    '- -1h30m',
    'a offset -1y1ms',
    '2 ^ -3 ^ -1',
    'a > 5m + 1e-9 - -0',
    '{"a b", "c d"!="e\\"f\\\\g\\n"}',
    '{__name__=~"a.+", __name__!="b"}',
    'a{b="\\xff\\u00e9\\U0001F600"}',
    'sum by ("x y", bool, "ü") (a) / on ("x y") group_left ("ü", c) b',
    'a + on () b',
    'a and ignoring () b or on () c',
    'a < bool on () group_left () 2',
    'a[1w1d1h1m1s1ms:1y] @ -0.001 offset -1ms',
    'sum(topk(2, count_values without () ("v", a @ end())))',
    'label_replace((a), ("b"), "$1", `c\\d`, (("(.*)")))',
  ])('%s survives', (text) => {
    const expr = parse(text)
    expect(meaning(parse(print(expr)))).toEqual(meaning(expr))
  })
})

describe('a query that is too long for one line', () => {
  const long = (name: string) => `${name}_with_a_name_that_is_nearly_half_a_line_long{job="a",zone="b"}`

  test('is printed over several, each part that is too long again', () => {
    const text = `-quantile by (job) (0.9, rate(${long('x')}[5m]) > bool on (job) group_left () (max_over_time((${long('y')} + ${long('z')})[1h:5m] offset 1w)))`
    const printed = prettyPrint(parse(text))
    expect(printed).toBe(`-quantile by (job) (
  0.9,
    rate(${long('x')}[5m])
  > bool on (job) group_left ()
    (
      max_over_time(
        (
            ${long('y')}
          +
            ${long('z')}
        )[1h:5m] offset 1w
      )
    )
)`)
    expect(print(parse(printed))).toBe(text)
  })

  test('counts bytes, and leaves what is short as it is', () => {
    const name = (length: number) => `{"${'é'.repeat(length)}"}`
    expect(prettyPrint(parse(`sum(${name(38)})`))).toBe(`sum({__name__="${'é'.repeat(38)}"})`)
    expect(prettyPrint(parse(`sum(${name(50)})`))).toBe(`sum(\n  {__name__="${'é'.repeat(50)}"}\n)`)
  })
})
