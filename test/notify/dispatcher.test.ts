import { describe, expect, test } from 'vitest'
import { createMatcher } from '../../src/model/matcher.ts'
import type { Notification } from '../../src/model/notification.ts'
import { composeMessage } from '../../src/notify/message.ts'
import type { RouteSpec } from '../../src/notify/route.ts'
import type { Integration } from '../../src/notify/routing.ts'
import type { Stage } from '../../src/notify/stage.ts'
import { loadNotify } from '../../src/store/notify.ts'
import { testStore } from '../support/test-store.ts'
import { alertOf, Bench, H, M, options, ROOT, S, SLACK, START } from './bench.ts'

describe('a group', () => {
  test('waits before its first message, and takes what comes meanwhile along', async () => {
    const bench = new Bench()
    await bench.fire({ i: '1' })
    await bench.advance(20 * S)
    await bench.fire({ i: '2' })
    await bench.advance(10 * M)
    expect(bench.told).toEqual(['30 slack: first notification +1 +2'])
    expect(bench.events.filter((event) => event.startsWith('grouped'))).toHaveLength(2)
  })

  test('tells of new and of resolved alerts at its interval, and ends when all are resolved', async () => {
    const bench = new Bench()
    await bench.fire({ i: '1' })
    await bench.advance(40 * S)
    await bench.fire({ i: '2' })
    await bench.advance(6 * M)
    await bench.resolve({ i: '1' })
    await bench.advance(5 * M)
    await bench.resolve({ i: '2' })
    await bench.advance(10 * M)
    expect(bench.told).toEqual([
      '30 slack: first notification +1',
      '330 slack: new alerts added +1 +2',
      '630 slack: some alerts resolved +2 -1',
      '930 slack: all alerts resolved -2',
    ])
    expect(bench.dispatcher.nextDueMs).toBeUndefined()
    expect(bench.dispatcher.alerts).toEqual([])
  })

  test('is repeated at the first interval later than repeat_interval, strictly', async () => {
    const bench = new Bench(options({ ...ROOT, repeatIntervalMs: 10 * M }))
    await bench.fire({ i: '1' })
    await bench.advance(35 * M)
    expect(bench.told).toEqual([
      '30 slack: first notification +1',
      '930 slack: repeat interval elapsed +1',
      '1830 slack: repeat interval elapsed +1',
    ])
  })

  test('of an alert that is older than the wait is looked at at once', async () => {
    const bench = new Bench()
    await bench.fire({ i: '1' }, START - M)
    await bench.advance(5 * S)
    expect(bench.told).toEqual(['5 slack: first notification +1'])
  })

  test('that waits is looked at once an alert joins it that is older than the wait', async () => {
    const bench = new Bench()
    await bench.fire({ i: '1' })
    await bench.advance(5 * S)
    await bench.fire({ i: '2' }, START - M)
    await bench.advance(5 * S)
    expect(bench.told).toEqual(['10 slack: first notification +1 +2'])
  })

  test('lists alerts by job and instance, those without behind the others, then those with few labels first', async () => {
    const bench = new Bench()
    for (const labels of [
      { a: '1' },
      { b: '1' },
      { a: '1', b: '1' },
      { instance: 'x' },
      { job: 'b' },
      { job: 'a' },
      { job: 'a', instance: 'y' },
      { a: '0', n: '1' },
    ])
      await bench.fire(labels)
    await bench.advance(M)
    const sets = bench.notifications[0]?.alerts.map(({ labels }) => {
      const { alertname: _, ...rest } = labels
      return JSON.stringify(rest)
    })
    expect(sets).toEqual([
      '{"instance":"y","job":"a"}',
      '{"job":"a"}',
      '{"job":"b"}',
      '{"instance":"x"}',
      '{"b":"1"}',
      '{"a":"1"}',
      '{"a":"0","n":"1"}',
      '{"a":"1","b":"1"}',
    ])
  })

  test('of an alert that came and went within the wait tells nothing', async () => {
    const bench = new Bench()
    await bench.fire({ i: '1' })
    await bench.advance(10 * S)
    await bench.resolve({ i: '1' })
    await bench.advance(10 * M)
    expect(bench.told).toEqual([])
    expect(bench.dispatcher.alerts).toEqual([])
  })

  test('of 500 alerts gives one message, which lists some and counts all', async () => {
    const bench = new Bench()
    await bench.send(
      Array.from({ length: 500 }, (_, i) => alertOf({ i: String(i), check: `c${i}` }, START, START + 4 * M)),
    )
    await bench.advance(M)
    expect(bench.notifications).toHaveLength(1)
    const [notification] = bench.notifications as [Notification]
    expect(notification.alerts).toHaveLength(500)
    const message = composeMessage(notification, bench.nowMs)
    expect(message.title).toMatch(/^\[FIRING:500\] A: c\d+, .* and 495 more$/)
    expect(message.alerts.length + message.omitted).toBe(500)
    expect(message.omitted).toBeGreaterThan(400)
  })

  test('tells one channel of resolves and another one not, and writes for both that all is over', async () => {
    const email: Integration = { channel: 'email', sendResolved: false }
    const bench = new Bench(options(ROOT, { team: [SLACK, email] }))
    await bench.fire({ i: '1' })
    await bench.fire({ i: '2' })
    await bench.advance(40 * S)
    await bench.resolve({ i: '1' })
    await bench.advance(5 * M)
    await bench.resolve({ i: '2' })
    await bench.advance(6 * M)
    await bench.fire({ i: '2' })
    await bench.advance(M)
    expect(bench.told).toEqual([
      '30 slack: first notification +1 +2',
      '30 email: first notification +1 +2',
      '330 slack: some alerts resolved +2 -1',
      '630 slack: all alerts resolved -2',
      '730 slack: first notification +2',
      '730 email: first notification +2',
    ])
  })
})

