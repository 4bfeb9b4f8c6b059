import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SeriesTable, viewOf } from '../../src/wire/series-table.ts'

/** Recognises or takes up each text in order, as a scrape does, and gives their numbers. */
function scrape(table: SeriesTable, texts: readonly string[]): { ids: number[]; predicted: number } {
  const bytes = Buffer.from(texts.map((text) => `${text} 1\n`).join(''))
  const view = viewOf(bytes)
  table.rewind()
  let predicted = 0
  let start = 0
  const ids = texts.map((text) => {
    const end = start + Buffer.byteLength(text)
    let id = table.predict(bytes, view, start)
    if (id !== 0) predicted++
    else id = table.find(bytes, start, end)
    if (id === 0) id = table.add(bytes, start, end)
    expect(table.end).toBe(end)
    start = end + 3
    return id
  })
  return { ids, predicted }
}

test('recognises series that come in the same order without looking them up', () => {
  const table = new SeriesTable()
  const texts = Array.from({ length: 500 }, (_, i) => `requests_total{handler="/${i}",code="200"}`)
  const first = scrape(table, texts)
  expect(new Set(first.ids).size).toBe(500)
  expect(scrape(table, texts)).toEqual({ ids: first.ids, predicted: 500 })
})

test('finds its way back after a series was inserted, left out or moved', () => {
  const table = new SeriesTable()
  const [a, b, c, d] = scrape(table, ['alpha', 'beta', 'gamma', 'delta_long_enough']).ids
  expect(scrape(table, ['alpha', 'new_one', 'beta', 'gamma', 'delta_long_enough']).ids).toEqual(
    [a, b, c, d].toSpliced(1, 0, 5),
  )
  expect(scrape(table, ['delta_long_enough', 'alpha', 'gamma']).ids).toEqual([d, a, c])
})

test('does not take a series for another whose text it begins with', () => {
  const table = new SeriesTable()
  scrape(table, ['up', 'up_total'])
  expect(scrape(table, ['up_total', 'up']).ids).toEqual([2, 1])
})

/** Texts that share long beginnings and ends, as those of one metric do. */
const seriesText = fc
  .tuple(
    fc.constantFrom('http_requests_total', 'up', 'http_request_duration_seconds_bucket'),
    fc.constantFrom('', '/api/v1/orders', '/api/v1/orders/items', '/api/v1/customers/items', '💡'),
    fc.constantFrom('200', '404', '500', 'none', ''),
    fc.constantFrom('', 'host-01.eu-west-1.example.org:9100', 'host-02.eu-west-1.example.org:9100'),
  )
  .map(([name, path, code, instance]) =>
    path === '' ? name : `${name}{path="${path}",code="${code}",instance="${instance}"}`,
  )

test.each([
  ['short words', fc.stringMatching(/^[a-e]{1,12}$/)],
  ['texts that have most in common', seriesText],
  ['both', fc.oneof(seriesText, fc.stringMatching(/^[a-e]{1,30}$/))],
])('gives each text one number whatever the order, and after forgetting some: %s', (_, text) => {
  fc.assert(
    fc.property(fc.array(fc.array(text, { maxLength: 60 }), { maxLength: 6 }), fc.nat(), (rounds, seed) => {
      const table = new SeriesTable()
      const known = new Map<string, number>()
      for (const [round, texts] of rounds.entries()) {
        // Some rounds bring what was there before in its order, with new texts in between.
        const wanted =
          round % 2 === 0
            ? texts
            : [...known.keys()].flatMap((old, i) => (i % 5 === 2 ? [old, ...texts.slice(i, i + 2)] : [old]))
        const { ids } = scrape(table, wanted)
        for (const [i, each] of wanted.entries()) {
          if (!known.has(each)) known.set(each, ids[i] as number)
          expect(ids[i]).toBe(known.get(each))
        }
        expect(new Set(known.values()).size).toBe(known.size)
        if (round === 2) {
          const keeps = (id: number) => (id + seed) % 3 !== 0
          const numbers = table.compact(keeps)
          for (const [each, id] of [...known]) {
            if (keeps(id)) known.set(each, numbers[id] as number)
            else known.delete(each)
          }
          expect(table.size).toBe(known.size)
        }
      }
    }),
    { numRuns: 100 },
  )
})

test('takes no series for the expected one that differs from it in a single letter', () => {
  const table = new SeriesTable()
  const first = 'requests_total{method="GET",handler="/orders",code="200",shard="a"}'
  const second = 'requests_total{method="GET",handler="/logins",code="200",shard="a"}'
  scrape(table, [first, second])
  for (let at = 0; at < second.length; at++) {
    const other = `${second.slice(0, at)}#${second.slice(at + 1)}`
    expect(scrape(table, [first, second])).toEqual({ ids: [1, 2], predicted: 2 })
    expect(scrape(table, [first, other]).ids).toEqual([1, 3 + at])
    // The one that came last is expected the next time.
    scrape(table, [first, second])
  }
})

test('compares with the text of the neighbour, also when another one came before', () => {
  const table = new SeriesTable()
  const [a, b, c] = ['x', 'y', 'y'].map(
    (letter, i) => `requests_total{${letter.repeat(8)}="${i.toString().repeat(8)}",shard="a"}`,
  )
  scrape(table, [a, b, c] as string[])
  expect(scrape(table, [a, c, b] as string[])).toEqual({ ids: [1, 3, 2], predicted: 1 })
  const mixed = (a as string).replace('00000000', '22222222')
  expect(scrape(table, [a, mixed] as string[]).ids).toEqual([1, 4])
})

test('recognises neighbours again after forgetting some of them', () => {
  const table = new SeriesTable()
  const texts = Array.from({ length: 100 }, (_, i) => `requests_total{handler="/${i % 7}",code="200",shard="${i}"}`)
  scrape(table, texts)
  const numbers = table.compact((id) => id % 3 !== 1)
  const left = texts.filter((_, i) => (i + 1) % 3 !== 1)
  expect(scrape(table, left).ids).toEqual([...numbers].filter((id) => id !== 0))
  expect(scrape(table, left).predicted).toBe(left.length)
})

test('keeps of texts that have most in common little more than what they do not', () => {
  const table = new SeriesTable()
  const before = table.byteLength
  const texts = Array.from(
    { length: 4000 },
    (_, i) => `requests_total{code="200",handler="/${i}",instance="host-01.eu-west-1.example.org:9100",method="GET"}`,
  )
  scrape(table, texts)
  expect((table.byteLength - before) / texts.length).toBeLessThan(80)
})
