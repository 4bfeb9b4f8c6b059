import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fingerprint, Labels } from '../../src/model/labels.ts'
import { createMatcher } from '../../src/model/matcher.ts'
import type { RouteOutlook } from '../../src/notify/outlook.ts'
import type { RouteSpec } from '../../src/notify/route.ts'
import { eachAlert } from '../../src/notify/stage.ts'
import { alertOf, Bench, H, M, options, ROOT, S, SLACK, START } from './bench.ts'

const EMAIL = { channel: 'email', sendResolved: false }

function outlook(bench: Bench, labels: Readonly<Record<string, string>>): readonly RouteOutlook[] {
  const alert = bench.dispatcher.find(fingerprint(Labels.of({ alertname: 'A', ...labels })))
  return alert === undefined ? [] : bench.dispatcher.outlook(alert, alert.startsAtMs, bench.nowMs)
}

/** `slack at 30 s: first notification` */
function next(bench: Bench, labels = { i: '1' }): readonly string[] {
  return outlook(bench, labels).flatMap(({ channels }) =>
    channels.map(({ channel, nextMs, reason }) =>
      nextMs === undefined ? `${channel} not: ${reason}` : `${channel} at ${(nextMs - START) / S} s: ${reason}`,
    ),
  )
}

describe('what comes next', () => {
  test('is the first message at the end of the wait, then the repetition at the first look after its time', async () => {
    const bench = new Bench(options({ ...ROOT, repeatIntervalMs: 10 * M }))
    await bench.fire({ i: '1' })
    expect(next(bench)).toEqual(['slack at 30 s: first notification'])
    await bench.advance(M)
    expect(next(bench)).toEqual(['slack at 930 s: repeat interval elapsed'])
    await bench.fire({ i: '2' })
    // Whoever is told of one of a group is told of all.
    expect(next(bench)).toEqual(['slack at 330 s: new alerts added'])
  })

  test('waits for the end of what holds it back, and says what that is', async () => {
    let untilMs = START + 2 * H
    const hold = eachAlert('hold', 'silenced', (_alert, { nowMs }) => (nowMs < untilMs ? 'until two' : undefined))
    const bench = new Bench(options(ROOT, { team: [SLACK] }, [hold]))
    await bench.fire({ i: '1' })
    await bench.advance(M)
    expect(next(bench)).toEqual(['slack at 7230 s: first notification'])
    expect(outlook(bench, { i: '1' })[0]?.held).toMatchObject({ by: 'silenced', reason: 'until two' })
    untilMs = Number.POSITIVE_INFINITY
    expect(next(bench)).toEqual(['slack not: until two'])
  })

  test('is nothing for a channel that is not told of what is over', async () => {
    const bench = new Bench(options(ROOT, { team: [SLACK, EMAIL] }))
    await bench.fire({ i: '1' })
    await bench.advance(M)
    await bench.resolve({ i: '1' })
    expect(next(bench)).toEqual(['slack at 330 s: all alerts resolved', 'email not: it is not told of what is over'])
  })

  test('names the way to each receiver, and who has been told when', async () => {
    const routes: RouteSpec[] = [
      { receiver: 'first', matchers: [createMatcher('severity', '=', 'critical')], continue: true },
      { receiver: 'second', matchers: [createMatcher('i', '=', '1')] },
    ]
    const bench = new Bench(options({ ...ROOT, routes }, { team: [], first: [SLACK], second: [] }))
    await bench.fire({ i: '1', severity: 'critical' })
    await bench.advance(M)
    expect(outlook(bench, { i: '1', severity: 'critical' })).toMatchObject([
      {
        receiver: 'first',
        path: ['default-route', '{severity="critical"}'],
        groupKey: '{}/{severity="critical"}:{alertname="A"}',
        nextLookMs: START + 330 * S,
        channels: [{ channel: 'slack', toldMs: START + 30 * S }],
      },
      { receiver: 'second', path: ['default-route', '{i="1"}'], channels: [] },
    ])
  })

  test('of an alert that does not fire yet is when it would be told if it did', async () => {
    const bench = new Bench()
    const { labels } = alertOf({ i: '9' }, START, START)
    const pending = { ...(await known(bench)), labels, fingerprint: fingerprint(labels) }
    const at = (firesMs: number | undefined) => bench.dispatcher.outlook(pending, firesMs, bench.nowMs)[0]?.channels[0]
    // The group of another one is there: its next look counts, and that was told there.
    expect(at(START + 400 * S)).toMatchObject({ nextMs: START + 630 * S, reason: 'new alerts added' })
    expect(at(undefined)).toMatchObject({ nextMs: undefined })
  })
})

async function known(bench: Bench) {
  await bench.fire({ i: '1' })
  await bench.advance(M)
  const [alert] = bench.dispatcher.alerts
  if (alert === undefined) throw new Error('nothing fires')
  return alert
}

test('what is said to come next comes then, whatever the times are', async () => {
  const times = fc.record({
    wait: fc.integer({ min: 0, max: 12 }),
    interval: fc.integer({ min: 1, max: 60 }),
    repeat: fc.integer({ min: 1, max: 240 }),
    hold: fc.integer({ min: 0, max: 200 }),
    ask: fc.integer({ min: 1, max: 300 }),
  })
  await fc.assert(
    fc.asyncProperty(times, async ({ wait, interval, repeat, hold, ask }) => {
      const heldUntilMs = START + hold * 5 * S
      const stage = eachAlert('hold', 'silenced', (_alert, { nowMs }) => (nowMs < heldUntilMs ? 'held' : undefined))
      const root = {
        ...ROOT,
        groupWaitMs: wait * 5 * S,
        groupIntervalMs: interval * 5 * S,
        repeatIntervalMs: repeat * 5 * S,
      }
      const bench = new Bench(options(root, { team: [SLACK] }, [stage]))
      await bench.fire({ i: '1' })
      await bench.advance(ask * 5 * S)
      const nextMs = outlook(bench, { i: '1' })[0]?.channels[0]?.nextMs ?? Number.NaN
      const before = bench.told.length
      await bench.advance(nextMs - bench.nowMs - 5 * S)
      expect(bench.told).toHaveLength(before)
      await bench.advance(5 * S)
      expect(bench.told).toHaveLength(before + 1)
    }),
    { numRuns: 40 },
  )
})