describe('an alert', () => {
  test('that nobody speaks of any more is told as resolved when its end has passed', async () => {
    const bench = new Bench()
    await bench.fire({ i: '1' })
    await bench.advance(M)
    await bench.advance(10 * M, { says: false })
    expect(bench.told).toEqual(['30 slack: first notification +1', '330 slack: all alerts resolved -1'])
  })

  test('that is resolved and unknown here is no reason to tell anybody, but stands in what is told of its group', async () => {
    const bench = new Bench()
    await bench.resolve({ i: '1' })
    await bench.advance(M)
    expect(bench.told).toEqual([])
    expect(bench.events).toEqual([])
    expect(bench.dispatcher.alerts).toEqual([])
    expect(bench.dispatcher.nextDueMs).toBeUndefined()
    await bench.resolve({ i: '1' })
    await bench.fire({ i: '2' })
    await bench.advance(M)
    expect(bench.told).toEqual(['90 slack: first notification +2 -1'])
  })

  test('that comes back while its group is still known waits for the next interval of the group', async () => {
    const bench = new Bench()
    await bench.fire({ i: '1' })
    await bench.advance(40 * S)
    await bench.resolve({ i: '1' })
    await bench.advance(5 * M)
    await bench.fire({ i: '1' })
    await bench.advance(6 * M)
    expect(bench.told).toEqual([
      '30 slack: first notification +1',
      '330 slack: all alerts resolved -1',
      '630 slack: first notification +1',
    ])
  })

  test('goes down every route that matches and says to continue, and each receiver hears of it once', async () => {
    const routes: RouteSpec[] = [
      { receiver: 'first', matchers: [createMatcher('severity', '=', 'critical')], continue: true },
      { receiver: 'second', matchers: [createMatcher('i', '=~', '1|2')] },
      { receiver: 'third', matchers: [createMatcher('i', '=', '1')] },
    ]
    const to = (channel: string) => [{ channel, sendResolved: true }]
    const receivers = { team: to('root'), first: to('first'), second: to('second'), third: to('third') }
    const bench = new Bench(options({ ...ROOT, routes }, receivers))
    await bench.fire({ i: '1', severity: 'critical' })
    await bench.fire({ i: '3' })
    await bench.advance(M)
    expect(bench.told.sort()).toEqual([
      '30 first: first notification +1',
      '30 root: first notification +3',
      '30 second: first notification +1',
    ])
  })

  test('that is held back is told at the first look after that, and its story says why', async () => {
    let isHeld = true
    const hold: Stage = {
      name: 'hold',
      run: (alerts) => ({
        pass: isHeld ? [] : alerts,
        suppressed: isHeld ? alerts.map((alert) => ({ alert, by: 'silenced' as const, reason: 'held' })) : [],
      }),
    }
    const bench = new Bench(options(ROOT, { team: [SLACK] }, [hold]))
    await bench.fire({ i: '1' })
    await bench.advance(6 * M)
    expect(bench.told).toEqual([])
    isHeld = false
    await bench.advance(5 * M)
    expect(bench.told).toEqual(['630 slack: first notification +1'])
    expect(bench.events.filter((event) => event.startsWith('silenced'))).toEqual([
      'silenced: held',
      // When it is over, how often it was looked at is written down at once.
      'silenced: held (1 more)',
    ])
  })
})

