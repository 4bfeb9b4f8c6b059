import { expect, test } from 'vitest'
import { Semaphore } from '../../src/lib/semaphore.ts'

function gate() {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { open, opened }
}

test('lets no more in than it has places, and the waiting ones in their order', async () => {
  const places = new Semaphore(2)
  const gates = Array.from({ length: 5 }, gate)
  const begun: number[] = []
  const all = gates.map(({ opened }, i) =>
    places.run(async () => {
      begun.push(i)
      await opened
    }),
  )
  await Promise.resolve()
  expect(begun).toEqual([0, 1])
  gates[1]?.open()
  await all[1]
  await Promise.resolve()
  expect(begun).toEqual([0, 1, 2])
  for (const { open } of gates) open()
  await Promise.all(all)
  expect(begun).toEqual([0, 1, 2, 3, 4])
})

test('gives the place back when work fails', async () => {
  const places = new Semaphore(1)
  await expect(places.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await places.run(async () => 'yes')).toBe('yes')
})

test('who is told to stop waiting leaves the queue, and costs nobody a place', async () => {
  const places = new Semaphore(1)
  const first = gate()
  const running = places.run(() => first.opened)
  const stop = new AbortController()
  const waiting = places.run(async () => 'never', stop.signal)
  const behind = places.run(async () => 'now')
  stop.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  await expect(places.run(async () => 'never', stop.signal)).rejects.toThrow('enough')
  first.open()
  expect(await behind).toBe('now')
  await running
  expect(await places.run(async () => 'free')).toBe('free')
})
