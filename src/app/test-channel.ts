import { randomBytes } from 'node:crypto'
import type { Clock } from '../lib/clock.ts'
import { redactText } from '../lib/redact.ts'
import type { Notification } from '../model/notification.ts'
import type { Outlets } from '../notify/sender.ts'
import type { ChannelTest } from '../web/context.ts'

const TEST_MS = 20_000

/** Sends a message that says that it is a test, through the channel's real path and past the outbox. */
export async function testChannel(
  name: string,
  channels: Outlets,
  externalUrl: string,
  clock: Clock,
): Promise<ChannelTest> {
  const channel = channels.get(name)
  if (channel === undefined) return { kind: 'unknown', known: [...channels.keys()] }
  const { target } = channel
  const startMs = clock.monotonicMs()
  try {
    const nowMs = clock.now()
    const message = channel.sample?.(nowMs) ?? testNotification(name, externalUrl, nowMs)
    await channel.send(message as never, {
      signal: AbortSignal.timeout(TEST_MS),
      nowMs,
      messageId: `msg_${randomBytes(20).toString('base64url')}`,
      done: [],
    })
    return { kind: 'delivered', target, tookMs: clock.monotonicMs() - startMs }
  } catch (error) {
    return { kind: 'failed', target, error: redactText((error as Error).message) }
  }
}

function testNotification(channel: string, externalUrl: string, nowMs: number): Notification {
  const labels = { alertname: 'TestAlert', severity: 'low' }
  const annotations = {
    summary: `This is a test: midwatch reaches you by ${channel}`,
    description: 'Nothing is wrong. Somebody wanted to see whether messages arrive.',
  }
  return {
    receiver: channel,
    status: 'firing',
    reason: 'test',
    groupKey: '{}:{alertname="TestAlert"}',
    groupLabels: { alertname: 'TestAlert' },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalUrl,
    alerts: [
      {
        status: 'firing',
        labels,
        annotations,
        startsAtMs: nowMs,
        endsAtMs: undefined,
        generatorUrl: externalUrl,
        fingerprint: '0000000000000000',
      },
    ],
  }
}
