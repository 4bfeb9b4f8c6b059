import { expect, test } from 'vitest'
import type { AlertOrigin } from '../../src/model/alert.ts'
import { Labels } from '../../src/model/labels.ts'
import { parseMatchers } from '../../src/model/matcher-text.ts'
import { plainEvaluation, retainAlerts, saveEvaluation } from '../../src/store/alerts.ts'
import { type EpisodeChange, openEpisodes, searchEpisodes } from '../../src/store/episodes.ts'
import { NO_NOTIFY_CHANGE } from '../../src/store/notify.ts'
import type { Store } from '../../src/store/store.ts'
import { testStore } from '../support/test-store.ts'

const origin: AlertOrigin = { group: 'g', file: 'f.yml', activeAtMs: 1, value: 'NaN', peak: '7' }

function begun(name: string, startedMs: number, severity = 'high'): EpisodeChange {
  const labels = Labels.of({ alertname: name, severity, i: String(startedMs) })
  return {
    kind: 'begun',
    fingerprint: name,
    alertname: name,
    severity,
    labels: JSON.stringify(labels.pairs),
    annotations: { summary: `${name} is bad` },
    startedMs,
    origin,
  }
}

function write(store: Store, ...episodes: readonly EpisodeChange[]): Promise<void> {
  const notify = { ...NO_NOTIFY_CHANGE, episodes }
  return store.writer.run(saveEvaluation, plainEvaluation({ nowMs: 0, upserts: [], removals: [], events: [], notify }))
}

function found(store: Store, filter: Parameters<typeof searchEpisodes>[1], page = 1, pageSize = 10) {
  const { episodes, ...rest } = searchEpisodes(store.reader, filter, page, pageSize)
  return { list: episodes.map(({ fingerprint, startedMs, endedMs }) => [fingerprint, startedMs, endedMs]), ...rest }
}

test('an alert that is long over is found with all that was known of it', async () => {
  await using it = await testStore()
  await write(it.store, begun('A', 10), {
    kind: 'ended',
    fingerprint: 'A',
    endedMs: 20,
    origin: { ...origin, peak: '9' },
  })
  expect(searchEpisodes(it.store.reader, {}, 1, 10).episodes).toEqual([
    {
      fingerprint: 'A',
      labels: Labels.of({ alertname: 'A', severity: 'high', i: '10' }),
      annotations: { summary: 'A is bad' },
      startedMs: 10,
      endedMs: 20,
      origin,
      last: { ...origin, peak: '9' },
    },
  ])
})

test('what fired is found by when, what, how bad and by its labels, the newest first', async () => {
  await using it = await testStore()
  await write(
    it.store,
    begun('A', 10),
    { kind: 'ended', fingerprint: 'A', endedMs: 20 },
    begun('B', 30, 'low'),
    begun('A', 40),
  )
  const { store } = it
  const all = [
    ['A', 40, undefined],
    ['B', 30, undefined],
    ['A', 10, 20],
  ]
  expect(found(store, {})).toEqual({ list: all, total: 3, totalIs: 'exact' })
  expect(found(store, {}, 2, 2).list).toEqual([['A', 10, 20]])
  // What fired at some moment of the time that is asked for, whenever it began.
  expect(found(store, { fromMs: 21, toMs: 40 }).list).toEqual([['B', 30, undefined]])
  expect(found(store, { fromMs: 20, toMs: 21 }).list).toEqual([['A', 10, 20]])
  expect(found(store, { alertname: 'A', severity: 'high' }).list).toHaveLength(2)
  expect(found(store, { severity: 'low' }).list).toEqual([['B', 30, undefined]])
  expect(found(store, { fingerprint: 'B' }).list).toHaveLength(1)
  expect(found(store, { matchers: parseMatchers('alertname="A",i=~"1."') })).toEqual({
    list: [['A', 10, 20]],
    total: 1,
    totalIs: 'exact',
  })
  expect(openEpisodes(store.reader).toSorted()).toEqual(['A', 'B'])
})

test('a long list is counted to 10,000', async () => {
  await using it = await testStore()
  const many = Array.from({ length: 10_050 }, (_, i) => begun(`A${i}`, i))
  await write(it.store, ...many)
  expect(found(it.store, {}, 1, 1)).toMatchObject({ total: 10_000, totalIs: 'at_least' })
})

test('the retention forgets what is over, and not what still fires', async () => {
  await using it = await testStore()
  await write(it.store, begun('A', 10), { kind: 'ended', fingerprint: 'A', endedMs: 20 }, begun('B', 5))
  await it.store.writer.run(retainAlerts, { beforeMs: 1000 })
  expect(found(it.store, {}).list).toEqual([['B', 5, undefined]])
})
