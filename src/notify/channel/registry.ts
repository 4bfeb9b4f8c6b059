import type { Channel } from './channel.ts'
import { email } from './email.ts'
import { pagerduty } from './pagerduty.ts'
import { slack } from './slack.ts'
import { sms } from './sms.ts'
import { webhook } from './webhook.ts'

/**
 * Every channel under its key in `notify:`, which is also its name in `by_severity` and in the outbox. A new one is its own
 * file plus a line here.
 */
export const channels = { slack, email, sms, pagerduty, webhook } as const

export type ChannelName = keyof typeof channels
export type ChannelConfig<Name extends ChannelName> =
  (typeof channels)[Name] extends Channel<infer Config> ? Config : never
/** What is configured; a channel that is not is undefined. */
export type ChannelConfigs = { readonly [Name in ChannelName]: ChannelConfig<Name> | undefined }
