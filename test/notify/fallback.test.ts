import { expect, test } from 'vitest'
import { DeliveryError } from '../../src/notify/channel/channel.ts'
import { composeMessage } from '../../src/notify/message.ts'
import { alertEvents } from '../../src/store/alert-events.ts'
import { outboxBacklog } from '../../src/store/outbox.ts'
import { fingerprintOf, senderBench } from './sender-bench.ts'

const S = 1000
const M = 60_000

/** Slack, for which mail tells after ten minutes; Slack is down until a test mends it. */
async function withFallback(...others: string[]) {
  const b = await senderBench('slack', 'email', ...others)
  const slack = b.channel('slack')
  slack.fallback = { channel: 'email', afterMs: 10 * M }
  let isDown = true
  slack.answer = () => {
    if (isDown) throw new DeliveryError('later', 'Slack answered 503')
  }
  b.reconfigure()
  return {
    ...b,
    slack,
    email: b.channel('email'),
    mend() {
      isDown = false
    },
    breakAgain() {
      isDown = true
    },
    /** Looks every ten seconds. */
    async go(ms: number) {
      for (let left = ms; left > 0; left -= 10 * S) {
        await b.it.clock.advance(10 * S)
        await b.pass()
      }
    },
    [Symbol.asyncDispose]: () => b[Symbol.asyncDispose](),
  }
}

test('what waits on a channel that has been failing for ten minutes is told by another, with the reason', async () => {
  await using b = await withFallback()
  await b.owe('slack g fires')
  await b.pass()
  await b.go(9 * M)
  expect(b.email.got).toEqual([])
  await b.go(M + 20 * S)
  expect(b.email.got).toEqual(['fires'])
  const [told] = b.email.notifications
  expect(told && composeMessage(told, b.it.clock.now()).notes).toEqual([
    expect.stringMatching(/^slack has been failing since 00:00:00 UTC \(10 min\), because: Slack answered 503$/),
  ])
  const story = alertEvents(b.it.store.reader, fingerprintOf('g'), 1000)
  expect(story.map(({ kind, detail }) => `${kind} ${detail}`)).toContain(
    'queued for email, in place of slack: Slack answered 503',
  )
  // Once, however long it goes on.
  await b.go(30 * M)
  expect(b.email.got).toEqual(['fires'])
})

test('what waited still goes out when the channel works again, and says that it is late', async () => {
  await using b = await withFallback()
  await b.owe('slack g fires')
  await b.pass()
  await b.go(11 * M)
  b.mend()
  await b.go(2 * M)
  expect(b.slack.got).toEqual(['fires'])
  expect(b.slack.notifications.at(-1)?.notes).toEqual([
    'Late: this was to be told at 00:00:00 UTC; email told it meanwhile.',
  ])
  expect(outboxBacklog(b.it.store.reader).pending).toBe(0)
})

test('while it goes on, a new message is told by the other as soon as it has failed once', async () => {
  await using b = await withFallback()
  await b.owe('slack g fires')
  await b.pass()
  await b.go(11 * M)
  await b.owe('slack h fires')
  // It may arrive right now.
  await b.sender.fallBack()
  await b.it.store.writer.flush()
  expect(b.email.got).toEqual(['fires'])
  await b.go(20 * S)
  expect(b.email.got).toEqual(['fires', 'fires'])
})

test('a channel that failed once long ago, and has had nothing to do since, gets its ten minutes', async () => {
  await using b = await withFallback()
  b.slack.answer = () => {
    throw new DeliveryError('later', 'Slack answered 503')
  }
  await b.owe('slack g fires')
  await b.pass()
  b.slack.answer = () => {
    throw new DeliveryError('never', 'invalid_blocks')
  }
  await b.go(20 * S)
  expect(b.email.got).toEqual(['fires'])
  await b.go(60 * M)
  b.slack.answer = () => {
    throw new DeliveryError('later', 'Slack answered 503')
  }
  await b.owe('slack h fires')
  await b.go(9 * M)
  expect(b.email.got).toEqual(['fires'])
  await b.go(2 * M)
  expect(b.email.got).toEqual(['fires', 'fires'])
})

