import { describe, expect, test } from 'vitest'
import type { AlertEvent, AlertOrigin, SentAlert } from '../../src/model/alert.ts'
import { fingerprint, Labels } from '../../src/model/labels.ts'
import { Dispatcher } from '../../src/notify/dispatcher.ts'
import { type RouteSpec, routeTree } from '../../src/notify/route.ts'
import { eachAlert, type Stage } from '../../src/notify/stage.ts'
import { alertEvents } from '../../src/store/alert-events.ts'
import { plainEvaluation, saveEvaluation } from '../../src/store/alerts.ts'
import { searchEpisodes } from '../../src/store/episodes.ts'
import { loadNotify, saveFlush } from '../../src/store/notify.ts'
import type { Store } from '../../src/store/store.ts'
import { testStore } from '../support/test-store.ts'

const START = Date.UTC(2026, 0, 1)
const S = 1000
const M = 60_000
const H = 60 * M
const A = Labels.of({ alertname: 'A' })
const ID = fingerprint(A)
const RULE: AlertOrigin = { group: 'g', file: 'rules.yml', activeAtMs: START, value: '7', peak: '9' }

interface Setting {
  readonly stages?: readonly Stage[]
  readonly root?: Partial<RouteSpec>
  readonly channels?: readonly string[]
}

/** A dispatcher over a store, moved by hand; `story` is what can be read of the alert. */
function begin(store: Store, { stages = [], root = {}, channels = ['slack'] }: Setting = {}, nowMs = START) {
  const integrations = channels.map((channel) => ({ channel, sendResolved: channel !== 'email' }))
  const dispatcher = new Dispatcher(
    {
      routing: { root: routeTree({ receiver: 'team', ...root }), receivers: new Map([['team', integrations]]) },
      stages,
      findingOf: () => undefined,
      externalUrl: 'http://watch.example.org',
      expiryMs: H,
    },
    loadNotify(store.reader),
    { lastAliveMs: nowMs, nowMs },
  )
  return {
    dispatcher,
    async send(endsAtMs: number, atMs: number, origin: AlertOrigin | null = RULE) {
      const sent: SentAlert = { labels: A, annotations: {}, startsAtMs: START, endsAtMs, generatorUrl: '' }
      const { events, ...notify } = dispatcher.take([origin === null ? sent : { ...sent, origin }], atMs)
      await store.writer.run(
        saveEvaluation,
        plainEvaluation({ nowMs: atMs, upserts: [], removals: [], events, notify }),
      )
    },
    async look(atMs: number): Promise<readonly AlertEvent[]> {
      const change = dispatcher.flush(atMs)
      if (change !== undefined) await store.writer.run(saveFlush, change)
      return change?.events ?? []
    },
    story: () =>
      alertEvents(store.reader, ID, 100).map(({ kind, detail, times, atMs, lastMs }) => {
        const count = times === 1 ? '' : ` ×${times} until ${(lastMs - START) / S}`
        return `${(atMs - START) / S} ${kind}: ${detail}${count}`
      }),
  }
}

