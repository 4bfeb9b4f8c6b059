import { expect, test } from 'vitest'
import { HeadSeries } from '../../../src/store/series/head.ts'

function contents(head: HeadSeries, startMs = Number.NEGATIVE_INFINITY, endMs = Number.POSITIVE_INFINITY) {
  const { length, timesMs, values, stale } = head.samples(startMs, endMs)
  return Array.from({ length }, (_, i) => [timesMs[i], stale?.[i] === 1 ? 'stale' : values[i]])
}

test('puts late samples into their place, however many and however late', () => {
  const head = new HeadSeries()
  for (const timeMs of [50, 10, 40, 20, 30, 90, 80, 70, 60, 100, 5]) {
    expect(head.add(timeMs, timeMs, timeMs === 40)).toBeUndefined()
  }
  expect(contents(head)).toEqual(
    [5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100].map((timeMs) => [timeMs, timeMs === 40 ? 'stale' : timeMs]),
  )
})

test('takes the same sample again without a word and refuses another value at the same time', () => {
  const head = new HeadSeries()
  head.add(10, 1, false)
  head.add(20, Number.NaN, true)
  expect(head.add(10, 1, false)).toBeUndefined()
  expect(head.add(20, Number.NaN, true)).toBeUndefined()
  expect(head.add(10, 2, false)).toBe('duplicate-timestamp')
  expect(head.add(10, Number.NaN, true)).toBe('duplicate-timestamp')
  expect(head.add(20, Number.NaN, false)).toBe('duplicate-timestamp')
  expect(head.length).toBe(2)
})

test('cuts open on the left and closed on the right', () => {
  const head = new HeadSeries()
  for (const timeMs of [10, 20, 30]) head.add(timeMs, timeMs, false)
  expect(contents(head, 10, 30)).toEqual([
    [20, 20],
    [30, 30],
  ])
  expect(contents(head, 30, 40)).toEqual([])
  expect(contents(head, 9, 10)).toEqual([[10, 10]])
})

test('once closed, takes nothing before the cut, and keeps what came after it', () => {
  const head = new HeadSeries()
  for (let timeMs = 10; timeMs <= 200; timeMs += 10) head.add(timeMs, timeMs, timeMs === 190)
  head.dropTo(185)
  expect(contents(head)).toEqual([
    [190, 'stale'],
    [200, 200],
  ])
  expect(head.add(185, 1, false)).toBe('too-old')
  expect(head.add(186, 1, false)).toBeUndefined()
  expect(contents(head)[0]).toEqual([186, 1])
})
