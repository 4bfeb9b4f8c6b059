import { describe, expect, test } from 'vitest'
import { DeliveryError } from '../../src/notify/channel/channel.ts'
import { Sender } from '../../src/notify/sender.ts'
import { alertEvents } from '../../src/store/alert-events.ts'
import { StorageError } from '../../src/store/operation.ts'
import { channelStates, nextDueMs, outboxBacklog, recordDelivery, releaseLeases } from '../../src/store/outbox.ts'
import { leaseMessages } from '../../src/store/outbox-lease.ts'
import type { Store } from '../../src/store/store.ts'
import { FOREVER, fingerprintOf, owe, senderBench, settled } from './sender-bench.ts'

const S = 1000
const M = 60_000
const H = 3_600_000

describe('a message', () => {
  test('that is taken leaves the outbox, and the channel and the alert know when', async () => {
    await using b = await senderBench('slack')
    await b.owe('slack g one')
    await b.pass()
    expect(b.channel('slack').got).toEqual(['one'])
    expect(outboxBacklog(b.it.store.reader).pending).toBe(0)
    expect(channelStates(b.it.store.reader)).toMatchObject([{ channel: 'slack', lastSuccessMs: b.it.clock.now() }])
    expect(alertEvents(b.it.store.reader, fingerprintOf('g'), 10)).toMatchObject([
      { kind: 'delivered', detail: 'by slack in 0 ms, attempt 1' },
    ])
    await b.pass()
    expect(b.channel('slack').tries).toHaveLength(1)
  })

  test('that fails is tried again after a while that grows to a minute, until it arrives', async () => {
    await using b = await senderBench('slack')
    await b.owe('slack g one')
    let failures = 0
    b.channel('slack').answer = () => {
      if (failures++ < 12) throw new DeliveryError('later', 'not now')
    }
    const waits: number[] = []
    for (let i = 0; i < 20 && b.channel('slack').got.length === 0; i++) {
      await b.pass()
      const dueMs = nextDueMs(b.it.store.reader)
      if (dueMs === undefined) break
      waits.push(dueMs - b.it.clock.now())
      await b.it.clock.advance(dueMs - b.it.clock.now())
    }
    expect(b.errors).toEqual([])
    expect(b.channel('slack').got).toEqual(['one'])
    expect(waits).toHaveLength(12)
    // A day without the other side is not a thousand lines of the alert's story.
    expect(alertEvents(b.it.store.reader, fingerprintOf('g'), 100)).toMatchObject([
      { kind: 'attempt-failed', detail: 'slack: not now', times: 12 },
      { kind: 'delivered', detail: 'by slack in 0 ms, attempt 13' },
    ])
    for (const [i, waitMs] of waits.entries()) {
      const planMs = Math.min(1000 * 2 ** i, M)
      expect(waitMs).toBeGreaterThanOrEqual(planMs * 0.8 - 1)
      expect(waitMs).toBeLessThanOrEqual(Math.min(planMs * 1.2, M) + 1)
    }
    expect(b.reports.map(({ outcome }) => outcome)).toEqual([...new Array(12).fill('retry'), 'delivered'])
    const [state] = channelStates(b.it.store.reader)
    expect(state).toMatchObject({ lastError: 'not now', failingSinceMs: undefined })
  })

  test('waits for as long as the other side asks, within reason', async () => {
    await using b = await senderBench('slack')
    await b.owe('slack g one')
    const asked = [90 * S, 24 * H]
    b.channel('slack').answer = () => {
      throw new DeliveryError('later', 'slow down', { waitMs: asked.shift() as number })
    }
    await b.pass()
    expect(nextDueMs(b.it.store.reader)).toBe(b.it.clock.now() + 90 * S)
    await b.it.clock.advance(90 * S)
    await b.pass()
    expect(nextDueMs(b.it.store.reader)).toBe(b.it.clock.now() + 15 * M)
  })

  test('of which a part has arrived comes again with that, over a restart, and under the same id', async () => {
    await using b = await senderBench('sms')
    await b.owe('sms g one', 'sms g two')
    const arrived = [['+1', '+2'], ['+3'], [], []]
    b.channel('sms').answer = () => {
      const done = arrived.shift()
      if (done !== undefined) throw new DeliveryError('later', 'not all of them', { done })
    }
    await b.pass()
    await b.it.clock.advance(M)
    await b.pass()
    await b.it.reopen()
    const again = b.start()
    await b.it.clock.advance(2 * M)
    await again.kick(FOREVER)
    await settled(again, b.it.store)
    const { contexts } = b.channel('sms')
    expect(contexts.slice(0, 3).map(({ done }) => done)).toEqual([[], ['+1', '+2'], ['+1', '+2', '+3']])
    const ids = contexts.map(({ messageId }) => messageId)
    expect(new Set(ids.slice(0, 3)).size).toBe(1)
    expect(ids[0]).toMatch(/^msg_[\w-]{27}$/)
    b.channel('sms').answer = () => {}
    await b.it.clock.advance(15 * M)
    await again.kick(FOREVER)
    await settled(again, b.it.store)
    await b.it.clock.advance(15 * M)
    await again.kick(FOREVER)
    await settled(again, b.it.store)
    expect(b.channel('sms').got).toEqual(['one', 'two'])
    expect(new Set(contexts.map(({ messageId }) => messageId)).size).toBe(2)
    expect(contexts.at(-1)?.done).toEqual([])
  })

  test('that no disk holds keeps its id and what has arrived of it from try to try', async () => {
    await using b = await senderBench('sms')
    const change = await b.owe('sms g one')
    const arrived = [['+1'], ['+2']]
    b.channel('sms').answer = () => {
      const done = arrived.shift()
      if (done !== undefined) throw new DeliveryError('later', 'not all of them', { done })
    }
    b.sender.sendUnwritten(change.messages, FOREVER)
    await b.it.clock.untilSleeping()
    await b.it.clock.advance(M)
    await b.sender.drain()
    const { contexts } = b.channel('sms')
    expect(contexts.map(({ done }) => done)).toEqual([[], ['+1'], ['+1', '+2']])
    expect(new Set(contexts.map(({ messageId }) => messageId)).size).toBe(1)
  })

  test('that can never be taken is given up at once, and its follower goes on', async () => {
    await using b = await senderBench('slack')
    await b.owe('slack g bad', 'slack g good')
    b.channel('slack').answer = (text) => {
      if (text === 'bad') throw new DeliveryError('never', 'invalid_blocks, token=xoxb-1234567890-abcdef')
    }
    await b.pass()
    expect(b.channel('slack').got).toEqual(['good'])
    expect(b.reports.map(({ outcome }) => outcome)).toEqual(['given-up', 'delivered'])
    expect(b.reports[0]?.error).not.toContain('abcdef')
  })

  test('of a channel that is gone, or that is too old, is given up with the reason', async () => {
    await using b = await senderBench('slack')
    await b.owe('pager g one', 'slack g two')
    await b.it.clock.advance(24 * H)
    await b.pass()
    expect(b.reports.map(({ error }) => error).toSorted()).toEqual([
      'channel pager is not configured any more',
      'it could not be delivered before it was too old',
    ])
    expect(b.channel('slack').tries).toEqual([])
  })

  test('never overtakes an older one of its group and channel, and waits for no other group', async () => {
    await using b = await senderBench('slack', 'email')
    await b.owe('slack g fires', 'slack g resolved', 'slack h other', 'email g fires', 'email g resolved')
    let isDown = true
    b.channel('slack').answer = (text) => {
      if (text === 'fires' && isDown) throw new DeliveryError('later', 'down')
    }
    await b.pass()
    expect(b.channel('slack').got).toEqual(['other'])
    expect(b.channel('email').got).toEqual(['fires', 'resolved'])
    isDown = false
    await b.it.clock.advance(2 * S)
    await b.pass()
    expect(b.channel('slack').got).toEqual(['other', 'fires', 'resolved'])
  })
})

