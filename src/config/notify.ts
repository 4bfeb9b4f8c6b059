import { z } from 'zod'
import { show } from '../lib/show.ts'
import { type ChannelConfig, type ChannelConfigs, type ChannelName, channels } from '../notify/channel/registry.ts'
import { type FallbackConfig, fallback, type RateLimitConfig, rateLimit } from './delivery.ts'
import { type EscalationConfig, escalation } from './escalation.ts'
import { flag, positiveMs } from './fields.ts'
import { didYouMean } from './suggest.ts'

export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const
export type Severity = (typeof SEVERITIES)[number]

/** Who is told, by which way, how often. */
export interface NotifyConfig {
  /** What is configured; a channel that is not is undefined. */
  readonly channels: ChannelConfigs
  /** For each severity the channels to use, in order; an empty list tells nobody. */
  readonly bySeverity: Readonly<Record<Severity, readonly ChannelName[]>>
  /** Labels by which alerts come together in one message. */
  readonly groupBy: readonly string[]
  readonly groupWaitMs: number
  readonly groupIntervalMs: number
  readonly repeatMs: number
  readonly sendResolved: boolean
  readonly fallback: FallbackConfig | undefined
  readonly rateLimit: RateLimitConfig
  readonly escalation: EscalationConfig
}

export const CHANNEL_NAMES = Object.keys(channels) as readonly ChannelName[]

/** What a text stands for where keys could be: `slack: https://…` is `slack: {url: https://…}`. */
export const SHORT_FORMS: Readonly<Record<string, string>> = Object.fromEntries([
  ...Object.entries(channels).map(([name, { textKey }]) => [`notify.${name}`, textKey]),
  ['notify.fallback', 'channel'],
  ['notify.rate_limit', 'default'],
  ['events', 'url'],
])

const channelList = z
  .array(z.string({ error: 'is not a channel; write one such as slack' }), {
    error: 'is not a list; write [slack, email]',
  })
  .optional()
  .describe('Channels for alerts of this severity, in order; all of them unless told, `[]` for none.')

const channelSchemas = Object.fromEntries(
  Object.entries(channels).map(([name, { config }]) => [name, (config as z.ZodType).optional()]),
) as { [Name in ChannelName]: z.ZodOptional<z.ZodType<ChannelConfig<Name>>> }

export const notify = z
  .strictObject({
    ...channelSchemas,
    by_severity: z
      .strictObject({ critical: channelList, high: channelList, medium: channelList, low: channelList })
      .default({}),
    group_by: z
      .array(
        z.string().regex(/^(?:[A-Za-z_][A-Za-z0-9_]*|\.\.\.)$/, {
          error: ({ input }) => `${show(input)} is not a label name; write one such as alertname`,
        }),
      )
      .default(['alertname'])
      .describe('Alerts that are equal in these labels come in one message; `...` is all labels.'),
    group_wait: positiveMs.default(10_000).describe('How long the first message of a group waits for others.'),
    group_interval: positiveMs.default(60_000).describe('How soon a change in a group is told.'),
    repeat: positiveMs.default(4 * 3_600_000).describe('How often an alert that stays is told again.'),
    escalation,
    send_resolved: flag(true).describe('Whether it is told when an alert is over.'),
    fallback,
    rate_limit: rateLimit,
  })
  .transform((written): NotifyConfig => {
    const set = Object.fromEntries(CHANNEL_NAMES.map((name) => [name, written[name]])) as unknown as ChannelConfigs
    const configured = CHANNEL_NAMES.filter((name) => set[name] !== undefined)
    const chosen = (severity: Severity) =>
      written.by_severity[severity]?.filter((one): one is ChannelName => isChannelName(one)) ?? configured
    return {
      channels: set,
      bySeverity: { critical: chosen('critical'), high: chosen('high'), medium: chosen('medium'), low: chosen('low') },
      groupBy: written.group_by,
      groupWaitMs: written.group_wait,
      groupIntervalMs: written.group_interval,
      repeatMs: written.repeat,
      sendResolved: written.send_resolved,
      fallback: written.fallback,
      rateLimit: written.rate_limit,
      escalation: written.escalation,
    }
  })

function isChannelName(text: string): text is ChannelName {
  return CHANNEL_NAMES.some((one) => one === text)
}

/** What is wrong with a channel in `by_severity`, or undefined. */
export function channelFault(name: string, configured: readonly string[]): string | undefined {
  if (configured.includes(name)) return undefined
  if (!isChannelName(name))
    return `${show(name)} is not a channel${didYouMean(name, CHANNEL_NAMES, 'the channels are')}`
  const there = configured.length === 0 ? 'no channel is' : `configured: ${configured.join(', ')}`
  return `${show(name)} is not configured (${there}); write notify.${name} or leave it out here`
}
