import type { z } from 'zod'
import type { Notification } from '../../model/notification.ts'

/** A notification did not arrive; `retry` says whether waiting can help. */
export class DeliveryError extends Error {
  override readonly name = 'DeliveryError'
  readonly retry: 'later' | 'never'
  /** How long the other side asked us to wait. */
  readonly waitMs: number | undefined
  /** What arrived all the same, named by the channel; the next try gets it back as `SendContext.done`. */
  readonly done: readonly string[]

  constructor(
    retry: 'later' | 'never',
    message: string,
    options?: ErrorOptions & { readonly waitMs?: number; readonly done?: readonly string[] },
  ) {
    super(message, options)
    this.retry = retry
    this.waitMs = options?.waitMs
    this.done = options?.done ?? []
  }
}

export interface SendContext {
  /** Aborted when the try has taken too long. */
  readonly signal: AbortSignal
  readonly nowMs: number
  /** Names the message: the same at every try of it, another one for each other message. */
  readonly messageId: string
  /** Parts that arrived at earlier tries, as the channel named them in `DeliveryError.done`. */
  readonly done: readonly string[]
}

/** One way to tell people; `Config` is what stands under its key in `notify:`, with secrets as `Secret`s. */
export interface Channel<Config> {
  readonly config: z.ZodType<Config>
  /** The key that a plain text stands for: `slack: https://…` is `slack: {url: https://…}`. */
  readonly textKey: string
  /**
   * Whether many messages may become one: unless told otherwise, since people read them; only if it is asked for, since
   * machines do; or never.
   */
  readonly digest: 'by default' | 'if asked' | 'never'
  /** The other side calls people by itself until it hears that somebody has taken the alerts on. */
  readonly keepsIncidents?: true
  /** The settings as plain data, secrets masked. */
  describe(config: Config): Readonly<Record<string, unknown>>
  /** Where it goes, for people: `#alerts`, `oncall@example.org`; no secrets. */
  target(config: Config): string
  /**
   * Tells, and resolves when the other side has taken it.
   *
   * @throws DeliveryError when it has not
   */
  send(config: Config, notification: Notification, context: SendContext): Promise<void>
}
