import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Labels } from '../../../src/model/labels.ts'
import { createMatcher, type Matcher, matchesAll } from '../../../src/model/matcher.ts'
import { SeriesIndex } from '../../../src/store/series/series-index.ts'

const parts = fc.constantFrom('a', 'b', 'ab', 'ba', 'abc', 'a.c', '200', '500', 'a\nb', 'a💡', 'ÿ', 'A')
const labelName = fc.constantFrom('__name__', 'job', 'code', 'zone')
const labelSet = fc
  .dictionary(labelName, fc.oneof(parts, fc.constant('')), { noNullPrototype: true })
  .map((record) => Labels.of(record))
const pattern = fc.oneof(
  fc.array(fc.oneof(parts, fc.constant('')), { minLength: 1, maxLength: 3 }).map((words) => words.join('|')),
  parts.map((prefix) => `${prefix}.*`),
  parts.map((word) => `(?i)${word}`),
  parts.map((word) => `(${word}|b)`),
  fc.constantFrom('', '.*', '.+', 'a.', '(a|b).*', '[25]00', '[^2]+', 'a(?s:.)b', 'a(?-s:.)b', '\\d+', '.*b', '(a+)?'),
)
const matcher = fc.oneof(
  fc
    .tuple(labelName, fc.constantFrom('=' as const, '!=' as const), fc.oneof(parts, fc.constant('')))
    .map(([name, op, value]) => createMatcher(name, op, value)),
  fc
    .tuple(labelName, fc.constantFrom('=~' as const, '!~' as const), pattern)
    .map(([name, op, value]) => createMatcher(name, op, value)),
)

/** What an index is by definition. */
class PlainIndex {
  readonly series = new Map<number, Labels>()

  find(matchers: readonly Matcher[]): number[] {
    return [...this.series].filter(([, labels]) => matchesAll(matchers, labels)).map(([ref]) => ref)
  }
}

const sorted = (texts: readonly string[]) => [...new Set(texts)].sort()

/** That both know the same, whatever is asked. */
function expectSame(index: SeriesIndex, plain: PlainIndex, selectors: readonly (readonly Matcher[])[]): void {
  for (const matchers of selectors) {
    expect([...index.find(matchers)]).toEqual(plain.find(matchers))
    // Asked with the same list again, and with another one that says the same.
    expect([...index.find(matchers)]).toEqual(plain.find(matchers))
    expect([...index.find([...matchers])]).toEqual(plain.find(matchers))
    const labels = plain.find(matchers).map((ref) => plain.series.get(ref) as Labels)
    expect(index.labelNames(index.find(matchers))).toEqual(
      sorted(labels.flatMap((set) => [...set].map(([name]) => name))),
    )
    for (const name of ['job', '__name__', 'none']) {
      const values = labels.map((set) => set.get(name)).filter((value) => value !== '')
      expect(index.labelValues(name, index.find(matchers))).toEqual(sorted(values))
    }
  }
  expect(index.size).toBe(plain.series.size)
  expect([...index.refs()]).toEqual([...plain.series.keys()])
  const values = new Map<string, Set<string>>()
  const counts = new Map<string, number>()
  for (const [ref, labels] of plain.series) {
    expect(index.labelsOf(ref)?.pairs).toEqual(labels.pairs)
    expect(index.refOf(labels)).toBe(ref)
    for (const [name, value] of labels) values.set(name, (values.get(name) ?? new Set()).add(value))
    counts.set(labels.name, (counts.get(labels.name) ?? 0) + 1)
  }
  expect(index.labelNames()).toEqual([...values.keys()].sort())
  for (const [name, all] of values) expect(index.labelValues(name)).toEqual([...all].sort())
  for (const [name, count] of counts) if (name !== '') expect(index.countOf(name)).toBe(count)
}

const change = fc.oneof(
  { weight: 3, arbitrary: fc.record({ add: labelSet, skip: fc.nat({ max: 300 }) }) },
  { weight: 1, arbitrary: fc.record({ remove: fc.nat() }) },
)
const selector = fc.array(matcher, { maxLength: 4 })

test('finds what comparing every label set would find, however series come and go', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(change, { maxLength: 40 }), { minLength: 1, maxLength: 4 }),
      fc.array(selector, { minLength: 1, maxLength: 8 }),
      (steps, selectors) => {
        const index = new SeriesIndex()
        const plain = new PlainIndex()
        let last = 0
        for (const changes of steps) {
          for (const next of changes) {
            if ('add' in next) {
              if (index.refOf(next.add) !== undefined) continue
              last += 1 + next.skip
              index.add(last, next.add)
              plain.series.set(last, next.add)
            } else if (plain.series.size > 0) {
              const ref = [...plain.series.keys()][next.remove % plain.series.size] as number
              index.remove(ref)
              plain.series.delete(ref)
            }
          }
          expectSame(index, plain, selectors)
        }
      },
    ),
    { numRuns: 200 },
  )
})

