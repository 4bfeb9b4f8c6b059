import { createHash } from 'node:crypto'
import { backoffMs } from '../lib/backoff.ts'
import type { Clock } from '../lib/clock.ts'
import { redactText } from '../lib/redact.ts'
import type { AlertEvent } from '../model/alert.ts'
import type { Notification } from '../model/notification.ts'
import type { NewMessage } from '../store/notify.ts'
import {
  type Delivery,
  type DeliveryOutcome,
  type LeaseRequest,
  LONGEST_WAIT_MS,
  type Message,
} from '../store/outbox.ts'
import { DeliveryError, type SendContext } from './channel/channel.ts'

/** What takes messages of one kind out of the outbox: it is set up and only needs to be given one. */
export interface Outlet<Message> {
  readonly name: string
  /** Where it goes, for people; no secrets. */
  readonly target: string
  send(message: Message, context: SendContext): Promise<void>
  /** What a test sends; a notification that says so unless told. */
  readonly sample?: (nowMs: number) => unknown
}

/** A channel that is set up: it only needs to be given a notification. */
export type ReadyChannel = Outlet<Notification>

/** Each outlet by its name in the outbox; whoever puts a message there puts the kind that the outlet takes. */
export type Outlets = ReadonlyMap<string, Outlet<never>>

interface SenderOptions {
  readonly clock: Clock
  readonly lease: (request: LeaseRequest) => Promise<readonly Message[]>
  readonly record: (delivery: Delivery) => Promise<void>
  readonly onDelivery: (report: DeliveryReport) => void
  /** Told when how a try went could not be written down; the lease brings the message back. */
  readonly onError: (error: unknown) => void
}

/** For the log, the metrics and the audit. */
export interface DeliveryReport {
  readonly channel: string
  readonly groupKey: string
  readonly outcome: DeliveryOutcome['kind']
  readonly attempts: number
  readonly tookMs: number
  readonly error: string | undefined
}

const LEASE_MS = 60_000
const TRY_MS = 20_000
/** A channel that hangs holds its own messages back, and no others. */
const MAX_IN_FLIGHT = 50
const MAX_IN_FLIGHT_PER_CHANNEL = 10
const RETRY = { firstMs: 1000, factor: 2, maxMs: 60_000, jitterShare: 0.2 }

/** Works off the outbox: leases what is due, tries it, writes down how it went. A crash in between repeats a message. */
export class Sender {
  readonly #options: SenderOptions
  readonly #inFlight = new Map<Promise<void>, string>()
  /** The end of each line of messages that no disk holds, by channel and group. */
  readonly #unwritten = new Map<string, Promise<void>>()
  #channels: Outlets

  constructor(options: SenderOptions, channels: Outlets) {
    this.#options = options
    this.#channels = channels
  }

  reconfigure(channels: Outlets): void {
    this.#channels = channels
  }

  /** How many tries are under way. */
  get inFlight(): number {
    return this.#inFlight.size
  }

