import { expect, test } from 'vitest'
import type { AlertEvent, AlertInstance } from '../../src/model/alert.ts'
import { Labels } from '../../src/model/labels.ts'
import { alertEvents, MOST_EVENTS } from '../../src/store/alert-events.ts'
import { loadAlerts, plainEvaluation, retainAlerts, saveEvaluation } from '../../src/store/alerts.ts'
import { checkEvents, loadChecks, saveChecks } from '../../src/store/checks.ts'
import { loadNotify, NO_NOTIFY_CHANGE, retainNotifyLog, saveFlush } from '../../src/store/notify.ts'
import {
  createToken,
  findToken,
  listTokens,
  newToken,
  revokeToken,
  tokenHash,
  touchToken,
} from '../../src/store/tokens.ts'
import { testStore } from '../support/test-store.ts'

const alert: AlertInstance = {
  labels: Labels.of({ alertname: 'A', path: 'ü "x"', __proto: 'y' }),
  annotations: { summary: 'It is down', empty: '' },
  state: 'firing',
  value: 0.1,
  activeAtMs: 1,
  firedAtMs: 2,
  resolvedAtMs: undefined,
  lastSentAtMs: 3,
  keepFiringSinceMs: 4,
}
const evaluation = { nowMs: 5, upserts: [], removals: [], events: [], notify: NO_NOTIFY_CHANGE }

test('an alert comes back with every field, whatever its value is, and goes when it is removed', async () => {
  await using it = await testStore()
  const values = [0.1, Number.NaN, Number.POSITIVE_INFINITY, -1e300]
  const alerts: AlertInstance[] = values.map((value, i) => ({
    ...alert,
    value,
    labels: alert.labels.with('i', String(i)),
    ...(i === 1 ? { frozen: { sinceMs: 5, reason: 'shop is unknown' } } : {}),
  }))
  const upserts = alerts.map((each) => ({ ruleKey: 'r', alert: each }))
  await it.store.writer.run(saveEvaluation, plainEvaluation({ ...evaluation, upserts }))
  await it.reopen()
  expect(loadAlerts(it.store.reader).get('r')).toEqual(alerts)
  const removals = alerts.slice(1).map(({ labels }) => ({ ruleKey: 'r', labels }))
  const resolved = { ...(alerts[0] as AlertInstance), state: 'inactive' as const, resolvedAtMs: 9 }
  const change = { ...evaluation, upserts: [{ ruleKey: 'r', alert: resolved }], removals }
  await it.store.writer.run(saveEvaluation, plainEvaluation(change))
  expect(loadAlerts(it.store.reader).get('r')).toEqual([resolved])
})

test('an evaluation is written whole or not at all', async () => {
  await using it = await testStore()
  const upserts = [{ ruleKey: 'r', alert }]
  const broken = {
    ...NO_NOTIFY_CHANGE,
    groups: [{ routeId: 'a', groupKey: 'b', labels: '[]', nextFlushMs: 0.5, flushed: false }],
  }
  const change = plainEvaluation({ ...evaluation, upserts, notify: broken })
  await expect(it.store.writer.run(saveEvaluation, change)).rejects.toThrow()
  expect(loadAlerts(it.store.reader).size).toBe(0)
})

test('the story of an alert is told from its beginning, and forgotten with the retention', async () => {
  await using it = await testStore()
  const events = [1, 2, 3].map((atMs) => ({
    fingerprint: 'f',
    atMs,
    kind: 'queued',
    detail: String(atMs),
    subject: '',
  }))
  await it.store.writer.run(saveEvaluation, plainEvaluation({ ...evaluation, events }))
  expect(alertEvents(it.store.reader, 'f', 2)).toEqual(events.slice(1).map(once))
  await it.store.writer.run(retainAlerts, { beforeMs: 3 })
  expect(alertEvents(it.store.reader, 'f', 10)).toEqual(events.slice(2).map(once))
})

/** As it is kept. */
function once<Event extends { readonly atMs: number }>(event: Event) {
  return { ...event, lastMs: event.atMs, times: 1 }
}