/** `count` series of few metrics and instances, of which one label is different for each, one for every third. */
function many(count: number): Labels[] {
  return Array.from({ length: count }, (_, i) =>
    Labels.of({
      __name__: `m${i % 3}`,
      instance: `host-${i % 7}.example.org`,
      pod: `pod-${i % (count / 3)}`,
      id: `${i}`,
      ...(i % 2 === 0 ? { zone: `z${i % 5}` } : {}),
    }),
  )
}

const SELECTORS: readonly (readonly Matcher[])[] = [
  [],
  [createMatcher('__name__', '=', 'm1')],
  [createMatcher('__name__', '=', 'm1'), createMatcher('instance', '=', 'host-3.example.org')],
  [
    createMatcher('zone', '=', 'z2'),
    createMatcher('__name__', '=', 'm1'),
    createMatcher('instance', '=', 'host-3.example.org'),
    createMatcher('id', '!=', '87'),
  ],
  [
    createMatcher('__name__', '=', 'm0'),
    ...Array.from({ length: 70 }, (_, i) => createMatcher('id', '!=', `${i * 3}`)),
  ],
  [createMatcher('pod', '=', 'pod-17')],
  [createMatcher('id', '=~', '1.'), createMatcher('__name__', '=', 'm1')],
  [createMatcher('id', '=~', '1\\d+'), createMatcher('zone', '=', '')],
  [createMatcher('zone', '=~', 'z[13]|z4'), createMatcher('id', '!~', '.*7')],
  [createMatcher('instance', '=~', 'host-[0-2].+'), createMatcher('pod', '=~', 'pod-(1|2|3).?')],
  [createMatcher('id', '!=', '4')],
  [createMatcher('none', '!=', '')],
  [createMatcher('none', '=~', '.*'), createMatcher('none', '!~', 'x'), createMatcher('__name__', '!~', 'm[01]')],
]

test('lists grow and shrink through every size without losing a number', () => {
  const index = new SeriesIndex()
  const plain = new PlainIndex()
  const sets = many(3000)
  for (const [i, labels] of sets.entries()) {
    index.add(i * 3 + 1, labels)
    plain.series.set(i * 3 + 1, labels)
  }
  expectSame(index, plain, SELECTORS)
  // First every second, then nearly all of what is left, asking in between.
  for (const keeps of [(i: number) => i % 2 === 0, (i: number) => i % 50 === 0, () => false]) {
    for (const [i] of sets.entries()) {
      if (keeps(i)) continue
      index.remove(i * 3 + 1)
      plain.series.delete(i * 3 + 1)
    }
    expectSame(index, plain, SELECTORS)
  }
  expect(index.labelNames()).toEqual([])
  for (const [i, labels] of sets.entries()) {
    index.add(10_000 + i, labels)
    plain.series.set(10_000 + i, labels)
  }
  expectSame(index, plain, SELECTORS)
})

describe('forgetting', () => {
  test('leaves alone what has been found before', () => {
    const index = new SeriesIndex()
    for (const [i, labels] of many(300).entries()) index.add(i + 1, labels)
    const all = [createMatcher('__name__', '=', 'm0')]
    const found = index.find(all)
    const before = [...found]
    for (const ref of before.slice(0, 50)) index.remove(ref)
    for (const [i, labels] of many(50).entries()) index.add(i + 1000, labels.with('again', 'yes'))
    expect([...found]).toEqual(before)
    expect(index.find(all)).not.toBe(found)
    expect(index.labelsOf(before[0] as number)).toBeUndefined()
  })

  test('takes a name and a value away with the last series that has them', () => {
    const index = new SeriesIndex()
    index.add(1, Labels.of({ __name__: 'm', job: 'a', zone: 'x' }))
    index.add(2, Labels.of({ __name__: 'm', job: 'b' }))
    index.remove(1)
    index.remove(1)
    index.remove(77)
    expect(index.labelNames()).toEqual(['__name__', 'job'])
    expect(index.labelValues('job')).toEqual(['b'])
    expect(index.refOf(Labels.of({ __name__: 'm', job: 'a', zone: 'x' }))).toBeUndefined()
    index.remove(2)
    expect([index.size, index.countOf('m'), index.labelNames()]).toEqual([0, 0, []])
  })

  test('gives its memory to the series that come', () => {
    const index = new SeriesIndex()
    let ref = 0
    const round = (n: number) => {
      const from = ref + 1
      for (const labels of many(2000)) index.add(++ref, labels.with('round', `${n}`))
      for (let gone = from; gone <= ref; gone++) index.remove(gone)
    }
    round(0)
    const { byteLength } = index
    for (let n = 1; n <= 10; n++) round(n)
    // Where a number's page is, is kept for all numbers that ever were: four bytes for each 256 of them.
    expect(index.byteLength).toBeLessThan(byteLength + ref / 32)
  })
})

