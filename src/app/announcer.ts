import type { Clock } from '../lib/clock.ts'
import type { StateChange } from '../notify/event.ts'
import { type EventSink, eventMessages } from '../notify/event-sink.ts'
import type { NewMessage } from '../store/notify.ts'
import { oweMessages } from '../store/outbox.ts'
import type { Store } from '../store/store.ts'

interface AnnouncerOptions {
  readonly clock: Clock
  readonly store: Store
  /** Who is told now, and what this midwatch is called there; undefined when nobody is. */
  readonly sink: () => { readonly sink: EventSink; readonly source: string } | undefined
  /** How long an event is worth delivering. */
  readonly expiryMs: number
  /** Messages are due. */
  readonly onOwed: () => void
  /** Messages could not be written down. */
  readonly onUnwritten: (messages: readonly NewMessage[], error: unknown) => void
}

/** Tells other systems what has changed, by the outbox: written down first, tried until it has arrived. */
export class Announcer {
  readonly #options: AnnouncerOptions

  constructor(options: AnnouncerOptions) {
    this.#options = options
  }

  /** The messages that tell of changes, to be written down together with the changes themselves. */
  messagesOf(changes: readonly StateChange[]): readonly NewMessage[] {
    const told = this.#options.sink()
    if (told === undefined || changes.length === 0) return []
    const { clock, expiryMs } = this.#options
    return eventMessages(changes, told.sink, { source: told.source, nowMs: clock.now(), expiryMs })
  }

  /** Tells of changes that are written down already, or nowhere. Never rejects. */
  async announce(...changes: readonly StateChange[]): Promise<void> {
    const messages = this.messagesOf(changes)
    if (messages.length === 0) return
    const { store, onOwed, onUnwritten } = this.#options
    try {
      await store.writer.run(oweMessages, { messages })
      onOwed()
    } catch (error) {
      onUnwritten(messages, error)
    }
  }
}