  /** Starts a try for every message that is due, and for those that become due by it; waits for none. */
  async kick(signal: AbortSignal): Promise<void> {
    const free = MAX_IN_FLIGHT - this.#inFlight.size
    if (free <= 0 || signal.aborted) return
    const { lease, clock } = this.#options
    const inFlight: Record<string, number> = Object.create(null)
    for (const channel of this.#inFlight.values()) inFlight[channel] = (inFlight[channel] ?? 0) + 1
    const request = { nowMs: clock.now(), leaseMs: LEASE_MS, limit: free, limitPerChannel: MAX_IN_FLIGHT_PER_CHANNEL }
    for (const message of await lease({ ...request, inFlight: { ...inFlight } })) {
      const work = this.#deliver(message, signal)
        .catch((error: unknown) => this.#options.onError(error))
        .finally(() => {
          this.#inFlight.delete(work)
          // The next message of the same group may go now.
          this.kick(signal).catch((error: unknown) => this.#options.onError(error))
        })
      this.#inFlight.set(work, message.channel)
    }
  }

  /** Resolves when no try is under way. */
  async drain(): Promise<void> {
    while (this.#inFlight.size + this.#unwritten.size > 0) {
      await Promise.all([...this.#inFlight.keys(), ...this.#unwritten.values()])
    }
  }

  /**
   * Sends what could not be written down since the disk refuses, from memory: each until it has arrived or the signal ends
   * it, those of one group and channel one after the other. Waits for none.
   */
  sendUnwritten(messages: readonly NewMessage[], signal: AbortSignal): void {
    for (const message of messages) {
      const key = `${message.channel}\n${message.groupKey}`
      const before = this.#unwritten.get(key) ?? Promise.resolve()
      const work = before
        .then(() => this.#sendUntilDone(message, signal))
        .catch((error: unknown) => this.#options.onError(error))
        .finally(() => {
          if (this.#unwritten.get(key) === work) this.#unwritten.delete(key)
        })
      this.#unwritten.set(key, work)
    }
  }

  async #sendUntilDone(message: NewMessage, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    let done: readonly string[] = []
    for (let attempts = 1; !signal.aborted; attempts++) {
      const startMs = clock.monotonicMs()
      const outcome = await this.#try({ ...message, id: 0, attempts, done }, signal)
      this.#report(message, attempts, outcome, startMs)
      if (outcome.kind !== 'retry') return
      done = outcome.done ?? []
      await clock.sleep(outcome.nextTryMs - clock.now(), signal).catch(() => {})
    }
  }

  async #deliver(message: Message, signal: AbortSignal): Promise<void> {
    const startMs = this.#options.clock.monotonicMs()
    const outcome = await this.#try(message, signal)
    const nowMs = this.#options.clock.now()
    const { id, channel } = message
    const tookMs = this.#options.clock.monotonicMs() - startMs
    await this.#options.record({ id, channel, nowMs, outcome, events: eventsOf(message, outcome, nowMs, tookMs) })
    this.#report(message, message.attempts, outcome, startMs)
  }

  async #try(message: Message, signal: AbortSignal): Promise<DeliveryOutcome> {
    const { clock } = this.#options
    const nowMs = clock.now()
    const channel = this.#channels.get(message.channel)
    if (channel === undefined)
      return { kind: 'given-up', error: `channel ${message.channel} is not configured any more` }
    if (nowMs >= message.expiresMs)
      return { kind: 'given-up', error: 'it could not be delivered before it was too old' }
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(TRY_MS)])
    try {
      const context = { signal: deadline, nowMs, messageId: messageId(message), done: message.done }
      await channel.send(JSON.parse(message.body) as never, context)
      return { kind: 'delivered' }
    } catch (error) {
      const text = redactText((error as Error).message)
      const isFinal = error instanceof DeliveryError && error.retry === 'never'
      if (isFinal) return { kind: 'given-up', error: text }
      const askedMs = Math.min((error instanceof DeliveryError && error.waitMs) || 0, LONGEST_WAIT_MS)
      const waitMs = Math.round(Math.max(backoffMs(message.attempts, RETRY), askedMs))
      const done = [...new Set([...message.done, ...(error instanceof DeliveryError ? error.done : [])])]
      return { kind: 'retry', error: text, nextTryMs: clock.now() + waitMs, done }
    }
  }

  #report(
    { channel, groupKey }: Pick<Message, 'channel' | 'groupKey'>,
    attempts: number,
    outcome: DeliveryOutcome,
    startMs: number,
  ): void {
    const tookMs = this.#options.clock.monotonicMs() - startMs
    const error = outcome.kind === 'delivered' ? undefined : outcome.error
    this.#options.onDelivery({ channel, groupKey, outcome: outcome.kind, attempts, tookMs, error })
  }
}

/** Made of what does not change from try to try, so that a message that no disk holds has one, too. */
function messageId({ channel, groupKey, createdMs, body }: Message): string {
  const hash = createHash('sha256').update(JSON.stringify([channel, groupKey, createdMs, body]))
  return `msg_${hash.digest('base64url').slice(0, 27)}`
}

function eventsOf(message: Message, outcome: DeliveryOutcome, nowMs: number, tookMs: number): AlertEvent[] {
  const { alerts = [] } = JSON.parse(message.body) as Partial<Notification>
  const event = { atMs: nowMs, subject: `channel/${message.channel}`, ...describe(message, outcome, tookMs) }
  return alerts.map(({ fingerprint }) => ({ fingerprint, ...event }))
}

function describe(
  { channel, attempts }: Message,
  outcome: DeliveryOutcome,
  tookMs: number,
): Pick<AlertEvent, 'kind' | 'detail' | 'again'> {
  switch (outcome.kind) {
    case 'delivered':
      return { kind: 'delivered', detail: `by ${channel} in ${Math.round(tookMs)} ms, attempt ${attempts}` }
    case 'retry':
      // The same every time as long as the reason is, so that a day without the other side is one line and a count.
      return {
        kind: 'attempt-failed',
        detail: `${channel}: ${outcome.error}`,
        ...(attempts === 1 ? {} : { again: 1 }),
      }
    case 'given-up':
      return { kind: 'expired', detail: `${channel} gave up after attempt ${attempts}: ${outcome.error}` }
  }
}
