import { describe, expect, test } from 'vitest'
import { judgeHeartbeat, nextAfter, type Watched } from '../../src/ingest/heartbeat.ts'
import { NO_PINGS, remember, runDurationMs } from '../../src/ingest/ping-memory.ts'
import type { Heartbeat, PingKind } from '../../src/model/heartbeat.ts'

const at = (text: string) => Date.parse(text)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOON = at('2026-03-01T12:00:00Z')

const hourly: Heartbeat = {
  schedule: { type: 'period', periodMs: HOUR },
  graceMs: 10 * MINUTE,
  maxRuntimeMs: undefined,
}
const always: Watched = { sinceMs: NOON, absence: undefined }

interface Said {
  readonly kind?: PingKind
  readonly runId?: string
  readonly exitCode?: number
  readonly body?: string
}

/** What is remembered of pings at minutes after noon. */
function pings(...said: readonly (readonly [minute: number, said?: Said | PingKind])[]) {
  return said.reduce((memory, [minute, what = 'success']) => {
    const { kind = 'success', runId, exitCode, body } = typeof what === 'string' ? { kind: what } : what
    return remember(memory, { atMs: NOON + minute * MINUTE, kind, runId, exitCode, body })
  }, NO_PINGS)
}

const judgeAt = (minute: number, memory = NO_PINGS, heartbeat = hourly, watched = always) =>
  judgeHeartbeat(heartbeat, memory, NOON + minute * MINUTE, watched)

describe('a heartbeat that was never heard', () => {
  test('is unknown until its schedule and grace have passed since it was set up, then late', () => {
    expect(judgeAt(70)).toMatchObject({
      outcome: 'unknown',
      message: 'no ping has come yet; the first is expected at 2026-03-01T13:00:00Z',
    })
    expect(judgeAt(71)).toMatchObject({
      outcome: 'down',
      reason: 'late',
      message: 'expected at 2026-03-01T13:00:00Z, with a grace of 10m; none has ever come',
    })
  })
})

describe('a heartbeat', () => {
  test('is up through its grace, with what is known of it', () => {
    const finding = judgeAt(75, pings([5], [15]))
    expect(finding).toMatchObject({
      outcome: 'up',
      details: {
        last_ping: '2026-03-01T12:15:00Z',
        last_success: '2026-03-01T12:15:00Z',
        next_expected: '2026-03-01T13:15:00Z',
      },
    })
    expect(finding.metrics).toContainEqual({
      name: 'probe_heartbeat_last_ping_timestamp_seconds',
      value: at('2026-03-01T12:15:00Z') / 1000,
    })
    expect(judgeAt(85, pings([15])).outcome).toBe('up')
  })

  test('is late past its grace, and says when the last sign of life came', () => {
    expect(judgeAt(86, pings([15]))).toMatchObject({
      outcome: 'down',
      reason: 'late',
      message:
        'expected at 2026-03-01T13:15:00Z, with a grace of 10m; the last sign of life came at 2026-03-01T12:15:00Z',
    })
  })

  test('is down from the report of a failure to the next success, whatever comes between', () => {
    const failed = pings([0], [5, { kind: 'fail', body: '\n  disk full  \nmore' }])
    const message = 'the job reported a failure at 2026-03-01T12:05:00Z: disk full'
    expect(judgeAt(6, failed)).toMatchObject({ outcome: 'down', reason: 'reported', message })
    expect(judgeAt(300, failed)).toMatchObject({ reason: 'reported' })
    expect(judgeAt(9, remember(failed, { ...said('start'), atMs: NOON + 8 * MINUTE }))).toMatchObject({ message })
    expect(judgeAt(9, remember(failed, { ...said('log'), atMs: NOON + 8 * MINUTE }))).toMatchObject({ message })
    expect(judgeAt(9, remember(failed, { ...said('success'), atMs: NOON + 8 * MINUTE })).outcome).toBe('up')
  })

  test('tells the exit code, and takes 0 for success', () => {
    expect(judgeAt(6, pings([5, { kind: 'exit', exitCode: 3, body: 'tar: broken pipe' }]))).toMatchObject({
      outcome: 'down',
      reason: 'reported',
      message: 'the job ended with exit code 3 at 2026-03-01T12:05:00Z: tar: broken pipe',
    })
    expect(judgeAt(6, pings([5, { kind: 'exit', exitCode: 0 }])).outcome).toBe('up')
  })

  test('is not helped by a log', () => {
    expect(judgeAt(86, pings([15], [80, 'log']))).toMatchObject({ reason: 'late' })
  })
})

