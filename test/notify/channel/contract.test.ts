import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Notification } from '../../../src/model/notification.ts'
import type { Channel, SendContext } from '../../../src/notify/channel/channel.ts'
import { channels } from '../../../src/notify/channel/registry.ts'
import { type Delivered, deliveryContract } from './delivery-contract.ts'
import { type Manner, type Member, members } from './members.ts'
import { alert, NOW, notification, sendContext } from './notification.ts'

test('every channel is held to the contract', () => {
  expect(members.map(({ name }) => name)).toEqual(Object.keys(channels))
})

const TAKES: Manner = { kind: 'takes' }

function settingsOf({ name, written }: Member, host: string, port: number): [Channel<unknown>, unknown] {
  const channel = channels[name] as Channel<unknown>
  return [channel, channel.config.parse(written(host, port))]
}

function send(member: Member, port: number, sent: Notification, context: SendContext = sendContext()): Promise<void> {
  const [channel, settings] = settingsOf(member, '127.0.0.1', port)
  return channel.send(settings, sent, context)
}

function deliveredBy(member: Member): Delivered {
  const channel = channels[member.name] as Channel<unknown>
  const settingsFor = (host: string, port: number, more = {}) =>
    channel.config.parse({ ...member.written(host, port), ...more })
  return {
    ...member,
    send: (host, port, context, more) => channel.send(settingsFor(host, port, more), notification([firing]), context),
    describe: (more) => channel.describe(settingsFor('127.0.0.1', 1, more)),
  }
}

const firing = alert({ annotations: { summary: 'The shop is down' }, finding: 'connect: refused' })
const resolved = alert({
  status: 'resolved',
  labels: { alertname: 'Down', check: 'stock', severity: 'high' },
  annotations: { summary: 'The stock was down' },
  endsAtMs: NOW - 60_000,
})

describe.each(members.map((member) => [member.name, member] as const))('%s', (_name, member) => {
  test('tells what fires, what is over, and both at once', async () => {
    await using it = await member.start(TAKES)
    for (const alerts of [[firing], [resolved], [firing, resolved]]) await send(member, it.port, notification(alerts))
    const [fires = '', isOver = '', both = ''] = it.messages
    expect(fires).toMatch(/firing/i)
    expect(fires).toContain('The shop is down')
    expect(isOver).toMatch(/resolved/i)
    expect(isOver).toContain('The stock was down')
    expect(both).toContain('The shop is down')
    expect(both).toContain('The stock was down')
    expect(it.faults()).toEqual([])
  })

  test('says before all else that it is late or comes in place of another, to people', async () => {
    await using it = await member.start(TAKES)
    const notes = ['slack has been failing since 02:14:05 UTC & <long>']
    await send(member, it.port, { ...notification([firing]), notes })
    const { digest } = channels[member.name]
    // A program gets what Alertmanager would post.
    expect(it.messages[0]?.includes('since 02:14:05 UTC &')).toBe(digest !== 'if asked')
    expect(it.faults()).toEqual([])
  })

  test('makes one message of many groups', async () => {
    await using it = await member.start(TAKES)
    const groups = Array.from({ length: 60 }, (_, i) => ({
      labels: { alertname: `Group${i}` },
      alerts: [{ ...firing, labels: { alertname: `Group${i}`, severity: 'high' } }, resolved],
    }))
    const alerts = groups.flatMap((group) => group.alerts)
    await send(member, it.port, { ...notification(alerts), commonLabels: {}, groupLabels: {}, groups })
    expect(it.messages[0]).toMatch(/60 groups|"alerts"/)
    expect(it.messages[0]).toMatch(/Group0/)
    expect(it.faults()).toEqual([])
  })

  test('says the value with what it is held against, where no check tells the reason', async () => {
    await using it = await member.start(TAKES)
    const measured = alert({ measure: '0.32 (threshold > 0.1)', traceIds: ['4bf92f3577b34da6a3ce929d0e0e4736'] })
    await send(member, it.port, notification([measured]))
    // The body of a webhook is Alertmanager's, which has no place for it.
    if (_name === 'webhook') expect(it.messages[0]).not.toContain('0.32')
    else expect(it.messages[0]).toMatch(/0\.32 \(threshold (?:>|&gt;) 0\.1\)/)
    expect(it.faults()).toEqual([])
  })

  test('makes of 500 long alerts a message that is taken, whole signs in it', async () => {
    await using it = await member.start(TAKES)
    const text = (i: number) => `${i} ${'🌙 größer & <b>kleiner</b> '.repeat(250)}`
    const many = Array.from({ length: 500 }, (_, i) =>
      alert({
        labels: { alertname: 'Down', check: `shop-${i}`, note: '𝔘'.repeat(3000) },
        annotations: { summary: text(i), description: text(i) },
      }),
    )
    await send(member, it.port, notification(many))
    expect(it.faults()).toEqual([])
    const [message = ''] = it.messages
    expect(message).toMatch(/\d+ more|details are left out|shop-499/)
    expect(message.isWellFormed()).toBe(true)
    expect(message).not.toContain('\ufffd')
  })

  test('takes whatever strangers write: no sign breaks the message', async () => {
    await using it = await member.start(TAKES)
    const odd = '\u202egnihton\u202c \0 \x1b[31m "quoted" \\ `code` 👩‍👩‍👧 \ud800 \u2028 é x\r\nBcc: all@example.org'
    const labels = { alertname: odd, check: odd, __proto__x: odd }
    await send(member, it.port, notification([alert({ labels, annotations: { summary: odd }, finding: odd })]))
    expect(it.messages).toHaveLength(1)
    expect(it.messages[0]).toContain('quoted')
    expect(it.faults()).toEqual([])
  })

  deliveryContract(deliveredBy(member))

  test('no secret is in its description, its target or what is printed of its settings', () => {
    const [channel, settings] = settingsOf(member, '127.0.0.1', 1)
    const printed = `${inspect(settings, { depth: 9 })}${JSON.stringify(settings)}`
    const told = `${channel.target(settings)}${JSON.stringify(channel.describe(settings))}`
    const isSecret = (text: string) => (secret: string) => text.includes(secret)
    // Telephone numbers are shown with the config, and nowhere else.
    const secrets = member.secrets.filter((secret) => !secret.startsWith('+'))
    expect(secrets.filter(isSecret(printed + told))).toEqual([])
    expect(member.secrets.filter(isSecret(channel.target(settings)))).toEqual([])
    expect(told).not.toContain('undefined')
  })

  test('what describes it says every key again', () => {
    const [channel, settings] = settingsOf(member, '127.0.0.1', 1)
    expect(Object.keys(channel.describe(settings))).toEqual(
      expect.arrayContaining(Object.keys(member.written('127.0.0.1', 1))),
    )
  })
})
