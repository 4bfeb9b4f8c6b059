import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { Secret } from '../../../src/lib/secret.ts'
import { signingSecret, standardHeaders } from '../../../src/notify/channel/signature.ts'
import { webhook } from '../../../src/notify/channel/webhook.ts'
import { fakeWeb, type Taken } from './fakes.ts'
import { alert, NOW, notification, sendContext } from './notification.ts'

const KEY = Buffer.from('a-key-of-thirty-two-bytes-length')
const SECRET = `whsec_${KEY.toString('base64')}`

/** What a receiver does, as the specification of Standard Webhooks says. */
function isGenuine({ headers, body }: Taken): boolean {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
  const expected = createHmac('sha256', KEY).update(signed, 'utf8').digest('base64')
  return String(headers['webhook-signature'])
    .split(' ')
    .some((one) => one === `v1,${expected}`)
}

test('a receiver that knows the key finds the message genuine, and a changed one not', async () => {
  await using it = await fakeWeb((response) => response.end())
  const config = webhook.config.parse({ url: `http://${it.server.address}/`, secret: SECRET })
  await webhook.send(config, notification([alert({ annotations: { summary: 'größer 🌙' } })]), sendContext())
  const [taken] = it.taken as [Taken]
  expect(taken.headers).toMatchObject({
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(NOW / 1000),
    'content-type': 'application/json',
  })
  expect(isGenuine(taken)).toBe(true)
  expect(isGenuine({ ...taken, body: `${taken.body} ` })).toBe(false)
  expect(isGenuine({ ...taken, headers: { ...taken.headers, 'webhook-id': 'msg_2' } })).toBe(false)
})

test('the id stays the same over all tries, so that a receiver can drop the second; the time is that of the try', () => {
  const at = (nowMs: number) => standardHeaders(new Secret(SECRET), { messageId: 'msg_1', nowMs, body: '{}' })
  const [first, second] = [at(1000), at(61_999)]
  expect(second['webhook-id']).toBe(first['webhook-id'])
  expect([first['webhook-timestamp'], second['webhook-timestamp']]).toEqual(['1', '61'])
  expect(second['webhook-signature']).not.toBe(first['webhook-signature'])
})

test('without a secret there is an id and no signature', () => {
  const headers = standardHeaders(undefined, { messageId: 'msg_1', nowMs: 0, body: '{}' })
  expect(Object.keys(headers)).toEqual(['webhook-id', 'webhook-timestamp'])
})

test.each([
  ['hunter2', /does not begin with whsec_/],
  ['whsec_not base64!', /does not begin with whsec_ and go on as base64/],
  [`whsec_${Buffer.alloc(23).toString('base64')}`, /has 23 bytes where 24 to 64 are right/],
  [`whsec_${Buffer.alloc(65).toString('base64')}`, /has 65 bytes/],
])('a secret that is none says how to make one: %#', (text, message) => {
  const { error } = signingSecret.safeParse(text)
  expect(error?.message).toMatch(message)
  expect(error?.message).toContain('openssl rand -base64 32')
  expect(error?.message).not.toContain(text)
})

test('headers and credentials of the operator go along; what midwatch says itself can not be overruled', async () => {
  await using it = await fakeWeb((response) => response.end())
  const url = `http://${it.server.address}/`
  const basic = { basic_auth: { username: 'me', password: 'hünter' }, headers: { 'X-Team': 'shop' } }
  for (const keys of [basic, { bearer_token: 'abcdefgh' }, { headers: { Authorization: 'Token x' } }]) {
    await webhook.send(webhook.config.parse({ url, ...keys }), notification([alert()]), sendContext())
  }
  const seen = it.taken.map(({ headers }) => headers)
  expect(seen[0]).toMatchObject({
    authorization: `Basic ${Buffer.from('me:hünter').toString('base64')}`,
    'x-team': 'shop',
  })
  expect(seen[1]?.authorization).toBe('Bearer abcdefgh')
  expect(seen[2]?.authorization).toBe('Token x')
  for (const name of ['Content-Type', 'webhook-id', 'Host', 'Content-Length']) {
    expect(() => webhook.config.parse({ url, headers: { [name]: 'x' } })).toThrow(/midwatch sets itself/)
  }
  expect(() => webhook.config.parse({ url, bearer_token: 'x', headers: { authorization: 'y' } })).toThrow(
    /more than one/,
  )
})
