import { type Broken, withInterval, withReceiver, withRoute } from './broken.ts'

/** What Alertmanager takes and midwatch does not: it can't do it, or it is a mistake that would show at night only. */
export const stricter: readonly Broken[] = [
  {
    name: 'an integration that midwatch does not have',
    text: withReceiver('telegram_configs: [{bot_token: abcdef, chat_id: 1}]'),
    says: '5:5: alertmanager.receivers[0].telegram_configs: midwatch does not speak to Telegram; write webhook_configs with the address of a program that passes it on',
  },
  {
    name: 'SNS',
    text: withReceiver('sns_configs: [{topic_arn: a, sigv4: {region: b}}]'),
    says: '5:5: alertmanager.receivers[0].sns_configs: midwatch does not speak to SNS; for text messages write notify.sms and let routes name the receiver sms, else webhook_configs with a program that passes it on',
  },
  {
    name: 'the older API of PagerDuty',
    text: withReceiver('pagerduty_configs: [{service_key: abcdefgh}]'),
    says: [
      "5:39: alertmanager.receivers[0].pagerduty_configs[0].service_key: service_key is for PagerDuty's Events API v1; write routing_key with the integration key of Events API v2",
    ],
  },
  {
    name: 'a routing key out of a template',
    text: withReceiver(`pagerduty_configs: [{routing_key: '{{ .CommonLabels.key }}'}]`),
    says: '5:39: alertmanager.receivers[0].pagerduty_configs[0].routing_key: is a template; write a receiver for each service, and routes to them',
  },
  {
    name: 'buttons in Slack',
    text: withReceiver(
      'slack_configs: [{api_url: "https://hooks.slack.com/x", actions: [{type: button, text: a, url: b}]}]',
    ),
    says: '5:60: alertmanager.receivers[0].slack_configs[0].actions: buttons need a program that answers them; write links into the text',
  },
  {
    name: 'CRAM-MD5',
    text: withReceiver(
      'email_configs: [{to: a@example.org, from: b@example.org, smarthost: "m.example.org:25", auth_secret: abcdefg}]',
    ),
    says: '5:106: alertmanager.receivers[0].email_configs[0].auth_secret: auth_secret is for CRAM-MD5, which midwatch does not speak; write auth_password',
  },
  {
    name: 'mail to what is no address',
    text: withReceiver('email_configs: [{to: oncall, from: b@example.org, smarthost: "m.example.org:25"}]'),
    says: '5:26: alertmanager.receivers[0].email_configs[0].to: "oncall" is not an e-mail address; write oncall@example.org',
  },
  {
    name: 'OAuth',
    text: withReceiver(
      'webhook_configs: [{url: "http://h.example.org", http_config: {oauth2: {client_id: a, client_secret: bcdefg, token_url: "http://t.example.org"}}}]',
    ),
    says: '5:67: alertmanager.receivers[0].webhook_configs[0].http_config.oauth2: midwatch fetches no OAuth tokens; write authorization with a token that lasts',
  },
  {
    name: 'a certificate without its key',
    text: withReceiver(
      'webhook_configs: [{url: "http://h.example.org", http_config: {tls_config: {cert_file: c.pem}}}]',
    ),
    says: '5:67: alertmanager.receivers[0].webhook_configs[0].http_config.tls_config: has only one of cert_file and key_file; a client certificate needs both',
  },
  {
    name: 'a template that can’t be read',
    text: withReceiver(`slack_configs: [{api_url: "https://hooks.slack.com/x", title: '{{ .Status '}]`),
    says: '5:67: alertmanager.receivers[0].slack_configs[0].title: is not a template that can be expanded: this {{ is not closed with }}',
  },
  {
    name: 'a function that is none',
    text: withReceiver(`slack_configs: [{api_url: "https://hooks.slack.com/x", title: '{{ upper .Status }}'}]`),
    says: '5:67: alertmanager.receivers[0].slack_configs[0].title: is not a template that can be expanded: function "upper" not defined',
  },
  {
    name: 'a template that nothing defines',
    text: withReceiver(`slack_configs: [{api_url: "https://hooks.slack.com/x", text: '{{ template "ours" . }}'}]`),
    says: '5:66: alertmanager.receivers[0].slack_configs[0].text: is not a template that can be expanded: no template "ours" is defined',
  },
  {
    name: 'a month that no calendar has',
    text: withInterval(`months: ['13']`),
    says: `8:18: alertmanager.time_intervals[0].time_intervals[0].months[0]: "13" is not a range; write 'march:may'`,
  },
]

/** What midwatch takes, as newer Alertmanagers do, and 0.25 does not. */
export const newer: readonly { readonly name: string; readonly text: string }[] = [
  {
    name: 'names of labels that are any text',
    text: withRoute(`matchers: ['"a b"="c"', 'grüße=~".+"']\ngroup_by: ['a.b']`),
  },
  {
    name: 'an inhibit rule with a name',
    text: `${withRoute('group_wait: 1s')}inhibit_rules:\n  - name: a\n    source_matchers: [a=b]\n`,
  },
  {
    name: 'a webhook with a timeout',
    text: withReceiver('webhook_configs: [{url: "http://h.example.org", timeout: 5s}]'),
  },
  { name: 'a webhook whose address is in a file', text: withReceiver('webhook_configs: [{url_file: address}]') },
  { name: 'matchers in one text', text: withRoute(`matchers: '{a="b",c=~"d"}'`) },
  {
    name: 'inhibit rules alone, beside the short form',
    text: 'inhibit_rules:\n  - source_matchers: [a=b]\n    target_matchers: [a=c]\n',
  },
]
