import type { Config } from '../config/config.ts'
import { email } from '../notify/channel/email.ts'
import { slack } from '../notify/channel/slack.ts'
import type { ReadyChannel } from '../notify/sender.ts'

/** The channels that the config sets up, by name. */
export function channelsOf({ notify }: Config): ReadonlyMap<string, ReadyChannel> {
  const ready = new Map<string, ReadyChannel>()
  const { slack: slackConfig, email: emailConfig } = notify.channels
  if (slackConfig !== undefined) {
    ready.set('slack', {
      name: 'slack',
      target: slack.target(slackConfig),
      send: (notification, context) => slack.send(slackConfig, notification, context),
    })
  }
  if (emailConfig !== undefined) {
    ready.set('email', {
      name: 'email',
      target: email.target(emailConfig),
      send: (notification, context) => email.send(emailConfig, notification, context),
    })
  }
  return ready
}
