import { z } from 'zod'
import { emailConfigs } from './email.ts'
import { eachRefused, text } from './fields.ts'
import type { IntegrationDefinition } from './integration.ts'
import { pagerdutyConfigs } from './pagerduty.ts'
import { slackConfigs } from './slack.ts'
import { webhookConfigs } from './webhook.ts'

/** Every integration of Alertmanager's that midwatch does, in alphabetical order. A new one is its own file plus a line here. */
export const integrations: readonly IntegrationDefinition[] = [
  emailConfigs,
  pagerdutyConfigs,
  slackConfigs,
  webhookConfigs,
]

const OTHERS: Readonly<Record<string, string>> = {
  discord: 'Discord',
  incidentio: 'incident.io',
  jira: 'Jira',
  mattermost: 'Mattermost',
  msteams: 'Microsoft Teams',
  msteamsv2: 'Microsoft Teams',
  opsgenie: 'Opsgenie',
  pushover: 'Pushover',
  rocketchat: 'Rocket.Chat',
  telegram: 'Telegram',
  victorops: 'VictorOps',
  webex: 'Webex',
  wechat: 'WeChat',
}

const SNS =
  'midwatch does not speak to SNS; for text messages write notify.sms and let routes name the receiver sms, else webhook_configs with a program that passes it on'

const refusedConfigs = eachRefused({
  ...Object.fromEntries(
    Object.entries(OTHERS).map(([key, name]) => [
      `${key}_configs`,
      `midwatch does not speak to ${name}; write webhook_configs with the address of a program that passes it on${key === 'mattermost' ? ', or slack_configs, whose messages it takes' : ''}`,
    ]),
  ),
  sns_configs: SNS,
})

export const receiver = z.strictObject(
  {
    name: text.min(1, { error: 'is empty; write a name such as team-shop' }).describe('The name that routes say.'),
    ...Object.fromEntries(integrations.map(({ key, schema }) => [key, z.array(schema).optional()])),
    ...refusedConfigs,
  },
  { error: 'is not a receiver; write {name: …, slack_configs: […]}' },
)
