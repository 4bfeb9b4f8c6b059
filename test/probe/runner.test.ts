import { describe, expect, test } from 'vitest'
import { down, type Finding, up } from '../../src/model/finding.ts'
import { Labels } from '../../src/model/labels.ts'
import { type Job, type Run, Runner } from '../../src/probe/runner.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemorySink } from '../support/memory-sink.ts'

const S = 1000
const H = 3_600_000

type Probe = (context: { readonly signal: AbortSignal; readonly timeoutMs: number }) => Promise<Finding>

function job(name: string, run: Probe = async () => up(), overrides: Partial<Job> = {}): Job {
  const labels = Labels.of({ job: 'probe', check: name })
  return {
    name,
    labels: { probe: labels, foreign: labels },
    everyMs: 30 * S,
    timeoutMs: 5 * S,
    confirm: false,
    identity: name,
    run,
    ...overrides,
  }
}

function bench({ concurrency = 100 } = {}) {
  const clock = new ManualClock()
  const sink = new MemorySink()
  const runs: Run[] = []
  const delays: number[] = []
  const errors: string[] = []
  const runner = new Runner({
    clock,
    sink,
    context: { addressPolicy: 'any', query: () => Promise.resolve([]) },
    concurrency,
    onRun: (run) => void runs.push(run),
    onStartDelay: (delayMs) => void delays.push(delayMs),
    onError: (error, name) => void errors.push(`${name}: ${(error as Error).message}`),
  })
  return { clock, sink, runs, delays, errors, runner, [Symbol.asyncDispose]: () => runner.stop() }
}

/** A probe that goes on until it is told to end, or is let go. */
function held() {
  const releases: (() => void)[] = []
  const signals: AbortSignal[] = []
  const run: Probe = ({ signal }) =>
    new Promise((resolve) => {
      signals.push(signal)
      releases.push(() => resolve(up()))
      signal.addEventListener('abort', () => resolve(down('timeout', 'too slow')), { once: true })
    })
  return { run, signals, releases }
}

describe('jobs', () => {
  test('are looked at soon after the start and then on their own interval, spread over it', async () => {
    await using b = bench()
    await b.runner.update(Array.from({ length: 60 }, (_, i) => job(`check-${i}`)))
    const startMs = b.clock.now()
    await b.clock.advance(2 * S)
    expect(new Set(b.runs.map((run) => run.job.name)).size).toBe(60)
    await b.clock.advance(118 * S)
    const perJob = Map.groupBy(b.runs, (run) => run.job.name)
    for (const runs of perJob.values()) {
      expect(runs.length).toBeGreaterThanOrEqual(4)
      expect(runs.length).toBeLessThanOrEqual(6)
      const starts = runs.slice(1).map(({ startMs: atMs }) => atMs)
      for (const [i, atMs] of starts.slice(1).entries()) expect(atMs - (starts[i] as number)).toBe(30 * S)
    }
    // No second holds more than a small part of them.
    const grid = b.runs.filter((run) => run.startMs - startMs > 60 * S && run.startMs - startMs <= 90 * S)
    const perSecond = Map.groupBy(grid, (run) => Math.floor(run.startMs / S))
    expect(Math.max(...[...perSecond.values()].map((runs) => runs.length))).toBeLessThanOrEqual(12)
  })

  test('leave success, duration and their metrics as series, and end them when they are gone', async () => {
    await using b = bench()
    await b.runner.update([job('shop', async () => up({ metrics: [{ name: 'probe_http_status_code', value: 200 }] }))])
    await b.clock.advance(2 * S)
    expect(b.sink.values('probe_success{check="shop", job="probe"}')).toEqual([1])
    expect(b.sink.values('probe_http_status_code{check="shop", job="probe"}')).toEqual([200])
    await b.runner.update([])
    expect(b.sink.values('probe_success{check="shop", job="probe"}')).toEqual([1, 'stale'])
  })

  test('that take longer than their interval are never looked at twice at once', async () => {
    await using b = bench()
    const { run, releases } = held()
    await b.runner.update([job('slow', run)])
    await b.clock.advance(200 * S)
    void b.runner.now('slow')
    await b.clock.advance(0)
    expect(releases).toHaveLength(1)
    releases[0]?.()
    await b.clock.advance(30 * S)
    expect(releases).toHaveLength(2)
  })

  test('wait for a place in their order, and the wait is measured', async () => {
    await using b = bench({ concurrency: 1 })
    const { run, releases } = held()
    await b.runner.update([job('a', run), job('b', run), job('c', run)])
    await b.clock.advance(2 * S)
    expect(releases).toHaveLength(1)
    await b.clock.advance(3 * S)
    releases[0]?.()
    await b.clock.advance(0)
    expect(releases).toHaveLength(2)
    expect(b.delays[0]).toBe(0)
    expect(b.delays[1]).toBeGreaterThanOrEqual(3 * S)
  })
})

