import { setImmediate as yieldToOthers } from 'node:timers/promises'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Clock } from '../lib/clock.ts'
import type { AlertEvent, SentAlert } from '../model/alert.ts'
import { fingerprint } from '../model/labels.ts'
import type { Dispatcher } from '../notify/dispatcher.ts'
import type { StateChange } from '../notify/event.ts'
import type { DeliveryReport, Sender } from '../notify/sender.ts'
import type { EvaluationResult } from '../rule/rule-engine.ts'
import { plainEvaluation, saveEvaluation } from '../store/alerts.ts'
import { type FlushChange, type NewMessage, saveFlush } from '../store/notify.ts'
import { LONGEST_WAIT_MS, nextDueMs } from '../store/outbox.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import type { SelfMetrics } from '../telemetry/self-metrics.ts'
import { alertChanges } from './alert-changes.ts'

interface TellerOptions {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: SelfMetrics
  readonly audit: AuditTrail
  readonly store: Store
  readonly dispatcher: Dispatcher
  readonly sender: Sender
  /** Hands alerts of the rules to Alertmanagers beside us; waits for none. */
  readonly forward?: (alerts: readonly SentAlert[]) => void
  /** The messages by which other systems hear of changes. */
  readonly messagesOf?: (changes: readonly StateChange[]) => readonly NewMessage[]
}

/** Longest sleep between two looks: a message that comes back by its lease is found this soon. */
const LOOK_EVERY_MS = 1000
const ALERTS_AT_ONCE = 500
/** A longer time between two looks means that the machine was suspended or its clock was put forward. */
const SLEPT_MS = 60_000

/** The way from a rule's result to a message that has arrived; nothing on it delays storing or judging. */
export class Teller {
  readonly #options: TellerOptions
  #wake: () => void = () => {}
  #lastLookMs: number | undefined
  #signal = new AbortController().signal

  constructor(options: TellerOptions) {
    this.#options = options
  }

  /** Writes down what an evaluation changed and hands its alerts over, as one operation. */
  noteEvaluation(result: EvaluationResult): void {
    const { clock, store, log, forward } = this.#options
    forward?.(result.sent)
    const { events, ...notify } = this.#options.dispatcher.take(result.sent, clock.now())
    const messages = this.#options.messagesOf?.(alertChanges(result)) ?? []
    const change = plainEvaluation({ ...result, events: [...result.events, ...events], notify, messages })
    store.writer.run(saveEvaluation, change).catch((error: unknown) => {
      log.error(
        { event: 'alert.not_stored', err: error },
        'alert states are kept in memory only until the disk works again',
      )
      this.sendUnwritten(messages)
    })
    this.#auditAlerts(result)
    this.#wake()
  }

  /**
   * Takes alerts over that somebody posted.
   *
   * @throws StorageError when they could not be written down
   */
  async takePosted(sent: readonly SentAlert[]): Promise<void> {
    const { clock, store, dispatcher } = this.#options
    const nowMs = clock.now()
    const { events, ...notify } = dispatcher.take(sent, nowMs)
    await store.writer.run(saveEvaluation, plainEvaluation({ nowMs, upserts: [], removals: [], events, notify }))
    this.#wake()
  }

  /** Something changed that decides who is told: groups are looked at soon. */
  wake(): void {
    this.#wake()
  }

  /** Sends from memory what the disk refuses; only a crash right now could lose it. */
  sendUnwritten(messages: readonly NewMessage[]): void {
    this.#options.sender.sendUnwritten(messages, this.#signal)
  }

  noteDelivery({ channel, groupKey, outcome, attempts, tookMs, error }: DeliveryReport): void {
    const { metrics, log, audit } = this.#options
    const isDelivered = outcome === 'delivered'
    metrics.notificationsSent.inc({ channel, outcome: isDelivered ? 'success' : 'failure' })
    if (!isDelivered) metrics.notificationsFailed.inc({ channel })
    const fields = {
      event: `notification.${outcome}`,
      channel,
      group: groupKey,
      attempts,
      duration_ms: Math.round(tookMs),
    }
    if (isDelivered) log.info(fields, 'notification delivered')
    else
      log.warn(
        { ...fields, error },
        outcome === 'retry' ? 'notification failed, to be tried again' : 'notification given up',
      )
    audit
      .record([
        {
          event: 'notification.sent',
          actor: 'midwatch',
          action: 'deliver',
          resource: `channel/${channel}`,
          outcome: isDelivered ? 'success' : 'failure',
          durationMs: tookMs,
          attributes: { group: groupKey, attempts, ...(error === undefined ? {} : { error }) },
        },
      ])
      .catch((thrown: unknown) =>
        log.error({ event: 'audit.failed', err: thrown }, 'an audit record could not be written'),
      )
  }

