import { describe, expect, test } from 'vitest'
import { DeliveryError } from '../../src/notify/channel/channel.ts'
import { composeMessage } from '../../src/notify/message.ts'
import { Allowance } from '../../src/notify/rate-limit.ts'
import { alertEvents } from '../../src/store/alert-events.ts'
import { outboxBacklog, releaseLeases } from '../../src/store/outbox.ts'
import { leaseMessages } from '../../src/store/outbox-lease.ts'
import { FOREVER, fingerprintOf, type Receiver, senderBench, settled } from './sender-bench.ts'

const S = 1000
const M = 60_000

const TEN_A_MINUTE = { count: 10, perMs: M }

/** A bench whose Slack may send so many messages. */
async function limited(limit = TEN_A_MINUTE, ...others: string[]) {
  const b = await senderBench('slack', ...others)
  b.channel('slack').limit = limit
  b.reconfigure()
  return b
}

const many = (count: number, text = 'fires') => Array.from({ length: count }, (_, i) => `slack g${i} ${text}`)

/** Every group that messages told of, with what was told of it, in order. */
function toldOf(slack: Receiver): Map<string, string[]> {
  const told = new Map<string, string[]>()
  for (const { alerts } of slack.notifications) {
    for (const { labels, status } of alerts) {
      const group = labels.alertname as string
      told.set(group, [...(told.get(group) ?? []), status])
    }
  }
  return told
}

describe('500 messages that are due at once', () => {
  test('become five: four by themselves, and all the others in one', async () => {
    await using b = await limited()
    await b.owe(...many(500))
    await b.pass()
    const { notifications } = b.channel('slack')
    expect(notifications.map(({ alerts }) => alerts.length)).toEqual([1, 1, 1, 1, 496])
    expect(toldOf(b.channel('slack')).size).toBe(500)
    expect(outboxBacklog(b.it.store.reader).pending).toBe(0)
    expect(alertEvents(b.it.store.reader, fingerprintOf('g499'), 10)).toMatchObject([
      { kind: 'delivered', detail: 'by slack in 0 ms, attempt 1 (496 messages in one)' },
    ])
  })

  test('list groups with the worst first, and count the rest', async () => {
    await using b = await limited()
    await b.owe(...many(100, 'fires-low'), ...many(30, 'resolved'), 'slack worst fires-critical')
    await b.pass()
    const digest = b.channel('slack').notifications.at(-1)
    const text = digest && composeMessage(digest, b.it.clock.now())
    expect(text?.title).toMatch(/^\[FIRING:\d+, RESOLVED:\d+\] \d+ groups: /)
    expect(text?.alerts[0]).toMatchObject({ summary: 'worst', severity: 'critical', status: 'firing' })
    expect(text?.alerts).toHaveLength(15)
    expect(text?.omitted).toBe((digest?.groups?.length ?? 0) - 15)
  })
})

test('a channel without a limit, and machines, get each message by itself', async () => {
  await using b = await limited(TEN_A_MINUTE, 'webhook')
  await b.owe(...Array.from({ length: 30 }, (_, i) => `webhook g${i} fires`))
  await b.pass()
  expect(b.channel('webhook').notifications).toHaveLength(30)
})

test('no more go out in any minute than the limit says, and nothing waits for long', async () => {
  await using b = await limited()
  const times: number[] = []
  b.channel('slack').answer = () => void times.push(b.it.clock.now())
  for (let second = 0; second < 180; second++) {
    await b.owe(`slack g${second} fires`, `slack h${second} fires`)
    await b.pass()
    await b.it.clock.advance(S)
  }
  for (const fromMs of times) {
    expect(times.filter((ms) => ms >= fromMs && ms < fromMs + M).length).toBeLessThanOrEqual(10)
  }
  const gaps = times.slice(1).map((ms, i) => ms - (times[i] as number))
  expect(Math.max(...gaps)).toBeLessThanOrEqual(10 * S)
  await b.it.clock.advance(10 * S)
  await b.pass()
  expect(toldOf(b.channel('slack')).size).toBe(360)
})

