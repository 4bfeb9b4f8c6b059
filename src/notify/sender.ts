import { createHash } from 'node:crypto'
import { backoffMs } from '../lib/backoff.ts'
import type { Clock } from '../lib/clock.ts'
import { redactText } from '../lib/redact.ts'
import type { AlertEvent } from '../model/alert.ts'
import type { Notification } from '../model/notification.ts'
import type { Arrived } from '../store/arrived-file.ts'
import type { NewMessage } from '../store/notify.ts'
import { type Delivery, type DeliveryOutcome, LONGEST_WAIT_MS, type Message, messageIdOf } from '../store/outbox.ts'
import type { LeaseRequest, Parcel } from '../store/outbox-lease.ts'
import type { StandInRequest } from '../store/outbox-stand-in.ts'
import { DeliveryError, type SendContext } from './channel/channel.ts'
import { Allowance, type RateLimit } from './rate-limit.ts'

/** What takes messages of one kind out of the outbox: it is set up and only needs to be given one. */
export interface Outlet<Message> {
  readonly name: string
  /** Where it goes, for people; no secrets. */
  readonly target: string
  send(message: Message, context: SendContext): Promise<void>
  /** What a test sends; a notification that says so unless told. */
  readonly sample?: (nowMs: number) => unknown
  /** Makes one message of what is owed; an outlet without it sends each as it was written down. */
  readonly fold?: (owed: readonly Owed[], nowMs: number) => unknown
  /** How many messages it may send; needs `fold`. */
  readonly limit?: RateLimit | undefined
  /** Who tells, too, what waits here after it has been failing for so long. */
  readonly fallback?: Fallback | undefined
}

/** A message as it was written down, and what has to be said of its way. */
export type Owed = Pick<Message, 'body' | 'createdMs' | 'standIn' | 'toldBy'>

export interface Fallback {
  readonly channel: string
  readonly afterMs: number
}

/** A channel that is set up: it only needs to be given a notification. */
export type ReadyChannel = Outlet<Notification>

/** Each outlet by its name in the outbox; whoever puts a message there puts the kind that the outlet takes. */
export type Outlets = ReadonlyMap<string, Outlet<never>>

interface SenderOptions {
  readonly clock: Clock
  readonly lease: (request: LeaseRequest) => Promise<readonly Parcel[]>
  readonly record: (delivery: Delivery) => Promise<void>
  /** Told at once what has arrived, before that is written down. */
  readonly onArrived?: (arrived: readonly Arrived[]) => void
  /** Told when nothing is under way and all that arrived is written down. */
  readonly onIdle?: () => void
  /** Channels that have been failing since a moment. */
  readonly failing: () => readonly { readonly channel: string; readonly sinceMs: number }[]
  /** Hands what waits on a channel to another one, too. */
  readonly standIn: (request: StandInRequest) => Promise<unknown>
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
  /** Ids of messages that arrived and are not written down as delivered yet. */
  readonly #arrived = new Set<string>()
  /** The end of each line of messages that no disk holds, by channel and group. */
  readonly #unwritten = new Map<string, Promise<void>>()
  readonly #allowances = new Map<string, Allowance>()
  #channels: Outlets = new Map()
  #kicking = Promise.resolve()
  #waiting: { readonly signal: AbortSignal; readonly kick: Promise<void> } | undefined

  constructor(options: SenderOptions, channels: Outlets) {
    this.#options = options
    this.reconfigure(channels)
  }