const said = (kind: PingKind) => ({ kind, runId: undefined, exitCode: undefined, body: undefined })

describe('a run', () => {
  const limited: Heartbeat = { ...hourly, maxRuntimeMs: 2 * HOUR }

  test('that began has the grace from its start, as in Healthchecks', () => {
    const memory = pings([0], [65, 'start'])
    expect(judgeAt(75, memory)).toMatchObject({ outcome: 'up', details: { running_since: '2026-03-01T13:05:00Z' } })
    expect(judgeAt(75, memory).metrics).toContainEqual({ name: 'probe_heartbeat_running', value: 1 })
    expect(judgeAt(76, memory)).toMatchObject({ outcome: 'down', reason: 'late', phase: 'run' })
  })

  test('may take as long as max_runtime says, and times out past it', () => {
    const memory = pings([0], [60, 'start'])
    expect(judgeAt(180, memory, limited).outcome).toBe('up')
    expect(judgeAt(185, memory, limited)).toMatchObject({
      outcome: 'down',
      reason: 'timeout',
      phase: 'run',
      message: 'running for 2h5m, more than 2h',
    })
  })

  test('that timed out stays down when the next one begins, until one succeeds', () => {
    const memory = pings([0], [60, 'start'], [200, 'start'])
    expect(judgeAt(201, memory, limited)).toMatchObject({ outcome: 'down', reason: 'late' })
    expect(judgeAt(202, remember(memory, { ...said('success'), atMs: NOON + 202 * MINUTE }), limited).outcome).toBe(
      'up',
    )
  })

  test('that began too late mends nothing before it is done', () => {
    expect(judgeAt(80, pings([0], [75, 'start']), limited)).toMatchObject({
      outcome: 'down',
      reason: 'late',
      message:
        'expected at 2026-03-01T13:00:00Z, started at 2026-03-01T13:15:00Z and not done yet; the last sign of life came at 2026-03-01T13:15:00Z',
    })
  })

  test('is measured from the start with the same id', () => {
    const memory = pings([0, { kind: 'start', runId: 'a' }], [4, { kind: 'start', runId: 'b' }])
    const end = { ...said('success'), runId: 'a', atMs: NOON + 10 * MINUTE }
    expect(runDurationMs(memory, end)).toBe(10 * MINUTE)
    expect(runDurationMs(memory, { ...end, runId: 'b' })).toBe(6 * MINUTE)
    expect(runDurationMs(memory, { ...end, runId: 'c' })).toBeUndefined()
    expect(runDurationMs(memory, { ...end, runId: undefined })).toBe(6 * MINUTE)
    const after = remember(memory, end)
    expect([...after.runs.keys()]).toEqual(['b'])
    expect(judgeAt(11, after).metrics).toContainEqual({ name: 'probe_heartbeat_duration_seconds', value: 600 })
  })

  test('that never ended is over when a later one succeeds', () => {
    const memory = pings([0, { kind: 'start', runId: 'a' }], [60, { kind: 'start', runId: 'b' }], [65, { runId: 'b' }])
    expect(memory.runningSinceMs).toBeUndefined()
    expect(judgeAt(70, memory).outcome).toBe('up')
  })

  test('that a job starts again and again does not fill the memory', () => {
    const memory = pings(...Array.from({ length: 300 }, (_, i) => [i, { kind: 'start', runId: `r${i}` }] as const))
    expect(memory.runs.size).toBe(100)
  })
})

