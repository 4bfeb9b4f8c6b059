import { z } from 'zod'
import { show } from '../lib/show.ts'
import { formatDuration, parseDuration } from '../model/duration.ts'
import type { Channel } from '../notify/channel/channel.ts'
import { type ChannelName, channels } from '../notify/channel/registry.ts'
import type { RateLimit } from '../notify/rate-limit.ts'
import type { Fallback } from '../notify/sender.ts'
import { refuse } from '../probe/fields.ts'
import type { AlertmanagerReceiver } from './alertmanager/alertmanager.ts'
import type { Collector } from './collector.ts'
import { positiveMs } from './fields.ts'
import { suggest } from './suggest.ts'
import { placeAt, type Written, writtenAt } from './written.ts'

/** What counts unless a channel or receiver is named. */
export const DEFAULT_LIMIT: RateLimit = { count: 10, perMs: 60_000 }
const DEFAULT_AFTER_MS = 10 * 60_000
const NONE = 'none'
const UNLESS_NAMED = 'default'

/** Who tells, too, what waits on a channel that fails. */
export interface FallbackConfig {
  /** Undefined where only those named have one. */
  readonly channel: string | undefined
  readonly afterMs: number
  /** By the name of a channel or a receiver: another channel, or `none`. */
  readonly of: Readonly<Record<string, string>>
}

/** By the name of a channel or a receiver, or `default`; undefined is without a limit. */
export type RateLimitConfig = Readonly<Record<string, RateLimit | undefined>>

const UNITS: Readonly<Record<string, number>> = { second: 1000, minute: 60_000, hour: 3_600_000 }
const RATE = /^([1-9]\d{0,4})\s*(?:per|\/)\s*(?:(second|minute|hour)|(\S+))$/

const rate = z
  .string({ error: 'is not a limit; write one such as 10 per minute, or off' })
  .transform((text, context): RateLimit | undefined => {
    if (text === 'off') return undefined
    const [, count, unit, duration] = RATE.exec(text.trim()) ?? []
    const perMs = unit === undefined ? parseDuration(duration ?? '') : UNITS[unit]
    if (count === undefined || perMs === undefined || perMs <= 0) {
      return refuse(context, `${show(text)} is not a limit; write one such as 10 per minute or 5 per 30s, or off`)
    }
    return { count: Number(count), perMs }
  })

const LIMITS_EXAMPLE = '10 per minute, off, or {default: 10 per minute, sms: 3 per minute}'

export const rateLimit = z
  .union(
    [
      rate.transform((limit): RateLimitConfig => ({ [UNLESS_NAMED]: limit })),
      z.record(z.string(), rate).transform((of): RateLimitConfig => ({ [UNLESS_NAMED]: DEFAULT_LIMIT, ...of })),
    ],
    { error: `is not a limit; write ${LIMITS_EXAMPLE}` },
  )
  .prefault({})
  .describe(
    'How many messages a channel sends at most; more that are due become one. A limit, `off`, or limits by the name of a channel or receiver, and `default`. Webhooks have one only where they are named, PagerDuty has none.',
  )

export const fallback = z
  .union(
    [
      z.string().transform((channel): FallbackConfig => ({ channel, afterMs: DEFAULT_AFTER_MS, of: {} })),
      z
        .strictObject({
          channel: z
            .string({ error: 'is not a channel; write one such as email' })
            .optional()
            .describe('Who tells in the place of all others.'),
          after: positiveMs.default(DEFAULT_AFTER_MS).describe('How long a channel must have been failing.'),
          for: z
            .record(z.string(), z.string({ error: 'is not a channel; write one such as email, or none' }), {
              error: 'is not a map; write {sms: none, team-shop: "on-call/email[0]"}',
            })
            .default({})
            .describe('Another channel, or `none`, by the name of the channel or receiver that fails.'),
        })
        .transform(
          (written): FallbackConfig => ({ channel: written.channel, afterMs: written.after, of: written.for }),
        ),
    ],
    { error: 'is neither a channel nor keys; write email or {channel: email, after: 10m}' },
  )
  .optional()
  .describe(
    'The channel that tells, too, what waits on another one that has been failing for a while; none unless told.',
  )

interface Delivered {
  readonly fallback: FallbackConfig | undefined
  readonly rateLimit: RateLimitConfig
}

