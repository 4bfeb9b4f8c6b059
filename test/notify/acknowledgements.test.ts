import { describe, expect, test } from 'vitest'
import { fingerprint, Labels } from '../../src/model/labels.ts'
import { Acknowledgements } from '../../src/notify/acknowledgements.ts'
import type { NotifyAlert } from '../../src/notify/notify-alert.ts'
import { loadAcknowledgements, saveAcknowledgements } from '../../src/store/acknowledgements.ts'
import { testStore } from '../support/test-store.ts'
import { Bench, H, M, options, ROOT, S, START } from './bench.ts'

/** A bench on which `maya` takes alerts on. */
function benchWithPeople(acknowledgements = new Acknowledgements(), root = { ...ROOT, repeatIntervalMs: 10 * M }) {
  const bench = new Bench({ ...options(root), acknowledgements })
  return Object.assign(bench, {
    acknowledge(i: string, forMs = 2 * H) {
      const alert = bench.dispatcher.find(idOf(i)) as NotifyAlert
      return acknowledgements.set(alert, { by: 'maya', reason: 'on it', forMs }, bench.nowMs)
    },
    end() {
      return acknowledgements.takeEnded((id) => bench.dispatcher.find(id), bench.nowMs)
    },
  })
}

function idOf(i: string): string {
  return fingerprint(Labels.of({ alertname: 'A', i }))
}

describe('an alert that somebody has taken on', () => {
  test('is not repeated, and its story says why, once', async () => {
    const bench = benchWithPeople()
    await bench.fire({ i: '1' })
    await bench.advance(M)
    bench.acknowledge('1')
    await bench.advance(45 * M)
    expect(bench.told).toEqual(['30 slack: first notification +1'])
    expect(bench.events.filter((event) => event.startsWith('acknowledged'))).toEqual([
      'acknowledged: not repeated for slack: acknowledged by maya until 2026-01-01T02:01:00.000Z: on it',
    ])
  })

  test('is told when it is resolved, however long it was quiet', async () => {
    const bench = benchWithPeople()
    await bench.fire({ i: '1' })
    await bench.advance(M)
    bench.acknowledge('1', 10 * H)
    await bench.advance(3 * H)
    await bench.resolve({ i: '1' })
    await bench.advance(6 * M)
    expect(bench.told.map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'slack: first notification +1',
      'slack: all alerts resolved -1',
    ])
  })

  test('is repeated again when the time is over', async () => {
    const bench = benchWithPeople()
    await bench.fire({ i: '1' })
    await bench.advance(M)
    bench.acknowledge('1', 30 * M)
    await bench.advance(40 * M)
    expect(bench.told).toEqual(['30 slack: first notification +1', '2130 slack: repeat interval elapsed +1'])
  })

  test('keeps nobody from hearing of others in its group, nor of those again', async () => {
    const bench = benchWithPeople()
    await bench.fire({ i: '1' })
    await bench.advance(M)
    bench.acknowledge('1')
    await bench.fire({ i: '2' })
    await bench.advance(20 * M)
    expect(bench.told).toEqual([
      '30 slack: first notification +1',
      '330 slack: new alerts added +1 +2',
      '1230 slack: repeat interval elapsed +1 +2',
    ])
    const { alerts } = bench.notifications.at(-1) as (typeof bench.notifications)[number]
    expect(alerts.map(({ acknowledged }) => acknowledged)).toEqual([
      { by: 'maya', reason: 'on it', untilMs: START + M + 2 * H },
      undefined,
    ])
    bench.acknowledge('2')
    await bench.advance(30 * M)
    expect(bench.told).toHaveLength(3)
  })

  test('is news when it fires anew', async () => {
    const bench = benchWithPeople()
    await bench.fire({ i: '1' })
    await bench.advance(M)
    bench.acknowledge('1')
    await bench.resolve({ i: '1' })
    await bench.advance(6 * M)
    await bench.fire({ i: '1' })
    await bench.advance(16 * M)
    expect(bench.told.slice(2)).toEqual(['450 slack: first notification +1', '1350 slack: repeat interval elapsed +1'])
  })
})

describe('an acknowledgement', () => {
  test('ends with its alert or with its time, and says which', async () => {
    const bench = benchWithPeople()
    await bench.fire({ i: '1' })
    await bench.fire({ i: '2' })
    await bench.fire({ i: '3' })
    for (const i of ['1', '2', '3']) bench.acknowledge(i, i === '2' ? 30 * S : H)
    expect(bench.end()).toEqual([])
    await bench.resolve({ i: '1' })
    await bench.advance(M)
    expect(bench.end().map(({ acknowledgement, why }) => [acknowledgement.fingerprint, why])).toEqual([
      [idOf('1'), 'resolved'],
      [idOf('2'), 'expired'],
    ])
    expect(bench.end()).toEqual([])
  })

  test('of an alert whose sender tells an earlier beginning later still counts', async () => {
    const bench = benchWithPeople()
    await bench.fire({ i: '1' })
    await bench.advance(M)
    bench.acknowledge('1')
    await bench.fire({ i: '1' }, START - M)
    await bench.advance(30 * M)
    expect(bench.told).toHaveLength(1)
  })

  test('is there after a restart, and gone when it has ended', async () => {
    await using it = await testStore()
    const one = { fingerprint: 'a', startsAtMs: 1, atMs: 2, endsAtMs: 3, by: 'maya', reason: '' }
    const change = { made: [one, { ...one, fingerprint: 'b' }], ended: [], events: [], messages: [] }
    await it.store.writer.run(saveAcknowledgements, change)
    await it.store.writer.run(saveAcknowledgements, { ...change, made: [{ ...one, by: 'ben' }], ended: ['b'] })
    await it.reopen()
    expect(loadAcknowledgements(it.store.reader)).toEqual([{ ...one, by: 'ben' }])
  })
})
