import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDuration, parseDuration } from '../../src/model/duration.ts'

test.each([
  ['0', 0],
  ['0s', 0],
  ['15s', 15_000],
  ['1h30m', 5_400_000],
  ['1d12h', 129_600_000],
  ['1y2w3d4h5m6s7ms', 31_536_000_000 + 1_209_600_000 + 259_200_000 + 14_400_000 + 300_000 + 6007],
])('reads %s', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each(['', '5', '1.5h', '1m1h', '1m1m', '-1s', '1 s', 's', '1H', '99999999999999999y'])('refuses %j', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})

test.each([
  [0, '0s'],
  [7 * 86_400_000, '1w'],
  [30 * 86_400_000, '30d'],
  [28 * 86_400_000, '4w'],
  [90 * 60_000, '1h30m'],
  [365 * 86_400_000, '1y'],
  [366 * 86_400_000, '366d'],
])('prints %i as Prometheus does: %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

test('reads back whatever it prints', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 45 }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms)
    }),
  )
})