test('a digest tells of a group what it owes in order: what began, ended and began again in between is there twice', async () => {
  await using b = await limited({ count: 1, perMs: M })
  await b.owe('slack other fires')
  await b.pass()
  await b.owe('slack g fires', 'slack h fires', 'slack g resolved')
  await b.it.clock.advance(M)
  await b.pass()
  expect(b.channel('slack').notifications).toHaveLength(2)
  const told = toldOf(b.channel('slack'))
  // One episode is told once, as it stands.
  expect(told.get('g')).toEqual(['resolved'])
  expect(told.get('h')).toEqual(['firing'])
  expect(outboxBacklog(b.it.store.reader).pending).toBe(0)
})

test('a message never overtakes one of its group that is under way by itself', async () => {
  await using b = await limited()
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  b.channel('slack').answer = (text) => (text === 'first' ? held : undefined)
  await b.owe('slack g first')
  await b.sender.kick(FOREVER)
  await b.owe('slack g resolved', ...many(20))
  await b.sender.kick(FOREVER)
  await b.it.store.writer.flush()
  expect(toldOf(b.channel('slack')).get('g')).toEqual(['firing'])
  release()
  await settled(b.sender, b.it.store)
  await b.it.clock.advance(10 * S)
  await b.pass()
  expect(toldOf(b.channel('slack')).get('g')).toEqual(['firing', 'resolved'])
})

test('a digest that fails is owed as a whole, and its parts come again', async () => {
  await using b = await limited()
  let isDown = true
  b.channel('slack').answer = () => {
    if (isDown) throw new DeliveryError('later', 'down')
  }
  await b.owe(...many(50))
  await b.pass()
  expect(outboxBacklog(b.it.store.reader).pending).toBe(50)
  isDown = false
  const before = b.channel('slack').notifications.length
  for (let i = 0; i < 12; i++) {
    await b.it.clock.advance(10 * S)
    await b.pass()
  }
  expect(outboxBacklog(b.it.store.reader).pending).toBe(0)
  const alerts = b
    .channel('slack')
    .notifications.slice(before)
    .flatMap((one) => one.alerts)
  expect(new Set(alerts.map(({ fingerprint }) => fingerprint)).size).toBe(50)
  expect(alerts).toHaveLength(50)
})

test('a crash while a digest is under way repeats it and loses nothing', async () => {
  await using b = await limited()
  await b.owe(...many(50))
  const request = { nowMs: b.it.clock.now(), leaseMs: M, limit: 50, limitPerChannel: 10, inFlight: {} }
  const parcels = await b.it.store.writer.run(leaseMessages, { ...request, allowed: { slack: 2 } })
  expect(parcels.map((parcel) => parcel.length)).toEqual([1, 49])
  await b.it.reopen()
  await b.it.store.writer.run(releaseLeases, {})
  const again = b.start()
  await again.kick(FOREVER)
  await settled(again, b.it.store)
  expect(toldOf(b.channel('slack')).size).toBe(50)
  expect(outboxBacklog(b.it.store.reader).pending).toBe(0)
})

test('numbers that a part of a message has reached are not mixed with those that it has not', async () => {
  await using b = await limited({ count: 2, perMs: M })
  const slack = b.channel('slack')
  slack.answer = (text) => {
    if (text === 'half') throw new DeliveryError('later', 'one of two', { done: ['+1'] })
  }
  await b.owe('slack g half')
  await b.pass()
  slack.answer = () => {}
  await b.owe(...many(5))
  for (let i = 0; i < 6; i++) {
    await b.it.clock.advance(30 * S)
    await b.pass()
  }
  const done = slack.contexts.map((context) => context.done)
  expect(done).toContainEqual(['+1'])
  const withDone = slack.notifications[done.findIndex((one, i) => i > 0 && one.length > 0)]
  expect(withDone?.alerts).toHaveLength(1)
  expect(toldOf(slack).size).toBe(6)
})

test('what of a limit is left comes back evenly, and a reload does not give it anew', async () => {
  const allowance = new Allowance({ count: 4, perMs: M }, 0)
  expect(allowance.left(0)).toBe(2)
  allowance.take(0)
  allowance.take(0)
  expect(allowance.left(0)).toBe(0)
  expect(allowance.left(19 * S)).toBe(0)
  expect(allowance.left(20 * S)).toBe(1)
  expect(allowance.left(10 * M)).toBe(2)
  await using b = await limited()
  await b.owe(...many(20))
  await b.pass()
  const { length } = b.channel('slack').notifications
  b.reconfigure()
  await b.owe(...many(20))
  await b.pass()
  expect(b.channel('slack').notifications).toHaveLength(length)
})
