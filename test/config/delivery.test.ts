import { expect, test } from 'vitest'
import { channelsOf } from '../../src/app/channels.ts'
import { describeConfig } from '../../src/config/describe.ts'
import { load, loadFine } from './support.ts'

const CHANNELS = `
  slack: https://hooks.slack.com/services/T0/B0/x
  email: { to: oncall@example.org, smtp: smtp://mail.example.org }
  pagerduty: 0123456789abcdef0123456789abcdef
  webhook: https://hooks.example.org/alerts`

/** What each channel has: its limit, and who tells in its place. */
function delivery(text: string) {
  return Object.fromEntries(
    [...channelsOf(loadFine(text))].map(([name, { limit, fallback }]) => [
      name,
      [
        limit === undefined ? 'off' : `${limit.count}/${limit.perMs / 1000}s`,
        fallback && `${fallback.channel} ${fallback.afterMs / 1000}s`,
      ],
    ]),
  )
}

test('people are spared floods unless told otherwise, machines are not, and nobody has a stand-in', () => {
  expect(delivery(`notify: ${CHANNELS}`)).toEqual({
    slack: ['10/60s', undefined],
    email: ['10/60s', undefined],
    pagerduty: ['off', undefined],
    webhook: ['off', undefined],
  })
})

test('a channel by its name stands in for all others after ten minutes', () => {
  expect(delivery(`notify: ${CHANNELS}\n  fallback: email\n  rate_limit: off`)).toEqual({
    slack: ['off', 'email 600s'],
    email: ['off', undefined],
    pagerduty: ['off', 'email 600s'],
    webhook: ['off', 'email 600s'],
  })
})

test('one limit is for what people read, a named one for whom it names', () => {
  const one = delivery(`notify: ${CHANNELS}\n  rate_limit: 5 per 30s`)
  expect([one.slack?.[0], one.webhook?.[0]]).toEqual(['5/30s', 'off'])
  const named = delivery(`notify: ${CHANNELS}\n  rate_limit: { webhook: 100/hour, slack: off }`)
  const limits = Object.fromEntries(Object.entries(named).map(([name, [limit]]) => [name, limit]))
  expect(limits).toEqual({ slack: 'off', email: '10/60s', webhook: '100/3600s', pagerduty: 'off' })
})

test('receivers of Alertmanager’s keys are named as a whole or channel by channel, and their file stays as it is', () => {
  const text = `
notify:
  sms: { to: "+4915112345678", from: midwatch, account: AC00000000000000000000000000000000, token: abcdefgh }
  fallback: { channel: "on-call/email[0]", after: 2m, for: { chat: sms, "on-call/email[0]": sms, sms: none } }
  rate_limit: { chat: 3 per minute, "chat/webhook[0]": 30 per minute, default: off }
alertmanager:
  route: { receiver: chat }
  receivers:
    - name: chat
      slack_configs: [{ api_url: "https://hooks.slack.com/services/T0/B0/x" }]
      webhook_configs: [{ url: "http://hooks.example.org/" }]
    - name: on-call
      email_configs: [{ to: a@example.org, from: b@example.org, smarthost: "mail.example.org:587" }]
      webhook_configs: [{ url: "http://hooks.example.org/" }]
`
  expect(delivery(text)).toEqual({
    sms: ['off', undefined],
    'chat/slack[0]': ['3/60s', 'sms 120s'],
    'chat/webhook[0]': ['30/60s', 'sms 120s'],
    'on-call/email[0]': ['off', 'sms 120s'],
    'on-call/webhook[0]': ['off', 'on-call/email[0] 120s'],
  })
  const { alertmanager } = describeConfig(loadFine(text)) as { alertmanager: Record<string, unknown> }
  expect(JSON.stringify(alertmanager)).not.toMatch(/fallback|rate_limit/)
})

test('what a variable says stands for the whole', () => {
  const written = { env: { MIDWATCH_NOTIFY_FALLBACK: 'email', MIDWATCH_NOTIFY_RATE_LIMIT: '2 per minute' } }
  const { config } = load(`notify: ${CHANNELS}`, written)
  expect(config?.notify).toMatchObject({
    fallback: { channel: 'email', afterMs: 600_000 },
    rateLimit: { default: { count: 2, perMs: 60_000 } },
  })
})