describe('the story of an alert', () => {
  test('of a week takes a few lines a repetition, whatever is looked at in between', async () => {
    await using it = await testStore()
    const b = begin(it.store, { root: { groupWaitMs: 0, groupIntervalMs: 30 * M, repeatIntervalMs: 12 * H } })
    await b.send(START + 30 * 24 * H, START)
    for (let atMs = START; atMs < START + 7 * 24 * H; atMs += 30 * M) await b.look(atMs)
    const story = b.story()
    expect(story.slice(0, 4)).toEqual([
      '0 grouped: in group {}:{} for team; looked at in 0 s',
      '0 queued: for slack: first notification',
      '1800 deduplicated: slack: nothing new since the message of 2026-01-01 00:00:00 UTC; repeated after 2026-01-01 12:00:00 UTC ×24 until 43200',
      '45000 queued: for slack: repeat interval elapsed',
    ])
    expect(story.length).toBeLessThan(35)
  })

  test('tells each channel and each reason by itself, and counts them by themselves', async () => {
    await using it = await testStore()
    let reason: string | undefined
    const hold = eachAlert('hold', 'maintenance', () => reason)
    const b = begin(it.store, {
      stages: [hold],
      channels: ['slack', 'email'],
      root: { groupWaitMs: 0, groupIntervalMs: M },
    })
    await b.send(START + H, START)
    for (let i = 0; i < 12; i++) {
      reason = i < 3 || i > 8 ? 'the move' : undefined
      await b.look(START + i * M)
    }
    const told = '2026-01-01 00:03:00 UTC; repeated after 2026-01-01 04:03:00 UTC'
    expect(b.story()).toEqual([
      '0 grouped: in group {}:{} for team; looked at in 0 s',
      '0 maintenance: the move ×3 until 120',
      '180 queued: for slack: first notification',
      '180 queued: for email: first notification',
      `240 deduplicated: slack: nothing new since the message of ${told} ×5 until 480`,
      `240 deduplicated: email: nothing new since the message of ${told} ×5 until 480`,
      '540 maintenance: the move',
    ])
    // What has not ended yet is counted in memory.
    expect(b.dispatcher.standingOf(ID)).toMatchObject([{ kind: 'maintenance', times: 3, lastMs: START + 11 * M }])
  })

  test('goes on after a restart where it was, without saying again what stands there', async () => {
    await using it = await testStore()
    const setting = { root: { groupWaitMs: 0, groupIntervalMs: M } }
    const before = begin(it.store, setting)
    await before.send(START + H, START)
    for (let i = 0; i < 3; i++) await before.look(START + i * M)
    const after = begin(it.store, setting, START + 3 * M)
    await after.look(START + 3 * M)
    await after.look(START + 4 * M)
    expect(after.story().filter((line) => line.includes('deduplicated'))).toEqual([
      '60 deduplicated: slack: nothing new since the message of 2026-01-01 00:00:00 UTC; repeated after 2026-01-01 04:00:00 UTC ×2 until 180',
    ])
  })

  test('says that nobody is told where the receiver has no channel, and that a channel does not tell of what is over', async () => {
    await using it = await testStore()
    const nobody = begin(it.store, { channels: [], root: { groupWaitMs: 0 } })
    await nobody.send(START + H, START)
    await nobody.look(START)
    expect(nobody.story()).toContain('0 not-told: team has no channel: nobody is told')

    await using other = await testStore()
    const mail = begin(other.store, { channels: ['email'], root: { groupWaitMs: 0, groupIntervalMs: M } })
    await mail.send(START + H, START)
    await mail.look(START)
    await mail.send(START + 30 * S, START + 30 * S)
    await mail.look(START + M)
    expect(mail.story().at(-1)).toBe('60 not-told: email is not told of what is over')
  })
})

describe('each time that an alert fires', () => {
  const episodes = (store: Store) =>
    searchEpisodes(store.reader, {}, 1, 10).episodes.map(({ startedMs, endedMs, origin, last }) => [
      startedMs - START,
      endedMs === undefined ? undefined : endedMs - START,
      origin?.value,
      last?.peak,
    ])

  test('is remembered with its beginning, its end and its values, however often it is said', async () => {
    await using it = await testStore()
    const b = begin(it.store)
    await b.send(START + 4 * M, START)
    await b.send(START + 5 * M, START + M)
    expect(episodes(it.store)).toEqual([[0, undefined, '7', undefined]])
    await b.send(START + 2 * M, START + 2 * M, { ...RULE, peak: '11' })
    expect(episodes(it.store)).toEqual([[0, 2 * M, '7', '11']])
    // The rules say it again for a quarter of an hour.
    await b.send(START + 2 * M, START + 3 * M)
    expect(episodes(it.store)).toHaveLength(1)
  })

  test('ends when nobody speaks of it any more, and its story says so', async () => {
    await using it = await testStore()
    const b = begin(it.store, { root: { groupWaitMs: 0, groupIntervalMs: M } })
    await b.send(START + 4 * M, START)
    for (let i = 0; i < 6; i++) await b.look(START + i * M)
    expect(episodes(it.store)).toEqual([[0, 4 * M, '7', undefined]])
    expect(b.story()).toContain('240 resolved: nobody has said since 2026-01-01 00:00:00 UTC that it still fires')
  })

  test('of one that was posted from outside has a story as well', async () => {
    await using it = await testStore()
    const b = begin(it.store)
    await b.send(START + 4 * M, START, null)
    await b.send(START + M, START + M, null)
    expect(b.story()).toEqual([
      '0 received: it was posted, and fires since 2026-01-01 00:00:00 UTC',
      '0 grouped: in group {}:{} for team; looked at in 30 s',
      '60 resolved: it was posted that it is over',
    ])
    expect(episodes(it.store)).toEqual([[0, M, undefined, undefined]])
  })

  test('goes on over a restart', async () => {
    await using it = await testStore()
    await begin(it.store).send(START + 4 * M, START)
    const after = begin(it.store, {}, START + M)
    await after.send(START + 5 * M, START + M)
    await after.send(START + 2 * M, START + 2 * M)
    expect(episodes(it.store)).toEqual([[0, 2 * M, '7', '9']])
  })
})