/** How a channel's messages are delivered, by its name in the outbox, its receiver and its kind. */
export function deliveryOf(
  { fallback: set, rateLimit: limits }: Delivered,
  { id, receiver, kind }: { readonly id: string; readonly receiver: string | undefined; readonly kind: ChannelName },
): { readonly fallback: Fallback | undefined; readonly limit: RateLimit | undefined } {
  const names = receiver === undefined ? [id] : [id, receiver]
  const asked = names.find((name) => Object.hasOwn(limits, name))
  const { digest } = channels[kind] as Channel<unknown>
  const unlessNamed = digest === 'by default' ? limits[UNLESS_NAMED] : undefined
  const own = names.find((name) => set !== undefined && Object.hasOwn(set.of, name))
  const to = own === undefined ? set?.channel : set?.of[own]
  return {
    limit: digest === 'never' ? undefined : asked === undefined ? unlessNamed : limits[asked],
    fallback:
      set === undefined || to === undefined || to === NONE || to === id
        ? undefined
        : { channel: to, afterMs: set.afterMs },
  }
}

/** Under the keys of the file. */
export function describeDelivery({ fallback: set, rateLimit: limits }: Delivered): Record<string, unknown> {
  return {
    rate_limit: Object.fromEntries(Object.entries(limits).map(([name, limit]) => [name, formatLimit(limit)])),
    ...(set === undefined
      ? {}
      : {
          fallback: {
            ...(set.channel === undefined ? {} : { channel: set.channel }),
            after: formatDuration(set.afterMs),
            ...(Object.keys(set.of).length === 0 ? {} : { for: { ...set.of } }),
          },
        }),
  }
}

/** As it is written in the config. */
export function formatLimit(limit: RateLimit | undefined): string {
  if (limit === undefined) return 'off'
  const unit = Object.entries(UNITS).find(([, ms]) => ms === limit.perMs)?.[0]
  return `${limit.count} per ${unit ?? formatDuration(limit.perMs)}`
}

interface Known {
  readonly root: Written
  readonly collector: Collector
  /** Channels that `notify:` sets up. */
  readonly channels: readonly ChannelName[]
  readonly receivers: readonly AlertmanagerReceiver[]
}

/** Names that stand for nothing, and limits where there can be none. */
export function compareDelivery(
  { fallback: set, rateLimit: limits }: Delivered,
  { root, collector, channels: ours, receivers }: Known,
): void {
  const kinds = new Map<string, ChannelName>(ours.map((name) => [name, name]))
  for (const { integrations } of receivers) for (const { id, channel } of integrations) kinds.set(id, channel)
  const names = [...kinds.keys(), ...receivers.map(({ name }) => name)]
  const fault = (path: readonly string[], message: string) => {
    const full = ['notify', ...path]
    collector.add(placeAt(root, full), full, message)
  }
  const hint = (name: string, known: readonly string[]) => {
    const near = suggest(name, known)
    if (near !== undefined) return `did you mean ${show(near)}?`
    return known.length === 0 ? 'no channel is configured' : `there are ${known.join(', ')}`
  }
  const checkTarget = (path: readonly string[], name: string) => {
    if (kinds.has(name)) return
    const own = receivers.find((receiver) => receiver.name === name)?.integrations[0]
    const message =
      own === undefined
        ? `${show(name)} is not a channel; ${hint(name, [...kinds.keys()])}`
        : `${show(name)} is a receiver; write one of its channels, such as ${show(own.id)}`
    fault(path, message)
  }
  const isShort = writtenAt(root, ['notify', 'fallback'])?.kind === 'text'
  if (set?.channel !== undefined) checkTarget(isShort ? ['fallback'] : ['fallback', 'channel'], set.channel)
  for (const [name, to] of Object.entries(set?.of ?? {})) {
    const path = ['fallback', 'for', name]
    if (!names.includes(name)) fault(path, `${show(name)} is not a channel or receiver; ${hint(name, names)}`)
    if (to !== NONE) checkTarget(path, to)
  }
  for (const [name, limit] of Object.entries(limits)) {
    if (name === UNLESS_NAMED) continue
    const path = ['rate_limit', name]
    if (!names.includes(name)) fault(path, `${show(name)} is not a channel or receiver; ${hint(name, names)}`)
    const kind = kinds.get(name)
    if (limit !== undefined && kind !== undefined && (channels[kind] as Channel<unknown>).digest === 'never') {
      fault(path, `${kind} has an incident for each group, so messages can't become one; remove it`)
    }
  }
}