describe('a look', () => {
  test('that is over its time ends with the reason, and the next one comes', async () => {
    await using b = bench()
    const reasons: unknown[] = []
    const run: Probe = ({ signal }) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason)
          resolve(down('timeout', (signal.reason as Error).message))
        })
      })
    await b.runner.update([job('slow', run, { timeoutMs: 20 })])
    await b.clock.advance(2 * S)
    await b.sink.until(() => b.sink.values('probe_success{check="slow", job="probe"}').length > 0)
    expect(reasons).toMatchObject([{ name: 'TimeoutError', message: 'no answer within 0.02 s' }])
    expect(b.sink.values('probe_success{check="slow", job="probe"}')).toEqual([0])
  })

  test('that does not heed its time is given up, and its place is free', async () => {
    await using b = bench({ concurrency: 1 })
    await b.runner.update([job('deaf', () => new Promise(() => {}), { timeoutMs: 10 })])
    await b.clock.advance(2 * S)
    await b.sink.until(() => b.sink.values('probe_success{check="deaf", job="probe"}').length > 0)
    expect(b.runs[0]?.finding).toMatchObject({ outcome: 'down', reason: 'internal' })
  })

  test('that throws is our own fault, shown as such, and ends nothing', async () => {
    await using b = bench()
    await b.runner.update([job('bad', () => Promise.reject(new Error('a bug')))])
    await b.clock.advance(40 * S)
    expect(b.runs.length).toBeGreaterThanOrEqual(2)
    expect(b.runs[0]?.finding).toMatchObject({ reason: 'internal', message: 'the probe itself failed: a bug' })
  })

  test('that finds it worse is confirmed at once by a second one, where that is asked for', async () => {
    await using b = bench()
    const outcomes: Finding[] = [
      up(),
      down('refused', 'a hiccup'),
      up(),
      down('refused', 'really'),
      down('refused', 'really'),
    ]
    let looks = 0
    const run: Probe = async () => {
      looks++
      return outcomes.shift() ?? down('refused', 'still')
    }
    await b.runner.update([job('shop', run, { confirm: true })])
    await b.clock.advance(2 * S)
    await b.clock.advance(90 * S)
    expect(b.runs.map(({ finding }) => finding.outcome)).toEqual(['up', 'up', 'down', 'down'])
    // What stays down is not looked at twice.
    expect(looks).toBe(b.runs.length + 2)
  })

  test('at once, asked for, comes besides the interval', async () => {
    await using b = bench()
    await b.runner.update([job('shop', undefined, { everyMs: H })])
    await b.clock.advance(2 * S)
    expect(b.runs).toHaveLength(1)
    await b.runner.now('shop')
    await b.runner.now('nobody')
    expect(b.runs).toHaveLength(2)
  })
})

describe('a reload', () => {
  test('leaves jobs that are the same alone, even in the middle of a look', async () => {
    await using b = bench()
    const { run, signals, releases } = held()
    await b.runner.update([job('same', run), job('changed', run), job('gone', run)])
    await b.clock.advance(2 * S)
    expect(signals).toHaveLength(3)
    await b.runner.update([job('same', run), job('changed', run, { identity: 'another' })])
    expect(signals.filter((signal) => signal.aborted)).toHaveLength(2)
    releases[0]?.()
    releases[1]?.()
    releases[2]?.()
    await b.clock.advance(0)
    expect(b.runs.map((each) => each.job.name)).toEqual(['same'])
  })

  test('does not wait for jobs that are gone and only waited for a place', async () => {
    await using b = bench({ concurrency: 1 })
    const { run, signals } = held()
    await b.runner.update([job('a', run), job('b', run)])
    await b.clock.advance(2 * S)
    const waiting = signals.length === 1 ? ['a', 'b'].find((name) => name !== 'a') : undefined
    expect(waiting).toBeDefined()
    await b.runner.update([])
    expect(signals).toHaveLength(1)
    expect(signals[0]?.aborted).toBe(true)
    expect(b.runs).toEqual([])
  })
})

test('a stop ends looks under way at once, and nothing more is written', async () => {
  const b = bench()
  const { run, signals } = held()
  await b.runner.update([job('a', run), job('b')])
  await b.clock.advance(2 * S)
  const written = b.sink.batches.length
  await b.runner.stop()
  expect(signals.every((signal) => signal.aborted)).toBe(true)
  await b.clock.advance(H)
  expect(b.sink.batches.length).toBe(written)
  expect(b.clock.sleeping).toBe(0)
  expect(b.errors).toEqual([])
})
