import { describe, expect, test } from 'vitest'
import { every } from '../../src/lib/every.ts'
import { ManualClock } from '../support/manual-clock.ts'

const START = Date.UTC(2026, 0, 1)
const S = 1000
const M = 60_000
const H = 3_600_000

/** A loop on a clock that a test moves; what it did in seconds since the start. */
function loop(intervalMs: number, options: { phaseMs?: number; work?: () => Promise<void> } = {}) {
  const clock = new ManualClock(START)
  const stop = new AbortController()
  const runs: { dueS: number; atS: number }[] = []
  const errors: unknown[] = []
  const done = every(
    intervalMs,
    async (dueMs) => {
      runs.push({ dueS: (dueMs - START) / S, atS: (clock.now() - START) / S })
      await options.work?.()
    },
    { clock, signal: stop.signal, phaseMs: options.phaseMs ?? 0, onError: (error) => void errors.push(error) },
  )
  return { clock, stop, runs, errors, done, dues: () => runs.map(({ dueS }) => dueS) }
}

test('runs at every slot of its grid, each once, beginning with the next one', async () => {
  const it = loop(15 * S, { phaseMs: 4 * S })
  await it.clock.advance(50 * S)
  expect(it.runs).toEqual([4, 19, 34, 49].map((second) => ({ dueS: second, atS: second })))
  it.stop.abort()
  await it.done
})

test('never runs twice at once; slots that pass meanwhile are skipped', async () => {
  const it = loop(10 * S, { work: () => it.clock.sleep(25 * S) })
  await it.clock.advance(65 * S)
  expect(it.dues()).toEqual([0, 30, 60])
  it.stop.abort()
})

test('goes on after work that failed, and says so', async () => {
  let count = 0
  const it = loop(10 * S, {
    work: async () => {
      if (count++ === 1) throw new Error('once')
    },
  })
  await it.clock.advance(30 * S)
  expect(it.dues()).toEqual([0, 10, 20, 30])
  expect(it.errors).toEqual([new Error('once')])
  it.stop.abort()
  await it.done
})

test('ends at once when it is told to, in the middle of a wait', async () => {
  const it = loop(H)
  await it.clock.advance(S)
  it.stop.abort()
  await it.done
  expect(it.clock.sleeping).toBe(0)
})

describe('when the clock is put back', () => {
  test('an hour, it goes on from the new time instead of waiting an hour', async () => {
    const it = loop(15 * S)
    await it.clock.advance(31 * S)
    it.clock.jumpTo(it.clock.now() - H)
    const runsBefore = it.runs.length
    await it.clock.advance(M)
    expect(it.runs.length - runsBefore).toBeGreaterThanOrEqual(3)
    expect(it.runs.length - runsBefore).toBeLessThanOrEqual(5)
    for (const { dueS, atS } of it.runs.slice(runsBefore + 1)) expect(dueS).toBe(atS)
    it.stop.abort()
  })

  test('a little right after a slot, it does not run for that slot twice', async () => {
    const it = loop(15 * S)
    await it.clock.advance(15 * S)
    it.clock.jumpTo(it.clock.now() - 200)
    await it.clock.advance(45 * S)
    expect(it.dues()).toEqual([0, 15, 30, 45])
    it.stop.abort()
  })

  test('in a long wait, it notices within a minute', async () => {
    const it = loop(24 * H)
    await it.clock.advance(12 * H)
    it.clock.jumpTo(START + 24 * H - 5 * M)
    await it.clock.advance(6 * M)
    expect(it.dues()).toEqual([0, 86_400])
    it.stop.abort()
  })
})

describe('when the clock is put forward', () => {
  test('an hour, it runs once for what it missed, and then at the slots of the new time', async () => {
    const it = loop(15 * S)
    await it.clock.advance(16 * S)
    it.clock.jumpTo(it.clock.now() + H)
    await it.clock.advance(30 * S)
    expect(it.dues()).toEqual([0, 15, 3630, 3645])
    it.stop.abort()
  })

  test('tells work the slot of the new time, not the one of an hour ago', async () => {
    const it = loop(10 * M)
    await it.clock.advance(S)
    it.clock.jumpTo(START + H + 30 * S)
    await it.clock.advance(2 * M)
    expect(it.dues()).toEqual([0, 3600])
    it.stop.abort()
  })
})

test('a machine that was busy is late, and the slot tells how late', async () => {
  const it = loop(15 * S, {
    work: async () => {
      // Nothing else runs meanwhile: only the monotonic clock and the other one together move on.
      if (it.runs.length === 1) await it.clock.sleep(20 * S)
    },
  })
  await it.clock.advance(45 * S)
  expect(it.dues()).toEqual([0, 30, 45])
  it.stop.abort()
})
