import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Schedule } from '../../src/app/schedule.ts'
import { createLog } from '../../src/telemetry/log.ts'

const START = Date.UTC(2026, 0, 1, 12, 0, 1)
const S = 1000
const H = 3_600_000

beforeEach(() => {
  vi.useFakeTimers({ now: START })
})

afterEach(() => {
  vi.useRealTimers()
})

function bench() {
  const logged: string[] = []
  const schedule = new Schedule(createLog('info', { write: (line) => void logged.push(line) }))
  const dues: number[] = []
  return {
    schedule,
    dues,
    logged,
    work: async (dueMs: number) => void dues.push(Math.round((dueMs - START + S) / S)),
    [Symbol.dispose]: () => schedule.stop(),
  }
}

test('runs work at the moments of its cron line, and tells it which', async () => {
  using b = bench()
  b.schedule.set('evaluation', '*/15 * * * * *', undefined, b.work)
  await vi.advanceTimersByTimeAsync(60 * S)
  expect(b.dues).toEqual([15, 30, 45, 60])
})

test('another task of the same name takes the place of the first', async () => {
  using b = bench()
  b.schedule.set('evaluation', '*/15 * * * * *', undefined, b.work)
  b.schedule.set('evaluation', '0 * * * * *', undefined, b.work)
  await vi.advanceTimersByTimeAsync(60 * S)
  expect(b.dues).toEqual([60])
})

test('goes on after work that failed, and says so', async () => {
  using b = bench()
  b.schedule.set('evaluation', '*/15 * * * * *', undefined, async (dueMs) => {
    await b.work(dueMs)
    throw new Error('not now')
  })
  await vi.advanceTimersByTimeAsync(30 * S)
  expect(b.dues).toEqual([15, 30])
  expect(b.logged.filter((line) => line.includes('not now'))).toHaveLength(2)
})

describe('when the clock is put back an hour', () => {
  test('goes on within seconds instead of waiting an hour', async () => {
    using b = bench()
    b.schedule.set('evaluation', '*/15 * * * * *', undefined, b.work)
    await vi.advanceTimersByTimeAsync(20 * S)
    vi.setSystemTime(Date.now() - H)
    await vi.advanceTimersByTimeAsync(60 * S)
    expect(b.dues[0]).toBe(15)
    expect(b.dues.slice(1)).toEqual([30, 45, 60, 75].map((second) => second - 3600))
    expect(b.logged.filter((line) => line.includes('schedule.clock_set_back'))).toHaveLength(1)
  })
})

test('a stop ends everything', async () => {
  const b = bench()
  b.schedule.set('evaluation', '*/15 * * * * *', undefined, b.work)
  b.schedule.stop()
  await vi.advanceTimersByTimeAsync(H)
  expect(b.dues).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})