describe('what was due while midwatch was away', () => {
  const away = (from: number, to: number): Watched => ({
    sinceMs: NOON,
    absence: { fromMs: NOON + from * MINUTE, toMs: NOON + to * MINUTE },
  })

  test('is waited for again, for one grace from the return, as unknown', () => {
    const watched = away(30, 100)
    expect(judgeAt(105, pings([0]), hourly, watched)).toMatchObject({
      outcome: 'unknown',
      reason: 'late',
      message:
        'due at 2026-03-01T13:00:00Z, when midwatch was not running and could not hear it; waiting until 2026-03-01T13:50:00Z',
    })
    expect(judgeAt(111, pings([0]), hourly, watched)).toMatchObject({ outcome: 'down', reason: 'late' })
  })

  test('stays late when it was late before', () => {
    expect(judgeAt(105, pings([0]), hourly, away(80, 100))).toMatchObject({ outcome: 'down', reason: 'late' })
  })

  test('changes nothing for what is due after the return', () => {
    const watched = away(10, 20)
    expect(judgeAt(70, pings([0]), hourly, watched).outcome).toBe('up')
    expect(judgeAt(71, pings([0]), hourly, watched)).toMatchObject({ outcome: 'down' })
  })

  test('may be the end of a run', () => {
    const memory = pings([0], [50, 'start'])
    expect(judgeAt(65, memory, hourly, away(55, 62))).toMatchObject({ outcome: 'unknown', phase: 'run' })
    expect(judgeAt(73, memory, hourly, away(55, 62))).toMatchObject({ outcome: 'down', phase: 'run' })
  })
})

describe('a cron line', () => {
  const nightly: Heartbeat['schedule'] = { type: 'cron', cron: '30 2 * * *', timezone: 'Europe/Berlin' }
  const nextText = (schedule: Heartbeat['schedule'], from: string) =>
    new Date(nextAfter(schedule, at(from))).toISOString()

  test('is meant in its time zone', () => {
    expect(nextText(nightly, '2026-01-10T12:00:00Z')).toBe('2026-01-11T01:30:00.000Z')
    expect(nextText(nightly, '2026-07-10T12:00:00Z')).toBe('2026-07-11T00:30:00.000Z')
  })

  test('comes once at the hour that spring leaves out', () => {
    // 02:30 does not exist on 29 March 2026 in Berlin; the clock goes from 02:00 to 03:00.
    expect(nextText(nightly, '2026-03-28T12:00:00Z')).toBe('2026-03-29T01:00:00.000Z')
    expect(nextText(nightly, '2026-03-29T01:00:00Z')).toBe('2026-03-30T00:30:00.000Z')
  })

  test('comes once in the hour that autumn has twice', () => {
    expect(nextText(nightly, '2026-10-24T12:00:00Z')).toBe('2026-10-25T00:30:00.000Z')
    expect(nextText(nightly, '2026-10-25T00:30:00Z')).toBe('2026-10-26T01:30:00.000Z')
  })

  test('of every half hour keeps coming over both changes', () => {
    const halves: Heartbeat['schedule'] = { type: 'cron', cron: '*/30 * * * *', timezone: 'Europe/Berlin' }
    for (const from of ['2026-03-28T23:00:00Z', '2026-10-24T22:00:00Z']) {
      let ms = at(from)
      for (let i = 0; i < 12; i++) {
        const next = nextAfter(halves, ms)
        expect(next - ms).toBe(30 * MINUTE)
        ms = next
      }
    }
  })

  test('makes a heartbeat late over a change of the clock at the right moment', () => {
    const heartbeat: Heartbeat = { schedule: nightly, graceMs: 30 * MINUTE, maxRuntimeMs: undefined }
    const memory = remember(NO_PINGS, { ...said('success'), atMs: at('2026-03-28T01:40:00Z') })
    const judge = (text: string) => judgeHeartbeat(heartbeat, memory, at(text), always)
    expect(judge('2026-03-29T01:30:00Z').outcome).toBe('up')
    expect(judge('2026-03-29T01:30:01Z')).toMatchObject({ outcome: 'down', reason: 'late' })
  })

  test('may have seconds', () => {
    expect(nextText({ type: 'cron', cron: '*/10 * * * * *', timezone: 'UTC' }, '2026-01-01T00:00:01Z')).toBe(
      '2026-01-01T00:00:10.000Z',
    )
  })
})
