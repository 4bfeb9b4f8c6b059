import { expect, test } from 'vitest'
import { Teller } from '../../src/app/teller.ts'
import { AuditTrail } from '../../src/audit/audit-trail.ts'
import { Labels } from '../../src/model/labels.ts'
import type { Notification } from '../../src/model/notification.ts'
import { Dispatcher } from '../../src/notify/dispatcher.ts'
import { routeTree } from '../../src/notify/route.ts'
import { Sender } from '../../src/notify/sender.ts'
import type { EvaluationResult } from '../../src/rule/rule-engine.ts'
import { loadNotify } from '../../src/store/notify.ts'
import { failingChannels, outboxBacklog, recordDelivery } from '../../src/store/outbox.ts'
import { leaseMessages } from '../../src/store/outbox-lease.ts'
import { standIn } from '../../src/store/outbox-stand-in.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { SelfMetrics } from '../../src/telemetry/self-metrics.ts'
import { testStore } from '../support/test-store.ts'

const S = 1000
const M = 60_000

/** The way from a rule's result to a channel, over a real store, with a clock that a test moves. */
async function bench() {
  const it = await testStore()
  const { store, clock } = it
  const told: string[] = []
  const waiting = new Set<() => void>()
  const send = async ({ reason, alerts }: Notification) => {
    told.push(`${reason} ${alerts.map(({ labels }) => labels.i).join(' ')}`.slice(0, 60))
    for (const look of waiting) look()
  }
  const metrics = new SelfMetrics()
  const logged: string[] = []
  const log = createLog('info', { write: (line) => void logged.push(line) })
  const dispatcher = new Dispatcher(
    {
      routing: {
        root: routeTree({ receiver: 'team', groupBy: ['alertname'] }),
        receivers: new Map([['team', [{ channel: 'slack', sendResolved: true }]]]),
      },
      stages: [],
      findingOf: () => undefined,
      externalUrl: 'http://watch.example.org',
      expiryMs: 24 * 60 * M,
    },
    loadNotify(store.reader),
    { lastAliveMs: clock.now(), nowMs: clock.now() },
  )
  const sender: Sender = new Sender(
    {
      clock,
      lease: (request) => store.writer.run(leaseMessages, request),
      record: (delivery) => store.writer.run(recordDelivery, delivery),
      failing: () => failingChannels(store.reader),
      standIn: (request) => store.writer.run(standIn, request),
      onDelivery: (report) => teller.noteDelivery(report),
      onError: (error) => log.error({ event: 'notify.failed', err: error }, 'failed'),
    },
    new Map([['slack', { name: 'slack', target: '#a', send }]]),
  )
  const audit = new AuditTrail(store.writer, clock)
  const teller: Teller = new Teller({ clock, log, metrics, audit, store, dispatcher, sender })
  const stop = new AbortController()
  const running = teller.run(stop.signal)
  return {
    it,
    told,
    logged,
    teller,
    /** As the rules do: these fire, each with a text of its own. */
    fire(...texts: string[]) {
      const sent = texts.map((i) => ({
        labels: Labels.of({ alertname: 'A', i }),
        annotations: {},
        startsAtMs: clock.now(),
        endsAtMs: clock.now() + 4 * M,
        generatorUrl: '',
      }))
      const result: EvaluationResult = { nowMs: clock.now(), upserts: [], removals: [], events: [], sent }
      teller.noteEvaluation(result)
    },
    async until(count: number) {
      while (told.length < count) {
        await new Promise<void>((resolve) => {
          const look = () => {
            waiting.delete(look)
            resolve()
          }
          waiting.add(look)
        })
      }
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
      await sender.drain()
      await store.writer.flush()
      metrics.stop()
      await it[Symbol.asyncDispose]()
    },
  }
}

test('an alert is told when its group is due, and nothing is owed afterwards', async () => {
  await using b = await bench()
  b.fire('1')
  await b.it.clock.advance(29 * S)
  expect(b.told).toEqual([])
  await b.it.clock.advance(2 * S)
  await b.until(1)
  expect(b.told).toEqual(['first notification 1'])
  await b.it.store.writer.flush()
  expect(outboxBacklog(b.it.store.reader).pending).toBe(0)
})

test('a full disk keeps nobody from being told, once', async () => {
  await using b = await bench()
  // What no page has room for.
  const text = 'x'.repeat(20_000)
  b.it.disk.fill()
  b.fire(text)
  await b.it.clock.advance(31 * S)
  await b.until(1)
  await b.it.clock.advance(2 * M)
  expect(b.told).toHaveLength(1)
  expect(b.logged.some((line) => line.includes('notify.not_stored'))).toBe(true)
  b.it.disk.free()
  b.fire(text)
  await b.it.clock.advance(M)
  expect(b.told).toHaveLength(1)
  expect(loadNotify(b.it.store.reader).alerts).toHaveLength(1)
})

test('a machine that slept for half an hour takes no alert for resolved', async () => {
  await using b = await bench()
  b.fire('1')
  await b.it.clock.advance(31 * S)
  await b.until(1)
  // Timers stand still while the clock goes on.
  b.it.clock.jumpTo(b.it.clock.now() + 30 * M)
  await b.it.clock.advance(2 * M)
  expect(b.told).toEqual(['first notification 1'])
  expect(b.logged.some((line) => line.includes('notify.gap'))).toBe(true)
  // Nobody says it again: then it is over.
  await b.it.clock.advance(8 * M)
  await b.until(2)
  expect(b.told[1]).toBe('all alerts resolved 1')
})
