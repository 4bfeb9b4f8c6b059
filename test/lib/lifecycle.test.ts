import { expect, test } from 'vitest'
import { Lifecycle } from '../../src/lib/lifecycle.ts'
import { ManualClock } from '../support/manual-clock.ts'

test('stops the last first, each when the one before is done, and tells how long it took', async () => {
  const clock = new ManualClock()
  const lifecycle = new Lifecycle(clock)
  const order: string[] = []
  for (const name of ['store', 'checks', 'server']) {
    lifecycle.onStop(name, async () => {
      order.push(`${name} begins`)
      await clock.sleep(100)
      order.push(`${name} ends`)
    })
  }
  const stopping = lifecycle.stop(10_000)
  await clock.advance(1000)
  expect(await stopping).toEqual(['server', 'checks', 'store'].map((name) => ({ name, tookMs: 100 })))
  expect(order).toEqual(['server', 'checks', 'store'].flatMap((name) => [`${name} begins`, `${name} ends`]))
  expect(await lifecycle.stop(10_000)).toEqual(await stopping)
})

test('one that fails is reported, and the others stop all the same', async () => {
  const lifecycle = new Lifecycle(new ManualClock())
  const stopped: string[] = []
  lifecycle.onStop('first', () => void stopped.push('first'))
  lifecycle.onStop('rejects', () => Promise.reject(new Error('later')))
  lifecycle.onStop('throws', () => {
    throw new Error('at once')
  })
  const reports = await lifecycle.stop(1000)
  expect(reports.map(({ name, error }) => [name, (error as Error | undefined)?.message])).toEqual([
    ['throws', 'at once'],
    ['rejects', 'later'],
    ['first', undefined],
  ])
  expect(stopped).toEqual(['first'])
})

test('those that hang leave time for the others, and all is over at the deadline', async () => {
  const clock = new ManualClock()
  const lifecycle = new Lifecycle(clock)
  let isClosed = false
  lifecycle.onStop('store', async () => {
    await clock.sleep(1000)
    isClosed = true
  })
  lifecycle.onStop('hangs too', () => new Promise<void>(() => {}))
  lifecycle.onStop('hangs', () => new Promise<void>(() => {}))
  const beganMs = clock.monotonicMs()
  const stopping = lifecycle.stop(8000)
  await clock.advance(8000)
  expect(await stopping).toEqual([
    { name: 'hangs', tookMs: 4000, error: 'timeout' },
    { name: 'hangs too', tookMs: 2000, error: 'timeout' },
    { name: 'store', tookMs: 1000 },
  ])
  expect(isClosed).toBe(true)
  expect(clock.monotonicMs() - beganMs).toBe(8000)
})