test('what a channel gives up is told by the other at once', async () => {
  await using b = await withFallback()
  b.slack.answer = () => {
    throw new DeliveryError('never', 'Slack answered 410 no_team')
  }
  await b.owe('slack g fires')
  await b.pass()
  expect(b.email.got).toEqual(['fires'])
  expect(b.email.notifications[0]?.notes).toEqual(['slack could not take this: Slack answered 410 no_team'])
})

test('who was told by the other that it began is told there that it is over, though the channel works again', async () => {
  await using b = await withFallback()
  await b.owe('slack g fires')
  await b.pass()
  await b.go(11 * M)
  b.mend()
  await b.go(2 * M)
  await b.owe('slack g resolved')
  await b.pass()
  await b.pass()
  expect(b.slack.got).toEqual(['fires', 'resolved'])
  expect(b.email.got).toEqual(['fires', 'resolved'])
  expect(b.email.notifications[1]?.notes).toEqual([expect.stringContaining('owed to slack, too')])
  // That was the end of it.
  await b.owe('slack g fires', 'slack g resolved')
  await b.pass()
  expect(b.email.got).toEqual(['fires', 'resolved'])
})

test('the other is told in the order of the group, also where more is owed than it has been handed', async () => {
  await using b = await withFallback()
  await b.owe('slack g fires')
  await b.pass()
  await b.go(11 * M)
  await b.owe('slack g fires-again', 'slack g resolved')
  await b.pass()
  await b.go(2 * M)
  expect(b.email.got).toEqual(['fires', 'fires-again', 'resolved'])
})

test('whoever was to be told the same by the other channel anyway is told once', async () => {
  await using b = await withFallback()
  await b.owe('slack g fires', 'email g fires')
  await b.pass()
  await b.go(15 * M)
  expect(b.email.got).toEqual(['fires'])
  b.mend()
  await b.go(2 * M)
  expect(b.slack.notifications.at(-1)?.notes).toEqual([expect.stringContaining('email told it meanwhile')])
})

test('two channels that tell for each other and both fail send nothing round in a circle', async () => {
  await using b = await withFallback()
  b.email.fallback = { channel: 'slack', afterMs: 10 * M }
  b.email.answer = () => {
    throw new DeliveryError('later', 'no way out')
  }
  b.reconfigure()
  await b.owe('slack g fires', 'email h fires')
  await b.pass()
  await b.go(60 * M)
  // Each is owed by its own channel and by the other, and no more.
  expect(outboxBacklog(b.it.store.reader).pending).toBe(4)
  b.mend()
  b.email.answer = () => {}
  await b.go(3 * M)
  expect(b.slack.got.toSorted()).toEqual(['fires', 'fires'])
  expect(b.email.got.toSorted()).toEqual(['fires', 'fires'])
  expect(outboxBacklog(b.it.store.reader).pending).toBe(0)
})

test('a channel without another one waits as ever', async () => {
  await using b = await withFallback('pager')
  b.channel('pager').answer = () => {
    throw new DeliveryError('later', 'down')
  }
  await b.owe('pager g fires')
  await b.pass()
  await b.go(30 * M)
  expect(b.email.got).toEqual([])
  expect(outboxBacklog(b.it.store.reader).pending).toBe(1)
})

test('what was handed over survives a crash, and is not handed over again', async () => {
  await using b = await withFallback()
  await b.owe('slack g fires')
  await b.pass()
  b.email.answer = () => {
    throw new DeliveryError('later', 'no way out')
  }
  await b.go(11 * M)
  await b.it.reopen()
  const again = b.start()
  b.email.answer = () => {}
  for (let i = 0; i < 12; i++) {
    await b.it.clock.advance(10 * S)
    await again.fallBack()
    await again.kick(new AbortController().signal)
    await again.drain()
    await b.it.store.writer.flush()
  }
  expect(b.email.got).toEqual(['fires'])
})
