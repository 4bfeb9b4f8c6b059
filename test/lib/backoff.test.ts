import { expect, test } from 'vitest'
import { backoffMs } from '../../src/lib/backoff.ts'

const plan = { firstMs: 1000, factor: 2, maxMs: 60_000, jitterShare: 0.2 }

test('grows by its factor up to the most, and stays there', () => {
  const waits = [1, 2, 3, 6, 7, 1000].map((attempt) => backoffMs(attempt, plan, () => 0.5))
  expect(waits).toEqual([1000, 2000, 4000, 32_000, 60_000, 60_000])
})

test('scatters around its curve and never above the most', () => {
  expect(backoffMs(1, plan, () => 0)).toBe(800)
  expect(backoffMs(1, plan, () => 0.999_999)).toBeCloseTo(1200, 0)
  expect(backoffMs(20, plan, () => 0.999_999)).toBe(60_000)
})