  /** Looks at due groups and due messages until the signal ends it. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    this.#signal = signal
    while (!signal.aborted) {
      try {
        await this.#look(signal)
      } catch (error) {
        log.error({ event: 'notify.failed', err: error }, 'due notifications could not be looked at')
      }
      await this.#pause(clock.now(), signal)
    }
  }

  /** One pass before the end: what is due goes out, as far as the time allows. */
  async lastPass(signal: AbortSignal): Promise<void> {
    await this.#look(signal)
    await this.#options.sender.drain()
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { clock, store, dispatcher, log } = this.#options
    const nowMs = clock.now()
    if (this.#lastLookMs !== undefined && nowMs - this.#lastLookMs > SLEPT_MS) {
      log.warn(
        { event: 'notify.gap', from: new Date(this.#lastLookMs).toISOString() },
        'this machine slept for a while',
      )
      dispatcher.bridge(this.#lastLookMs, nowMs)
    }
    this.#lastLookMs = nowMs
    await this.#decide(nowMs, signal)
    await this.#options.sender.fallBack()
    const dueMs = nextDueMs(store.reader)
    // Farther away than any wait: the clock was put back.
    const isDue = dueMs !== undefined && (dueMs <= nowMs || dueMs > nowMs + LONGEST_WAIT_MS)
    if (isDue) await this.#options.sender.kick(signal)
  }

  /** Part by part, so that nothing waits for thousands of alerts: whoever else has something to do has its turn in between. */
  async #decide(nowMs: number, signal: AbortSignal): Promise<void> {
    const { dispatcher } = this.#options
    const saved: Promise<void>[] = []
    for (;;) {
      const change = dispatcher.flush(nowMs, ALERTS_AT_ONCE)
      if (change === undefined) break
      saved.push(this.#save(change, signal))
      if ((dispatcher.nextDueMs ?? Number.POSITIVE_INFINITY) > nowMs) break
      await yieldToOthers()
    }
    await Promise.all(saved)
  }

  async #save(change: FlushChange, signal: AbortSignal): Promise<void> {
    const { store, log } = this.#options
    try {
      await store.writer.run(saveFlush, change)
    } catch (error) {
      // People are told all the same; only a crash right now could lose it.
      log.error(
        { event: 'notify.not_stored', err: error },
        'messages are sent from memory, since the disk refuses them',
      )
      this.#options.sender.sendUnwritten(change.messages, signal)
    }
  }

  async #pause(nowMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    const groupMs = this.#options.dispatcher.nextDueMs ?? Number.POSITIVE_INFINITY
    const waitMs = Math.min(Math.max(groupMs - nowMs, 0), LOOK_EVERY_MS)
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    const stop = new AbortController()
    const sleep = clock.sleep(waitMs, AbortSignal.any([signal, stop.signal])).catch(() => {})
    await Promise.race([woken, sleep])
    stop.abort()
  }

  #auditAlerts({ events, upserts }: EvaluationResult): void {
    const { audit, log } = this.#options
    const labelsOf = new Map(upserts.map(({ alert }) => [fingerprint(alert.labels), alert.labels]))
    const told: readonly AlertEvent['kind'][] = ['firing', 'resolved']
    const facts = events
      .filter(({ kind }) => told.includes(kind))
      .map((event) => ({
        atMs: event.atMs,
        event: `alert.${event.kind}`,
        actor: 'midwatch',
        action: event.kind,
        resource: `alert/${labelsOf.get(event.fingerprint)?.get('alertname') ?? event.fingerprint}`,
        attributes: {
          labels: labelsOf.get(event.fingerprint)?.toObject() ?? {},
          detail: event.detail,
          fingerprint: event.fingerprint,
        },
      }))
    if (facts.length === 0) return
    for (const { resource, event, attributes } of facts) log.warn({ event, alert: resource, ...attributes }, event)
    audit
      .record(facts)
      .catch((error: unknown) =>
        log.error({ event: 'audit.failed', err: error }, 'an audit record could not be written'),
      )
  }
}