describe('asking again with the same list of matchers', () => {
  const metric = [createMatcher('__name__', '=', 'm'), createMatcher('job', '=', 'a')]
  const every = [createMatcher('job', '=', 'a')]

  test('gives the same answer until a series comes or goes that it could depend on', () => {
    const index = new SeriesIndex()
    index.add(1, Labels.of({ __name__: 'm', job: 'a' }))
    const [ofMetric, ofEvery] = [index.find(metric), index.find(every)]
    expect([index.find(metric), index.find(every)]).toEqual([ofMetric, ofEvery])
    expect(index.find(metric)).toBe(ofMetric)
    index.add(2, Labels.of({ __name__: 'other', job: 'a' }))
    expect(index.find(metric)).toBe(ofMetric)
    expect([...index.find(every)]).toEqual([1, 2])
    index.add(3, Labels.of({ __name__: 'm', job: 'a', zone: 'x' }))
    expect([...index.find(metric)]).toEqual([1, 3])
    index.remove(1)
    expect([...index.find(metric)]).toEqual([3])
  })

  test('notices that a metric has come, gone and come back', () => {
    const index = new SeriesIndex()
    const labels = Labels.of({ __name__: 'm', job: 'a' })
    const answers: number[][] = [[...index.find(metric)]]
    for (const ref of [1, 2]) {
      index.add(ref, labels)
      answers.push([...index.find(metric)])
      index.remove(ref)
      answers.push([...index.find(metric)])
    }
    expect(answers).toEqual([[], [1], [], [2], []])
  })
})

test('labels asked for again soon are the same object', () => {
  const index = new SeriesIndex()
  for (const [i, labels] of many(60).entries()) index.add(i + 1, labels)
  const first = index.labelsOf(7)
  for (let ref = 1; ref <= 60; ref++) index.labelsOf(ref)
  expect(index.labelsOf(7)).toBe(first)
  expect(index.labelsOf(61)).toBeUndefined()
})

test('labels that were not asked for in a long time are forgotten and made anew', () => {
  const index = new SeriesIndex()
  const count = 40_000
  for (let ref = 1; ref <= count; ref++) index.add(ref, Labels.of({ __name__: 'm', id: `${ref}` }))
  const first = index.labelsOf(1)
  for (let ref = 1; ref <= count; ref++) index.labelsOf(ref)
  expect(index.labelsOf(1)).not.toBe(first)
  expect(index.labelsOf(1)).toEqual(first)
})

test('numbers that do not go up are refused, since lists would lose their order', () => {
  const index = new SeriesIndex()
  index.add(5, Labels.of({ a: '1' }))
  for (const ref of [5, 4, 0, Number.NaN]) {
    expect(() => index.add(ref, Labels.of({ a: '2' }))).toThrow(RangeError)
  }
  expect(index.labelValues('a')).toEqual(['1'])
})

describe('loading what is stored', () => {
  const block = (series: readonly (readonly [number, Labels])[]) => ({
    refs: series.map(([ref]) => ref),
    sets: Buffer.from(series.map(([, { pairs }]) => JSON.stringify(pairs)).join('')),
  })

  test('takes up the same series as adding them one by one, whatever letters their labels hold', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', '"', '\\', ',', ']', '[', '\n', 'ü', '💡', '\u0001'),
      maxLength: 6,
    })
    const anySet = fc
      .array(fc.tuple(fc.oneof(labelName, text), fc.oneof(parts, text)), { maxLength: 40 })
      .map((pairs) => Labels.of(pairs))
    fc.assert(
      fc.property(
        fc.array(fc.oneof(labelSet, anySet), { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (sets, size) => {
          const unique = [...new Map(sets.map((labels) => [labels.key, labels])).values()]
          const series = unique.map((labels, i) => [i * 2 + 1, labels] as const)
          const index = new SeriesIndex()
          const blocks = []
          for (let i = 0; i < series.length; i += size) blocks.push(block(series.slice(i, i + size)))
          index.load(blocks)
          const plain = new PlainIndex()
          for (const [ref, labels] of series) plain.series.set(ref, labels)
          expectSame(index, plain, [[], [createMatcher('job', '=', 'a')], [createMatcher('code', '!=', '')]])
        },
      ),
    )
  })

  test.each([
    ['', 'nothing'],
    ['["a"]', 'a name without a value'],
    ['["a",1]', 'a number'],
    ['["a","b"', 'an end before the end'],
    ['["a","b', 'a text without an end'],
    ['["a","b" ,"c","d"]', 'blanks'],
    ['["a","b",]', 'a comma too many'],
  ])('%s, %s, is not taken for labels', (text) => {
    const index = new SeriesIndex()
    expect(() => index.load([{ refs: [1], sets: Buffer.from(text) }])).toThrow(/not the labels of a series/)
    expect(index.size).toBe(0)
  })
})