describe('a restart', () => {
  test('tells nothing twice, keeps the times of groups, and sends the resolve that is owed', async () => {
    await using it = await testStore()
    const before = new Bench(options(), it.store)
    await before.fire({ i: '1' })
    await before.fire({ alertname: 'B', i: '2' })
    await before.advance(2 * M)
    const after = before.restart(30 * S)
    expect(after.dispatcher.nextDueMs).toBe(START + 330 * S)
    await after.advance(10 * M)
    expect(after.told).toEqual([])
    await after.resolve({ i: '1' })
    await after.advance(5 * M)
    expect(after.told).toEqual(['930 slack: all alerts resolved -1'])
  })

  test('gives the rules time to say again what fires, and takes silence after that for an end', async () => {
    await using it = await testStore()
    const before = new Bench(options(), it.store)
    await before.fire({ i: '1' })
    await before.advance(2 * M)
    // Away for longer than the alert was good for.
    const after = before.restart(30 * M)
    await after.advance(3 * M, { says: false })
    expect(after.told).toEqual([])
    await after.advance(8 * M, { says: false })
    expect(after.told).toHaveLength(1)
    expect(after.told[0]).toContain('all alerts resolved -1')
  })

  test('between a resolve and its message leaves the message owed', async () => {
    await using it = await testStore()
    const before = new Bench(options(), it.store)
    await before.fire({ i: '1' })
    await before.advance(2 * M)
    await before.resolve({ i: '1' })
    const after = before.restart(20 * M)
    await after.advance(5 * S)
    expect(after.told).toEqual([`${20 * 60 + 125} slack: all alerts resolved -1`])
    // It is written down, and nothing is left over.
    expect(loadNotify(it.store.reader)).toMatchObject({ alerts: [], groups: [] })
  })

  test('within the wait of a group neither shortens nor begins it again', async () => {
    await using it = await testStore()
    const before = new Bench(options(), it.store)
    await before.fire({ i: '1' })
    await before.advance(20 * S)
    const after = before.restart(0)
    await after.advance(M)
    expect(after.told).toEqual(['30 slack: first notification +1'])
  })
})

