import { expect, test } from 'vitest'
import { every } from '../../src/lib/every.ts'
import { ManualClock } from './manual-clock.ts'

test('wakes sleepers in the order of their times, each at its time', async () => {
  const clock = new ManualClock(1_000_000)
  const woken: string[] = []
  const note = (name: string) => () => woken.push(`${name}@${clock.now()}`)
  const sleeps = [clock.sleep(30).then(note('c')), clock.sleep(10).then(note('a')), clock.sleep(10).then(note('b'))]
  await clock.advance(20)
  expect(woken).toEqual(['a@1000010', 'b@1000010'])
  expect(clock.now()).toBe(1_000_020)
  await clock.advance(10)
  await Promise.all(sleeps)
  expect(woken).toEqual(['a@1000010', 'b@1000010', 'c@1000030'])
})

test('drives a loop through several rounds in one move', async () => {
  const clock = new ManualClock(0)
  const stop = new AbortController()
  const due: number[] = []
  const loop = every(100, (dueMs) => void due.push(dueMs), { clock, signal: stop.signal, onError: () => {} })
  await clock.advance(350)
  expect(due).toEqual([0, 100, 200, 300])
  stop.abort()
  await loop
  expect(clock.sleeping).toBe(0)
})

test('rejects a sleep whose signal is aborted, with its reason', async () => {
  const clock = new ManualClock()
  const stop = new AbortController()
  const sleep = clock.sleep(10, stop.signal)
  stop.abort(new Error('enough'))
  await expect(sleep).rejects.toThrow('enough')
  await expect(clock.sleep(10, stop.signal)).rejects.toThrow('enough')
})
