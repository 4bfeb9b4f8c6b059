import { expect, test } from 'vitest'
import { Labels } from '../../src/model/labels.ts'
import { tellersOf } from '../../src/notify/about-channels.ts'
import type { Integration } from '../../src/notify/routing.ts'

const about = (channel: string) => ({
  labels: Labels.of({ alertname: 'MidwatchNotificationsFailing', job: 'midwatch', instance: 'a:1', channel }),
})
const other = { labels: Labels.of({ alertname: 'Down', job: 'probe', channel: 'slack' }) }
const integration = (channel: string, fallback?: string): Integration => ({ channel, sendResolved: true, fallback })

const SLACK = integration('slack')
const EMAIL = integration('email')
const SMS = integration('sms')

/** Who tells of these alerts, where the receiver is `own` and the others are there besides. */
function tellers(alerts: Parameters<typeof tellersOf>[0], own: readonly Integration[], ...others: Integration[]) {
  const receivers = new Map([
    ['own', own],
    ['others', others],
  ])
  return tellersOf(alerts, own, receivers).map(({ channel }) => channel)
}

test('an alert about a channel goes to the others of its receiver, and to all that there are where it has none', () => {
  expect(tellers([about('slack')], [SLACK, EMAIL], SMS)).toEqual(['email'])
  expect(tellers([about('slack')], [SLACK], EMAIL, SMS)).toEqual(['email', 'sms'])
  expect(tellers([about('slack'), about('email')], [SLACK, EMAIL], SMS, SLACK)).toEqual(['sms'])
})

test('where one stands in for the channel, that one is told, unless it is the trouble as well', () => {
  const slack = integration('slack', 'sms')
  expect(tellers([about('slack')], [slack], EMAIL, SMS)).toEqual(['sms'])
  expect(tellers([about('slack'), about('sms')], [slack], EMAIL, SMS)).toEqual(['email'])
})

test('the only channel is told of itself: the message waits until it works again', () => {
  expect(tellers([about('slack')], [SLACK])).toEqual(['slack'])
})

test('other alerts go where the routes say, whatever labels they have', () => {
  expect(tellers([other], [SLACK], EMAIL)).toEqual(['slack'])
  expect(tellers([about('slack'), other], [SLACK], EMAIL)).toEqual(['slack'])
})