describe('a reload', () => {
  test('with the same routes changes no time', async () => {
    const bench = new Bench()
    await bench.fire({ i: '1' })
    await bench.advance(M)
    await bench.fire({ i: '2' })
    bench.dispatcher.reconfigure(options(), bench.nowMs)
    await bench.advance(5 * M)
    expect(bench.told).toEqual(['30 slack: first notification +1', '330 slack: new alerts added +1 +2'])
  })

  test('that groups in another way tells nothing again, and every resolve is still sent, once', async () => {
    await using it = await testStore()
    const bench = new Bench(options(), it.store)
    await bench.fire({ i: '1' })
    await bench.fire({ i: '2' })
    await bench.advance(M)
    const byInstance = options({ ...ROOT, groupBy: ['alertname', 'i'] })
    bench.dispatcher.reconfigure(byInstance, bench.nowMs)
    await bench.advance(6 * M)
    expect(bench.told).toEqual(['30 slack: first notification +1 +2'])
    await bench.resolve({ i: '1' })
    await bench.advance(5 * M)
    expect(bench.told.slice(1)).toEqual([expect.stringMatching(/all alerts resolved -1$/)])
    // The same after a restart, since what was handed on is on disk.
    const after = bench.restart(10 * S, byInstance)
    await after.advance(6 * M)
    expect(after.told).toEqual([])
    await after.resolve({ i: '2' })
    await after.advance(5 * M)
    expect(after.told).toEqual([expect.stringMatching(/all alerts resolved -2$/)])
    expect(loadNotify(it.store.reader).groups).toEqual([])
  })

  test('that groups as before again does not take for told what has changed meanwhile', async () => {
    const bench = new Bench()
    await bench.fire({ i: '1' })
    await bench.advance(M)
    bench.dispatcher.reconfigure(options({ ...ROOT, groupBy: ['i'] }), bench.nowMs)
    await bench.resolve({ i: '1' })
    await bench.advance(6 * M)
    bench.dispatcher.reconfigure(options(), bench.nowMs)
    await bench.fire({ i: '1' })
    await bench.advance(M)
    expect(bench.told.map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'slack: first notification +1',
      'slack: all alerts resolved -1',
      'slack: first notification +1',
    ])
  })

  test('with a shorter interval does not wait for the end of the longer one', async () => {
    const bench = new Bench(options({ ...ROOT, groupIntervalMs: H }))
    await bench.fire({ i: '1' })
    await bench.advance(M)
    await bench.fire({ i: '2' })
    bench.dispatcher.reconfigure(options({ ...ROOT, groupIntervalMs: M }), bench.nowMs)
    await bench.advance(2 * M)
    expect(bench.told[1]).toBe('120 slack: new alerts added +1 +2')
  })
})

describe('time', () => {
  test('that was slept through resolves nothing', async () => {
    const bench = new Bench()
    await bench.fire({ i: '1' })
    await bench.advance(M)
    const lastMs = bench.nowMs
    bench.nowMs += 30 * M
    bench.dispatcher.bridge(lastMs, bench.nowMs)
    await bench.look()
    expect(bench.told).toHaveLength(1)
    await bench.sayAgain()
    await bench.advance(10 * M)
    expect(bench.told).toHaveLength(1)
  })

  test('in which nobody was there does not undo an end that was told just before it', async () => {
    await using it = await testStore()
    const bench = new Bench(options(), it.store)
    await bench.fire({ i: '1' })
    await bench.advance(M)
    const lastAliveMs = bench.nowMs
    bench.nowMs += 5 * S
    await bench.resolve({ i: '1' })
    // Gone before the group was due; the last sign of life is older than the end.
    const after = new Bench(options(), it.store, lastAliveMs, bench.nowMs + 2 * S)
    await after.advance(6 * M, { says: false })
    expect(after.told).toEqual([expect.stringMatching(/slack: all alerts resolved -1$/)])
  })

  test('that is put back an hour keeps nobody waiting for it to come again', async () => {
    const bench = new Bench()
    await bench.fire({ i: '1' })
    await bench.advance(M)
    bench.nowMs -= H
    await bench.resolve({ i: '1' })
    await bench.look()
    expect(bench.told[1]).toMatch(/all alerts resolved -1$/)
  })
})
