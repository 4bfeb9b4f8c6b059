import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SeriesTable, viewOf } from '../../src/wire/series-table.ts'

/** Recognises or takes up each text in order, as a scrape does, and gives their numbers. */
function scrape(table: SeriesTable, texts: readonly string[]): { ids: number[]; predicted: number } {
  table.rewind()
  let predicted = 0
  const ids = texts.map((text) => {
    const bytes = Buffer.from(`${text} 1\n`)
    const end = bytes.length - 3
    let id = table.predict(bytes, viewOf(bytes), 0)
    if (id !== 0) predicted++
    else id = table.find(bytes, 0, end)
    return id === 0 ? table.add(bytes, 0, end) : id
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

test('gives each text one number whatever the order, and after forgetting some', () => {
  const word = fc.stringMatching(/^[a-e]{1,12}$/)
  fc.assert(
    fc.property(fc.array(fc.array(word, { maxLength: 40 }), { maxLength: 6 }), (rounds) => {
      const table = new SeriesTable()
      const known = new Map<string, number>()
      for (const [round, texts] of rounds.entries()) {
        const { ids } = scrape(table, texts)
        for (const [i, text] of texts.entries()) {
          if (!known.has(text)) known.set(text, ids[i] as number)
          expect(ids[i]).toBe(known.get(text))
        }
        expect(new Set(known.values()).size).toBe(known.size)
        if (round === 2) {
          const numbers = table.compact((id) => id % 2 === 0)
          for (const [text, id] of [...known]) {
            if (id % 2 === 0) known.set(text, numbers[id] as number)
            else known.delete(text)
          }
          expect(table.size).toBe(known.size)
        }
      }
    }),
    { numRuns: 60 },
  )
})
