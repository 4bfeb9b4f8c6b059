import { expect, test } from 'vitest'
import { dedup } from '../../src/notify/dedup.ts'

const H = 3_600_000
const base = { sendResolved: true, repeatIntervalMs: 4 * H, nowMs: 10 * H }
const told = (firing: string[], resolved: string[] = [], atMs = 9 * H) => ({ atMs, firing, resolved })

test.each([
  ['nothing told, nothing fires', undefined, [], ['a'], false, ''],
  ['nothing told, something fires', undefined, ['a'], [], true, 'first notification'],
  ['the same fires', told(['a', 'b']), ['b', 'a'], [], false, ''],
  ['fewer fire, and the resolved one was told', told(['a', 'b'], ['b']), ['a'], ['b'], false, ''],
  ['fewer fire, and the resolved one is gone', told(['a', 'b']), ['a'], [], false, ''],
  ['one is new', told(['a']), ['a', 'b'], [], true, 'new alerts added'],
  ['it fires again after all was over', told([], ['a']), ['a'], [], true, 'first notification'],
  ['one is resolved', told(['a', 'b']), ['a'], ['b'], true, 'some alerts resolved'],
  ['all are resolved', told(['a']), [], ['a'], true, 'all alerts resolved'],
  ['all were resolved and told', told([], ['a']), [], ['a'], false, ''],
  ['the interval is over to the millisecond', told(['a'], [], 6 * H), ['a'], [], false, ''],
  ['the interval is over', told(['a'], [], 6 * H - 1), ['a'], [], true, 'repeat interval elapsed'],
] as const)('%s', (_name, entry, firing, resolved, notify, reason) => {
  const decision = dedup({ ...base, entry, firing: [...firing], resolved: [...resolved] })
  expect(decision.notify).toBe(notify)
  if (notify) expect(decision).toMatchObject({ reason, say: true })
})

test('a channel that is not told of resolves only has it written down when all are', () => {
  const quiet = { ...base, sendResolved: false }
  expect(dedup({ ...quiet, entry: told(['a', 'b']), firing: ['a'], resolved: ['b'] }).notify).toBe(false)
  expect(dedup({ ...quiet, entry: told(['a']), firing: [], resolved: ['a'] })).toMatchObject({
    notify: true,
    say: false,
  })
})
