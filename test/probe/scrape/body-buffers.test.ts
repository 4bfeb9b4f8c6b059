import { expect, test } from 'vitest'
import { BodyBuffers } from '../../../src/probe/scrape/body-buffers.ts'

// Compared as true and false: a difference between buffers of megabytes takes a minute to print.

test('hands out the smallest memory that is large enough, and new one when none is', () => {
  const buffers = new BodyBuffers()
  const [small, large] = [buffers.take(100_000), buffers.take(1_000_000)]
  buffers.give(large)
  buffers.give(small)
  expect(buffers.take(500_000) === large).toBe(true)
  buffers.give(large)
  expect(buffers.take(10) === small).toBe(true)
  expect(buffers.take(5_000_000).length).toBeGreaterThanOrEqual(5_000_000)
  expect(buffers.take(10) === large).toBe(true)
})

test('keeps what was written when it grows', () => {
  const buffers = new BodyBuffers()
  const first = buffers.take(10)
  first.write('abc')
  const second = buffers.grow(first, 3, first.length + 1)
  expect(second.length).toBeGreaterThan(first.length)
  expect(second.toString('latin1', 0, 3)).toBe('abc')
  expect(buffers.take(10) === first).toBe(true)
})

test('does not keep very large memory, nor much of it', () => {
  const buffers = new BodyBuffers()
  const huge = buffers.take(40 * 1024 * 1024)
  buffers.give(huge)
  expect(buffers.take(10) === huge).toBe(false)
  const many = Array.from({ length: 6 }, (_, i) => buffers.take(100_000 * (i + 1)))
  for (const one of many) buffers.give(one)
  const again = many.map(() => buffers.take(0))
  expect(many.filter((one) => again.some((other) => other === one))).toHaveLength(4)
})
