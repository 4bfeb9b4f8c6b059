import type { AuditFact, AuditTrail } from '../audit/audit-trail.ts'
import type { Clock } from '../lib/clock.ts'
import { type Acknowledgement, describeAcknowledgement } from '../model/acknowledgement.ts'
import type { AlertEvent } from '../model/alert.ts'
import { AcknowledgementError, type AcknowledgementRequest, type Acknowledgements } from '../notify/acknowledgements.ts'
import type { Dispatcher } from '../notify/dispatcher.ts'
import type { EventType, StateChange } from '../notify/event.ts'
import { isResolved } from '../notify/notify-alert.ts'
import { type AcknowledgementChange, saveAcknowledgements } from '../store/acknowledgements.ts'
import type { NewMessage } from '../store/notify.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import type { Doer } from '../web/context.ts'

interface AckDeskOptions {
  readonly clock: Clock
  readonly log: Log
  readonly store: Store
  readonly audit: AuditTrail
  readonly acknowledgements: Acknowledgements
  readonly dispatcher: Pick<Dispatcher, 'find' | 'tellAcknowledged'>
  /** Messages are owed, or a group has to be looked at. */
  readonly onChange: () => void
  /** The messages by which other systems hear of changes. */
  readonly messagesOf: (changes: readonly StateChange[]) => readonly NewMessage[]
}

type Why = 'resolved' | 'expired' | 'taken back'

/** Where alerts are taken on, and given back: written down before anybody is told that they are. */
export class AckDesk {
  readonly #options: AckDeskOptions

  constructor(options: AckDeskOptions) {
    this.#options = options
  }

  /**
   * All of them, or none.
   *
   * @throws AcknowledgementError when one does not fire; StorageError when it could not be written down, and nothing is acknowledged then
   */
  async acknowledge(
    fingerprints: readonly string[],
    request: AcknowledgementRequest,
    doer: Doer,
  ): Promise<readonly Acknowledgement[]> {
    const { acknowledgements, clock, dispatcher, messagesOf } = this.#options
    const nowMs = clock.now()
    const alerts = fingerprints.map((fingerprint) => {
      const alert = dispatcher.find(fingerprint)
      if (alert === undefined || isResolved(alert, nowMs)) {
        throw new AcknowledgementError(`no alert ${fingerprint} fires`)
      }
      return alert
    })
    const before = fingerprints.map((fingerprint) => acknowledgements.find(fingerprint))
    const made = alerts.map((alert) => acknowledgements.set(alert, request, nowMs))
    const changes = made.map((one) => this.#changeOf('alert.acknowledged', one, nowMs, { actor: doer.actor }))
    const events = made.map((one) => eventOf(one, 'acknowledged', describeAcknowledgement(one), nowMs))
    const told = dispatcher.tellAcknowledged(fingerprints, nowMs)
    try {
      const messages = [...messagesOf(changes), ...told.messages]
      await this.#save({ made, ended: [], events: [...events, ...told.events], messages })
    } catch (error) {
      for (const [i, fingerprint] of fingerprints.entries()) acknowledgements.restore(fingerprint, before[i])
      throw error
    }
    await this.#record(made, 'acknowledged', doer)
    return made
  }

  /** @throws AcknowledgementError when nobody has taken it on; StorageError when it could not be written down */
  async takeBack(fingerprint: string, doer: Doer): Promise<void> {
    const { acknowledgements } = this.#options
    const known = acknowledgements.find(fingerprint)
    if (known === undefined) throw new AcknowledgementError(`nobody has acknowledged alert ${fingerprint}`)
    acknowledgements.restore(fingerprint, undefined)
    await this.#end([{ acknowledgement: known, why: 'taken back' }], doer)
  }

  /** Lets go of those whose alerts are resolved, and of those whose time is over. Never rejects. */
  async noteEnded(): Promise<void> {
    const { acknowledgements, clock, dispatcher, log } = this.#options
    const ended = acknowledgements.takeEnded((fingerprint) => dispatcher.find(fingerprint), clock.now())
    if (ended.length === 0) return
    await this.#end(ended, { actor: 'midwatch' }).catch((error: unknown) => {
      log.error({ event: 'ack.not_stored', err: error }, 'the end of an acknowledgement could not be written down yet')
    })
  }

  async #end(
    ended: readonly { readonly acknowledgement: Acknowledgement; readonly why: Why }[],
    doer: Doer,
  ): Promise<void> {
    const { acknowledgements, clock, messagesOf } = this.#options
    const nowMs = clock.now()
    const events = ended.map(({ acknowledgement, why }) => {
      const who = why === 'taken back' ? ` by ${doer.actor}` : ''
      return eventOf(acknowledgement, 'ack-ended', `${why}${who}`, nowMs)
    })
    const changes = ended.map(({ acknowledgement, why }) =>
      this.#changeOf('alert.unacknowledged', acknowledgement, nowMs, { why, actor: doer.actor }),
    )
    const gone = ended.map(({ acknowledgement }) => acknowledgement.fingerprint)
    try {
      await this.#save({ made: [], ended: gone, events, messages: messagesOf(changes) })
    } catch (error) {
      for (const { acknowledgement } of ended) acknowledgements.restore(acknowledgement.fingerprint, acknowledgement)
      throw error
    }
    for (const { acknowledgement, why } of ended) await this.#record([acknowledgement], 'unacknowledged', doer, why)
  }

  async #save(change: AcknowledgementChange): Promise<void> {
    const { store, onChange } = this.#options
    await store.writer.run(saveAcknowledgements, change)
    onChange()
  }

  async #record(acks: readonly Acknowledgement[], action: string, { actor, traceId }: Doer, why?: Why): Promise<void> {
    const facts = acks.map((one): AuditFact => {
      const labels = this.#labelsOf(one.fingerprint)
      return {
        event: `alert.${action}`,
        actor,
        action,
        resource: `alert/${labels.alertname ?? one.fingerprint}`,
        attributes: { ...dataOf(one), labels, ...(why === undefined ? {} : { why }) },
        traceId,
      }
    })
    await this.#options.audit.record(facts)
  }

  #changeOf(type: EventType, one: Acknowledgement, atMs: number, more: Readonly<Record<string, unknown>>): StateChange {
    const data = { ...dataOf(one), labels: this.#labelsOf(one.fingerprint), ...more }
    return { type, subject: `alert/${one.fingerprint}`, atMs, data }
  }

  #labelsOf(fingerprint: string): Readonly<Record<string, string>> {
    return this.#options.dispatcher.find(fingerprint)?.labels.toObject() ?? {}
  }
}

function dataOf({ fingerprint, by, reason, atMs, endsAtMs }: Acknowledgement) {
  const [at, until] = [atMs, endsAtMs].map((ms) => new Date(ms).toISOString())
  return { fingerprint, by, reason, at, until }
}

function eventOf({ fingerprint }: Acknowledgement, kind: AlertEvent['kind'], detail: string, atMs: number): AlertEvent {
  return { fingerprint, atMs, kind, detail }
}
