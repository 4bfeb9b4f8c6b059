import { expect, test } from 'vitest'
import { BatchBuilder } from '../../src/model/sample.ts'

test('a batch grows as needed, keeps markers where they were, and is a copy once taken', () => {
  const builder = new BatchBuilder(1)
  for (let i = 0; i < 100; i++) {
    if (i % 10 === 3) builder.addStale(i, i * 2)
    else builder.add(i, i * 2, i * 3)
  }
  const batch = builder.take()
  expect(builder.length).toBe(0)
  builder.add(7, 7, 7)
  expect(batch.length).toBe(100)
  expect(batch.refs).toEqual(Uint32Array.from({ length: 100 }, (_, i) => i))
  expect([...batch.timesMs]).toEqual(Array.from({ length: 100 }, (_, i) => i * 2))
  expect([...batch.values]).toEqual(Array.from({ length: 100 }, (_, i) => (i % 10 === 3 ? Number.NaN : i * 3)))
  expect([...(batch.stale ?? [])]).toEqual(Array.from({ length: 100 }, (_, i) => (i % 10 === 3 ? 1 : 0)))
  expect(builder.take().stale).toBeUndefined()
})