describe('a receiver that hangs', () => {
  test('holds up nobody else, however many messages it has', async () => {
    await using b = await senderBench('slack', 'email')
    await b.owe(...Array.from({ length: 80 }, (_, i) => `slack g${i} hangs`))
    const stop = new AbortController()
    b.channel('slack').answer = (_text, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    await b.sender.kick(stop.signal)
    expect(b.sender.inFlight).toBe(10)
    await b.it.clock.advance(S)
    await b.owe('email g one')
    await b.sender.kick(stop.signal)
    await b.it.store.writer.flush()
    expect(b.channel('email').got).toEqual(['one'])
    expect(b.channel('slack').tries).toHaveLength(10)
    stop.abort()
    await settled(b.sender, b.it.store)
    expect(outboxBacklog(b.it.store.reader).pending).toBe(80)
  })
})

describe('a crash', () => {
  test('between sending and writing it down repeats the message and loses none', async () => {
    await using b = await senderBench('slack')
    await b.owe('slack g one')
    let crash = () => {}
    const crashed = new Promise<void>((resolve) => {
      crash = resolve
    })
    const dying = new Sender(
      {
        clock: b.it.clock,
        lease: (request) => b.it.store.writer.run(leaseMessages, request),
        // The process is gone before this could be written.
        record: () => {
          crash()
          return new Promise(() => {})
        },
        failing: () => [],
        standIn: async () => {},
        onDelivery: () => {},
        onError: () => {},
      },
      new Map([['slack', b.channel('slack')]]),
    )
    await dying.kick(FOREVER)
    await crashed
    expect(b.channel('slack').got).toEqual(['one'])
    // Held by the one that died, until its lease ends or a start releases it.
    await b.pass()
    expect(b.channel('slack').got).toEqual(['one'])
    await b.it.store.writer.run(releaseLeases, {})
    await b.pass()
    expect(b.channel('slack').got).toEqual(['one', 'one'])
    expect(outboxBacklog(b.it.store.reader).pending).toBe(0)
  })

  test('leaves a message that comes back by itself when the lease is over', async () => {
    await using b = await senderBench('slack')
    await b.owe('slack g one')
    const request = { nowMs: b.it.clock.now(), leaseMs: M, limit: 10, limitPerChannel: 10, inFlight: {} }
    expect(await b.it.store.writer.run(leaseMessages, request)).toMatchObject([[{ attempts: 1 }]])
    await b.it.clock.advance(M)
    await b.pass()
    expect(b.reports).toMatchObject([{ outcome: 'delivered', attempts: 2 }])
  })
})

test('what arrived and could not be written down, since the disk was full, is not sent again', async () => {
  await using b = await senderBench('slack')
  await b.owe('slack g one')
  let isFull = true
  const full = b.start({
    record: (delivery) =>
      isFull
        ? Promise.reject(new StorageError('disk full', 'SQLITE_FULL'))
        : b.it.store.writer.run(recordDelivery, delivery),
  })
  await full.kick(FOREVER)
  await settled(full, b.it.store)
  expect(b.errors).toEqual(['disk full'])
  await b.it.clock.advance(M)
  await full.kick(FOREVER)
  await settled(full, b.it.store)
  isFull = false
  await b.it.clock.advance(M)
  await full.kick(FOREVER)
  await settled(full, b.it.store)
  expect(b.channel('slack').tries).toEqual(['one'])
  expect(outboxBacklog(b.it.store.reader).pending).toBe(0)
})

describe('without a disk', () => {
  test('messages are sent from memory until they arrive, in order within a group, while others go on', async () => {
    await using b = await senderBench('slack', 'email')
    const { messages } = await owe(
      { writer: { run: async () => {} } } as unknown as Store,
      b.it.clock,
      'slack g fires',
      'slack g resolved',
      'email g fires',
    )
    let failures = 0
    b.channel('slack').answer = (text) => {
      if (text === 'fires' && failures++ < 3) throw new DeliveryError('later', 'down')
    }
    b.sender.sendUnwritten(messages, FOREVER)
    await b.it.clock.advance(0)
    expect(b.channel('email').got).toEqual(['fires'])
    expect(b.channel('slack').got).toEqual([])
    await b.it.clock.advance(M)
    expect(b.channel('slack').got).toEqual(['fires', 'resolved'])
    await b.sender.drain()
  })

  test('the end of the program ends the tries', async () => {
    await using b = await senderBench('slack')
    const { messages } = await owe({ writer: { run: async () => {} } } as unknown as Store, b.it.clock, 'slack g fires')
    b.channel('slack').answer = () => {
      throw new DeliveryError('later', 'down')
    }
    const stop = new AbortController()
    b.sender.sendUnwritten(messages, stop.signal)
    await b.it.clock.untilSleeping()
    stop.abort()
    await b.sender.drain()
    expect(b.channel('slack').tries).toHaveLength(1)
  })
})

test('a clock that is put back an hour keeps no message waiting for it', async () => {
  await using b = await senderBench('slack')
  await b.owe('slack g one')
  let isDown = true
  b.channel('slack').answer = () => {
    if (isDown) throw new DeliveryError('later', 'down', { waitMs: M })
  }
  await b.pass()
  isDown = false
  b.it.clock.jumpTo(b.it.clock.now() - H)
  await b.pass()
  expect(b.channel('slack').got).toEqual(['one'])
})
