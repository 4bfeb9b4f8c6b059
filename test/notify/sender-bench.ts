import type { Notification } from '../../src/model/notification.ts'
import type { SendContext } from '../../src/notify/channel/channel.ts'
import { foldNotifications } from '../../src/notify/digest.ts'
import type { RateLimit } from '../../src/notify/rate-limit.ts'
import { type DeliveryReport, type Fallback, type ReadyChannel, Sender } from '../../src/notify/sender.ts'
import { type FlushChange, NO_NOTIFY_CHANGE, saveFlush } from '../../src/store/notify.ts'
import { failingChannels, recordDelivery } from '../../src/store/outbox.ts'
import { leaseMessages } from '../../src/store/outbox-lease.ts'
import { standIn } from '../../src/store/outbox-stand-in.ts'
import type { Store } from '../../src/store/store.ts'
import type { ManualClock } from '../support/manual-clock.ts'
import { testStore } from '../support/test-store.ts'

const H = 3_600_000
const START_MS = Date.UTC(2026, 0, 1)
export const FOREVER = new AbortController().signal

/** Of the alert in a group of these tests. */
export function fingerprintOf(group: string): string {
  return group.padEnd(16, 'f')
}

/** About one alert, which is over where the text says so. */
function notification(group: string, reason: string, nowMs: number): Notification {
  const status = reason.startsWith('resolved') ? 'resolved' : 'firing'
  const alert = {
    status,
    labels: { alertname: group, severity: reason.split('-')[1] ?? 'high' },
    annotations: {},
    startsAtMs: START_MS,
    endsAtMs: status === 'resolved' ? nowMs : undefined,
    generatorUrl: '',
    fingerprint: fingerprintOf(group),
  } as const
  return {
    receiver: 'team',
    status,
    reason,
    groupKey: group,
    groupLabels: { alertname: group },
    commonLabels: { alertname: group },
    commonAnnotations: {},
    externalUrl: 'https://watch.example.org',
    alerts: [alert],
  }
}

/** Puts messages into the outbox: `channel group text`. */
export async function owe(store: Store, clock: ManualClock, ...messages: string[]): Promise<FlushChange> {
  const change: FlushChange = {
    ...NO_NOTIFY_CHANGE,
    log: [],
    events: [],
    messages: messages.map((message) => {
      const [channel = '', groupKey = '', text = ''] = message.split(' ')
      const nowMs = clock.now()
      return {
        channel,
        groupKey,
        body: JSON.stringify(notification(groupKey, text, nowMs)),
        createdMs: nowMs,
        expiresMs: nowMs + 24 * H,
      }
    }),
  }
  await store.writer.run(saveFlush, change)
  return change
}

/** A channel whose answers a test decides; what it has taken is in `got`. */
export class Receiver implements ReadyChannel {
  readonly target = 'a test'
  readonly got: string[] = []
  readonly tries: string[] = []
  readonly contexts: SendContext[] = []
  /** All that was tried, as it came. */
  readonly notifications: Notification[] = []
  readonly fold = foldNotifications
  limit: RateLimit | undefined
  fallback: Fallback | undefined
  /** Answers a try: returns, throws, or waits. */
  answer: (text: string, signal: AbortSignal) => Promise<void> | void = () => {}
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  async send(notification: Notification, context: SendContext): Promise<void> {
    const { reason } = notification
    this.notifications.push(notification)
    this.tries.push(reason)
    this.contexts.push(context)
    await this.answer(reason, context.signal)
    this.got.push(reason)
  }
}

export async function senderBench(...names: string[]) {
  const it = await testStore()
  const reports: DeliveryReport[] = []
  const errors: string[] = []
  const channels = new Map(names.map((name) => [name, new Receiver(name)]))
  const start = (others: Partial<ConstructorParameters<typeof Sender>[0]> = {}) =>
    new Sender(
      {
        clock: it.clock,
        lease: (request) => it.store.writer.run(leaseMessages, request),
        record: (delivery) => it.store.writer.run(recordDelivery, delivery),
        failing: () => failingChannels(it.store.reader),
        standIn: (request) => it.store.writer.run(standIn, request),
        onDelivery: (report) => void reports.push(report),
        onError: (error) => void errors.push((error as Error).message),
        ...others,
      },
      channels,
    )
  const sender = start()
  return {
    it,
    sender,
    start,
    reports,
    errors,
    channel: (name: string) => channels.get(name) as Receiver,
    owe: (...messages: string[]) => owe(it.store, it.clock, ...messages),
    /** Takes over what a test has set of the channels. */
    reconfigure: () => sender.reconfigure(channels),
    /** One pass, to its end. */
    async pass() {
      await sender.fallBack()
      await sender.kick(FOREVER)
      await settled(sender, it.store)
    },
    [Symbol.asyncDispose]: () => it[Symbol.asyncDispose](),
  }
}

/** Ends when nothing is under way and nothing more was found to send. */
export async function settled(sender: Sender, store: Store): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await sender.drain()
    await store.writer.flush()
  }
}