test('what happens again and again is one event with a count, until something else happens in its place', async () => {
  await using it = await testStore()
  const event = (atMs: number, detail: string, again?: number) => ({
    fingerprint: 'f',
    atMs,
    kind: 'attempt-failed',
    subject: 'channel/slack',
    detail,
    ...(again === undefined ? {} : { again }),
  })
  const write = (...events: readonly AlertEvent[]) =>
    it.store.writer.run(saveEvaluation, plainEvaluation({ ...evaluation, events }))
  await write(event(1, 'refused'), event(2, 'refused', 1), { ...event(3, 'refused'), subject: 'channel/email' })
  await write(event(4, 'refused', 5), event(5, 'timeout', 1), event(6, 'refused', 1))
  const told = alertEvents(it.store.reader, 'f', 10).map(
    ({ atMs, lastMs, times, detail, subject }) => `${atMs}-${lastMs} ${times} ${subject} ${detail}`,
  )
  expect(told).toEqual([
    '1-4 7 channel/slack refused',
    '3-3 1 channel/email refused',
    '5-5 1 channel/slack timeout',
    '6-6 1 channel/slack refused',
  ])
})

test('of an alert that never rests only the newest events are kept, and those of others stay', async () => {
  await using it = await testStore()
  const flapping = Array.from({ length: MOST_EVENTS + 250 }, (_, i) => ({
    fingerprint: 'f',
    atMs: i,
    kind: i % 2 === 0 ? 'firing' : 'resolved',
    detail: '',
  }))
  const other = { fingerprint: 'g', atMs: 0, kind: 'firing', detail: '' }
  await it.store.writer.run(saveEvaluation, plainEvaluation({ ...evaluation, events: [other, ...flapping] }))
  const kept = alertEvents(it.store.reader, 'f', 10_000)
  expect(kept).toHaveLength(MOST_EVENTS)
  expect(kept.at(-1)?.atMs).toBe(MOST_EVENTS + 249)
  expect(alertEvents(it.store.reader, 'g', 10)).toHaveLength(1)
})

test('what was told is known until it expires', async () => {
  await using it = await testStore()
  const row = {
    groupKey: 'g',
    receiver: 'r',
    step: 0,
    integration: 'slack',
    atMs: 1,
    firing: ['a'],
    toldMs: [1],
    resolved: ['b'],
    expiresMs: 10,
  }
  const flush = { ...NO_NOTIFY_CHANGE, messages: [], events: [] }
  await it.store.writer.run(saveFlush, { ...flush, log: [row, { ...row, atMs: 2, firing: [], toldMs: [] }] })
  await it.store.writer.run(retainNotifyLog, { nowMs: 10 })
  expect(loadNotify(it.store.reader).log).toEqual([{ ...row, atMs: 2, firing: [], toldMs: [] }])
  await it.store.writer.run(retainNotifyLog, { nowMs: 11 })
  expect(loadNotify(it.store.reader).log).toEqual([])
})

test('a check comes back with what was last found, without its metrics, and its changes newest first', async () => {
  await using it = await testStore()
  const finding = { outcome: 'up' as const, metrics: [{ name: 'm', value: 1 }], details: { status: 200 } }
  const row = { name: 'shop', state: 'healthy', sinceMs: 1, lastRunMs: 2, lastSuccessMs: undefined, finding }
  const events = [1, 2].map((atMs) => ({ name: 'shop', atMs, state: 'healthy', message: '' }))
  await it.store.writer.run(saveChecks, { rows: [row], events })
  await it.reopen()
  expect(loadChecks(it.store.reader)).toEqual([{ ...row, finding: { ...finding, metrics: [] } }])
  expect(checkEvents(it.store.reader, 'shop', 10)).toEqual(events.toReversed())
})

test('a token is found by its hash alone until it is revoked, by name or id', async () => {
  await using it = await testStore()
  const { writer } = it.store
  const [a, b] = [newToken(), newToken()]
  await writer.run(createToken, { id: a.id, name: 'a', hash: a.hash, scopes: ['read', 'ingest'], nowMs: 1 })
  await writer.run(createToken, { id: b.id, name: 'b', hash: b.hash, scopes: ['admin'], nowMs: 2 })
  await writer.run(touchToken, { id: a.id, nowMs: 5 })
  expect(findToken(it.store.reader, tokenHash(a.text))).toEqual({
    id: a.id,
    name: 'a',
    scopes: ['read', 'ingest'],
    createdMs: 1,
    lastUsedMs: 5,
  })
  expect(await writer.run(revokeToken, { idOrName: 'a', nowMs: 6 })).toBe(true)
  expect(await writer.run(revokeToken, { idOrName: b.id, nowMs: 6 })).toBe(true)
  expect(await writer.run(revokeToken, { idOrName: 'a', nowMs: 6 })).toBe(false)
  expect(findToken(it.store.reader, tokenHash(a.text))).toBeUndefined()
  expect(listTokens(it.store.reader)).toEqual([])
  // Nothing in the file is the token itself.
  expect(JSON.stringify(it.store.reader.statement('SELECT * FROM token').all())).not.toContain(a.text.slice(20))
})
