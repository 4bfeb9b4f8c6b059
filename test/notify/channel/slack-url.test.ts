import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import type { Notification } from '../../../src/model/notification.ts'
import { email } from '../../../src/notify/channel/email.ts'
import { slack } from '../../../src/notify/channel/slack.ts'
import { listen } from '../../support/listen.ts'
import { sendContext } from './notification.ts'

const SECRET = 'XyZ123secretOfTheHook'

const notification: Notification = {
  receiver: 'slack',
  status: 'firing',
  reason: 'test',
  groupKey: '{}',
  groupLabels: {},
  commonLabels: {},
  commonAnnotations: {},
  externalUrl: 'http://127.0.0.1:8420',
  alerts: [],
}
const context = () => sendContext()

async function failure(url: string): Promise<string> {
  const sent = slack.send(slack.config.parse(url), notification, context())
  return await sent.then(
    () => 'delivered',
    (error: Error) => error.message,
  )
}

test('an error page that repeats the address does not tell it any further', async () => {
  await using server = await listen(
    createServer((request, response) => {
      response.statusCode = 404
      response.end(`The requested URL ${request.url} was not found, nor ${request.url?.split('/').at(-1)}.`)
    }),
  )
  const message = await failure(`http://${server.address}/services/T0/B0/${SECRET}?key=${SECRET}`)
  expect(message).toMatch(/^Slack answered 404 The requested URL /)
  expect(message).not.toContain(SECRET)
})

test('a redirect is a failure, and the message goes nowhere else', async () => {
  const seen: (string | undefined)[] = []
  await using server = await listen(
    createServer((request, response) => {
      seen.push(request.url)
      response.writeHead(307, { location: '/elsewhere' }).end()
    }),
  )
  expect(await failure(`http://${server.address}/services/${SECRET}`)).toMatch(
    /^Slack answered 307 and sends elsewhere/,
  )
  expect(seen).toEqual([`/services/${SECRET}`])
})

test.each(['169.254.169.254', '2852039166', '[::ffff:a9fe:a9fe]', '[fd00:ec2::254]'])(
  'no message goes to what clouds answer at: %s',
  async (host) => {
    expect(await failure(`http://${host}/services/${SECRET}`)).toMatch(/not allowed as a target/)
    const config = email.config.parse({ to: 'oncall@example.org', smtp: `smtp://${host}:25` })
    await expect(email.send(config, notification, context())).rejects.toThrow(/not allowed as a target/)
  },
)
