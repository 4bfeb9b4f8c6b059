import { expect, test } from 'vitest'
import { HeartbeatBook } from '../../src/ingest/heartbeat-book.ts'
import { readPingAddress, readRunId } from '../../src/ingest/ping-address.ts'
import type { Heartbeat, Ping } from '../../src/model/heartbeat.ts'

const hourly: Heartbeat = {
  schedule: { type: 'period', periodMs: 3_600_000 },
  graceMs: 60_000,
  maxRuntimeMs: undefined,
}
const ping = (atMs: number, kind: Ping['kind'] = 'success', runId?: string): Ping => ({
  name: 'backup',
  atMs,
  kind,
  runId,
  exitCode: undefined,
  durationMs: undefined,
  source: undefined,
  body: undefined,
})

test('a heartbeat goes on from the pings that were stored before', () => {
  const stored = [ping(3000), ping(2000, 'fail'), ping(1000, 'start')]
  const book = new HeartbeatBook({ recent: () => stored, sinceMs: () => 0, absence: undefined })
  expect(book.judge('backup', hourly, 4000)).toMatchObject({
    outcome: 'up',
    details: { last_ping: '1970-01-01T00:00:03Z' },
  })
  book.note(ping(5000, 'fail'))
  expect(book.judge('backup', hourly, 6000)).toMatchObject({ outcome: 'down', reason: 'reported' })
})

test('a ping that is in the store already counts once', () => {
  const stored = [ping(1000, 'start', 'a')]
  const book = new HeartbeatBook({ recent: () => stored, sinceMs: () => 0, absence: undefined })
  book.note(ping(1000, 'start', 'a'))
  expect(book.runDurationMs({ ...ping(4000, 'success', 'a') })).toBe(3000)
})

test('a heartbeat that was taken out of the config and comes back begins anew', () => {
  let sinceMs = 0
  const book = new HeartbeatBook({ recent: () => [ping(1000, 'fail')], sinceMs: () => sinceMs, absence: undefined })
  expect(book.judge('backup', hourly, 2000).outcome).toBe('down')
  book.keepOnly(new Set())
  sinceMs = 5000
  expect(book.judge('backup', hourly, 6000)).toMatchObject({ outcome: 'unknown' })
})

test.each([
  ['backup', ['backup success']],
  ['backup/start', ['backup start', 'start success with backup']],
  ['backup/17', ['backup exit 17', '17 success with backup']],
  ['backup/256', ['256 success with backup']],
  ['t0k3n/backup', ['backup success with t0k3n']],
  ['t0k3n/backup/fail', ['backup fail with t0k3n']],
  ['t0k3n/backup/0', ['backup exit 0 with t0k3n']],
  ['t0k3n/backup/stop', []],
  ['a/b/c/d', []],
  ['', []],
  ['a//start', []],
])('an address /ping/%s means %j', (path, meanings) => {
  const texts = readPingAddress(path.split('/')).map(({ token, name, kind, exitCode }) =>
    [name, kind, exitCode, token === undefined ? undefined : `with ${token}`]
      .filter((part) => part !== undefined)
      .join(' '),
  )
  expect(texts).toEqual(meanings)
})

test('a run id is a UUID, with or without dashes, in either case', () => {
  const id = '123e4567e89b12d3a456426614174000'
  expect(readRunId('123E4567-E89B-12D3-A456-426614174000')).toBe(id)
  expect(readRunId(id)).toBe(id)
  expect(readRunId('123e4567')).toBeUndefined()
})