  /** What of a limit is used up stays so where the limit stays. */
  reconfigure(channels: Outlets): void {
    this.#channels = channels
    const nowMs = this.#options.clock.monotonicMs()
    const before = new Map(this.#allowances)
    this.#allowances.clear()
    for (const [name, { limit }] of channels) {
      if (limit === undefined) continue
      const known = before.get(name)
      const isSame = known?.limit.count === limit.count && known.limit.perMs === limit.perMs
      this.#allowances.set(name, isSame ? known : new Allowance(limit, nowMs))
    }
  }

  /** How many tries are under way. */
  get inFlight(): number {
    return this.#inFlight.size
  }

  /** Starts a try for every message that is due, and for those that become due by it; waits for none. */
  kick(signal: AbortSignal): Promise<void> {
    // One at a time, since each counts what those before it took; one that waits looks for all who ask meanwhile.
    if (this.#waiting?.signal === signal) return this.#waiting.kick
    const kick = this.#kicking
      .catch(() => {})
      .then(() => {
        if (this.#waiting?.kick === kick) this.#waiting = undefined
        return this.#kick(signal)
      })
    this.#waiting = { signal, kick }
    this.#kicking = kick
    return kick
  }

  async #kick(signal: AbortSignal): Promise<void> {
    const free = MAX_IN_FLIGHT - this.#inFlight.size
    if (free <= 0 || signal.aborted) return
    const { lease, clock } = this.#options
    const inFlight: Record<string, number> = Object.create(null)
    for (const channel of this.#inFlight.values()) inFlight[channel] = (inFlight[channel] ?? 0) + 1
    const parcels = await lease({
      nowMs: clock.now(),
      leaseMs: LEASE_MS,
      limit: free,
      limitPerChannel: MAX_IN_FLIGHT_PER_CHANNEL,
      inFlight: { ...inFlight },
      allowed: this.#allowed(),
    })
    for (const parcel of parcels) {
      const { channel } = parcel[0]
      this.#allowances.get(channel)?.take(clock.monotonicMs())
      const work = this.#deliver(parcel, signal)
        .catch((error: unknown) => this.#options.onError(error))
        .finally(() => {
          this.#inFlight.delete(work)
          if (this.#inFlight.size + this.#arrived.size === 0) this.#options.onIdle?.()
          // The next message of the same group may go now.
          this.kick(signal).catch((error: unknown) => this.#options.onError(error))
        })
      this.#inFlight.set(work, channel)
    }
  }

  /** Hands what waits on channels that have been failing for long to those that tell in their place, too. Never rejects. */
  async fallBack(): Promise<void> {
    const { clock, failing, standIn, onError } = this.#options
    const nowMs = clock.now()
    try {
      for (const { channel, sinceMs } of failing()) {
        const fallback = this.#channels.get(channel)?.fallback
        if (fallback === undefined || nowMs - sinceMs < fallback.afterMs) continue
        await standIn({ channel, to: fallback.channel, afterMs: fallback.afterMs, nowMs })
      }
    } catch (error) {
      onError(error)
    }
  }

  /** How many messages each channel with a limit may send now. */
  #allowed(): Record<string, number> {
    const nowMs = this.#options.clock.monotonicMs()
    return Object.fromEntries([...this.#allowances].map(([channel, allowance]) => [channel, allowance.left(nowMs)]))
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
      const outcome = await this.#try([{ ...message, id: 0, attempts, done }], signal)
      this.#report(message, attempts, outcome, startMs)
      if (outcome.kind !== 'retry') return
      done = outcome.done ?? []
      await clock.sleep(outcome.nextTryMs - clock.now(), signal).catch(() => {})
    }
  }

  async #deliver(parcel: Parcel, signal: AbortSignal): Promise<void> {
    const nowMs = this.#options.clock.now()
    const isLate = ({ channel, expiresMs }: Message) => nowMs >= expiresMs && this.#channels.has(channel)
    const late = parcel.filter(isLate)
    if (late.length > 0) {
      const error = 'it could not be delivered before it was too old'
      await this.#record(late, { kind: 'given-up', error }, this.#options.clock.monotonicMs())
    }
    const [first, ...others] = parcel.filter((message) => !isLate(message))
    if (first === undefined) return
    const startMs = this.#options.clock.monotonicMs()
    const alive: Parcel = [first, ...others]
    const ids = alive.map(messageIdOf)
    // What arrived and could not be written down, since the disk refused, comes back when its lease is over.
    const isThere = ids.every((id) => this.#arrived.has(id))
    const outcome: DeliveryOutcome = isThere ? { kind: 'delivered' } : await this.#try(alive, signal)
    if (outcome.kind === 'delivered') this.#noteArrived(alive)
    await this.#record(alive, outcome, startMs)
    for (const id of ids) this.#arrived.delete(id)
  }

  #noteArrived(parcel: Parcel): void {
    const arrived = parcel.map((message) => ({ id: message.id, messageId: messageIdOf(message) }))
    for (const { messageId } of arrived) this.#arrived.add(messageId)
    this.#options.onArrived?.(arrived)
  }

  async #record(messages: readonly Message[], outcome: DeliveryOutcome, startMs: number): Promise<void> {
    const [first] = messages
    if (first === undefined) return
    const { clock, record } = this.#options
    const nowMs = clock.now()
    const { channel } = first
    const how = { together: messages.length, outcome, nowMs, tookMs: clock.monotonicMs() - startMs }
    await record({
      ids: messages.map(({ id }) => id),
      channel,
      nowMs,
      outcome,
      events: messages.flatMap((message) => eventsOf(message, how)),
      instead: this.#channels.get(channel)?.fallback?.channel,
    })
    const groupKey = messages.length === 1 ? first.groupKey : `${messages.length} messages in one`
    this.#report({ channel, groupKey }, Math.max(...messages.map(({ attempts }) => attempts)), outcome, startMs)
  }

  async #try(parcel: Parcel, signal: AbortSignal): Promise<DeliveryOutcome> {
    const { clock } = this.#options
    const nowMs = clock.now()
    const [{ channel: name, done, body, expiresMs }] = parcel
    const channel = this.#channels.get(name)
    if (channel === undefined) return { kind: 'given-up', error: `channel ${name} is not configured any more` }
    if (nowMs >= expiresMs) return { kind: 'given-up', error: 'it could not be delivered before it was too old' }
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(TRY_MS)])
    try {
      const context = { signal: deadline, nowMs, messageId: parcelId(parcel), done }
      await channel.send((channel.fold?.(parcel, nowMs) ?? JSON.parse(body)) as never, context)
      return { kind: 'delivered' }
    } catch (error) {
      const text = redactText((error as Error).message)
      const isFinal = error instanceof DeliveryError && error.retry === 'never'
      if (isFinal) return { kind: 'given-up', error: text }
      const askedMs = Math.min((error instanceof DeliveryError && error.waitMs) || 0, LONGEST_WAIT_MS)
      const attempts = Math.max(...parcel.map((message) => message.attempts))
      const waitMs = Math.round(Math.max(backoffMs(attempts, RETRY), askedMs))
      const arrived = [...new Set([...done, ...(error instanceof DeliveryError ? error.done : [])])]
      return { kind: 'retry', error: text, nextTryMs: clock.now() + waitMs, done: arrived }
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

/** Several messages in one have an id of their own: that of their ids. */
function parcelId(parcel: Parcel): string {
  const [first, ...others] = parcel
  if (others.length === 0) return messageIdOf(first)
  const hash = createHash('sha256').update(parcel.map(messageIdOf).join('\n'))
  return `msg_${hash.digest('base64url').slice(0, 27)}`
}

interface Tried {
  /** How many messages were one. */
  readonly together: number
  readonly outcome: DeliveryOutcome
  readonly nowMs: number
  readonly tookMs: number
}

function eventsOf(message: Message, { together, outcome, nowMs, tookMs }: Tried): AlertEvent[] {
  const { alerts = [] } = JSON.parse(message.body) as Partial<Notification>
  const { detail, ...said } = describe(message, outcome, tookMs)
  const event = {
    atMs: nowMs,
    subject: `channel/${message.channel}`,
    detail: together === 1 ? detail : `${detail} (${together} messages in one)`,
    ...said,
  }
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
