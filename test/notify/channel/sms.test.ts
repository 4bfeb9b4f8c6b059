import { describe, expect, test } from 'vitest'
import { DeliveryError } from '../../../src/notify/channel/channel.ts'
import { type SmsConfig, sms } from '../../../src/notify/channel/sms.ts'
import { cutToSegments, fitLines, plainSigns, segmentCount } from '../../../src/notify/channel/sms-text.ts'
import { type Answer, fakeWeb } from './fakes.ts'
import { alert, notification, sendContext } from './notification.ts'

const GOOD = '+15005550001'
const ALSO_GOOD = '+15005550002'
const BUSY = '+15005550003'
const UNKNOWN = '+15005550004'
const ACCOUNT = `AC${'0'.repeat(32)}`

const toOf = (body: string) => new URLSearchParams(body).get('To') ?? ''

/** As Twilio answers: one number is no number, one can't be reached for the time being. */
const twilio: Answer = (response, { body }) => {
  const to = toOf(body)
  if (to === BUSY) return void response.writeHead(503, { 'retry-after': '7' }).end()
  if (to === UNKNOWN) {
    const message = `The 'To' number ${to} is not a valid phone number.`
    return void response.writeHead(400).end(JSON.stringify({ code: 21211, message, status: 400 }))
  }
  response.writeHead(201).end('{"sid":"SM1"}')
}

function configOf(port: number, ...to: string[]): SmsConfig {
  const written = { to, from: '+15005550006', account: ACCOUNT, token: 'canary', url: `http://127.0.0.1:${port}` }
  return sms.config.parse(written)
}

async function failure(sending: Promise<void>): Promise<DeliveryError> {
  const error = await sending.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(DeliveryError)
  return error as DeliveryError
}

describe('a message for several telephones', () => {
  test('is one request for each, as Twilio takes it', async () => {
    await using it = await fakeWeb(twilio)
    await sms.send(configOf(it.server.port, GOOD, ALSO_GOOD, GOOD), notification([alert()]), sendContext())
    expect(it.taken.map(({ body }) => toOf(body)).sort()).toEqual([GOOD, ALSO_GOOD])
    const [{ path, headers, body }] = it.taken as [(typeof it.taken)[0]]
    expect(path).toBe(`/2010-04-01/Accounts/${ACCOUNT}/Messages.json`)
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(Buffer.from(headers.authorization?.slice(6) ?? '', 'base64').toString()).toBe(`${ACCOUNT}:canary`)
    expect(new URLSearchParams(body).get('From')).toBe('+15005550006')
  })

  test('goes to none twice when one of them has to be tried again', async () => {
    await using it = await fakeWeb(twilio)
    const config = configOf(it.server.port, GOOD, BUSY, ALSO_GOOD)
    const error = await failure(sms.send(config, notification([alert()]), sendContext()))
    expect(error).toMatchObject({ retry: 'later', waitMs: 7000 })
    expect([...error.done].sort()).toEqual([GOOD, ALSO_GOOD])
    expect(error.message).toBe('1 of 3 numbers not reached: +15…003: Twilio answered 503')
    it.taken.length = 0
    it.answer = (response) => response.writeHead(201).end('{}')
    await sms.send(config, notification([alert()]), sendContext(undefined, { done: error.done }))
    expect(it.taken.map(({ body }) => toOf(body))).toEqual([BUSY])
  })

  test('that one of them never takes is given up when the others have it, and says which, not in full', async () => {
    await using it = await fakeWeb(twilio)
    const error = await failure(
      sms.send(configOf(it.server.port, GOOD, UNKNOWN), notification([alert()]), sendContext()),
    )
    expect(error).toMatchObject({ retry: 'never', done: [GOOD] })
    expect(error.message).toContain(
      "1 of 2 numbers not reached: +15…004: Twilio answered 400 21211 The 'To' number +15…004 is not a valid phone",
    )
  })

  test('waits for as long as one of them may still get it', async () => {
    await using it = await fakeWeb(twilio)
    const config = configOf(it.server.port, UNKNOWN, BUSY)
    expect((await failure(sms.send(config, notification([alert()]), sendContext()))).retry).toBe('later')
  })

  test('waits while the sender is not right, which can be mended', async () => {
    await using it = await fakeWeb(
      (response) => void response.writeHead(400).end('{"code":21606,"message":"The From number is not yours"}'),
    )
    expect(
      (await failure(sms.send(configOf(it.server.port, GOOD), notification([alert()]), sendContext()))).retry,
    ).toBe('later')
  })

  test('names those who got it before the time was over', async () => {
    const stop = new AbortController()
    await using it = await fakeWeb((response, taken) => {
      if (toOf(taken.body) === BUSY) stop.abort()
      else twilio(response, taken)
    })
    const config = configOf(it.server.port, GOOD, BUSY)
    const error = await failure(sms.send(config, notification([alert()]), sendContext(stop.signal)))
    expect(error.retry).toBe('later')
    expect(error.done.length).toBeLessThanOrEqual(1)
    expect(error.message).toContain('did not answer in time')
  })
})

test('a messaging service and an API key are used where they are named', async () => {
  await using it = await fakeWeb(twilio)
  const [service, key] = [`MG${'1'.repeat(32)}`, `SK${'2'.repeat(32)}`]
  const config = sms.config.parse({
    to: GOOD,
    from: service,
    account: ACCOUNT,
    api_key: key,
    token: 'canary',
    url: `http://127.0.0.1:${it.server.port}`,
  })
  await sms.send(config, notification([alert()]), sendContext())
  const form = new URLSearchParams(it.taken[0]?.body)
  expect([form.get('MessagingServiceSid'), form.get('From')]).toEqual([service, null])
  expect(Buffer.from(it.taken[0]?.headers.authorization?.slice(6) ?? '', 'base64').toString()).toBe(`${key}:canary`)
})

test('says what, why and since when, with a link that a telephone can open', async () => {
  await using it = await fakeWeb(twilio)
  const sent = notification([alert({ finding: 'connect: refused' })])
  await sms.send(configOf(it.server.port, GOOD), sent, sendContext())
  await sms.send(configOf(it.server.port, GOOD), { ...sent, externalUrl: 'http://127.0.0.1:8420' }, sendContext())
  const [first, second] = it.taken.map(({ body }) => new URLSearchParams(body).get('Body'))
  expect(first).toBe(
    [
      '[FIRING:1] Down, critical: shop',
      'The shop is down (connect: refused), since 02:52:05 UTC (12 min)',
      'https://watch.example.org/alerts/ffffffffffffffff',
    ].join('\n'),
  )
  expect(second).not.toContain('http')
})

test('counts the alerts for which there is no room', async () => {
  await using it = await fakeWeb(twilio)
  const many = Array.from({ length: 40 }, (_, i) =>
    alert({ labels: { alertname: 'Down', check: `shop-${i}` }, annotations: { summary: `Shop ${i} is down` } }),
  )
  await sms.send(configOf(it.server.port, GOOD), notification(many), sendContext())
  const text = new URLSearchParams(it.taken[0]?.body).get('Body') ?? ''
  const told = text.match(/Shop \d+ is down/g)?.length ?? 0
  expect(told).toBeGreaterThan(2)
  expect(text).toContain(`+${40 - told} more\nhttps://watch.example.org`)
  expect(segmentCount(text)).toBe(3)
})

test("an operator's own text is sent as it comes out, cut where it is too long", async () => {
  await using it = await fakeWeb(twilio)
  const words = (text: string) => sms.config.parse({ ...written, text })
  const written = {
    to: GOOD,
    from: 'midwatch',
    account: ACCOUNT,
    token: 'canary',
    url: `http://127.0.0.1:${it.server.port}`,
  }
  await sms.send(words('{{ .Status }}: {{ .CommonLabels.check }}'), notification([alert()]), sendContext())
  await sms.send(words('{{ range .Alerts }}{{ .Nothing }}{{ end }}'), notification([alert()]), sendContext())
  const [own, fallback] = it.taken.map(({ body }) => new URLSearchParams(body).get('Body'))
  expect(own).toBe('firing: shop')
  // People are told even where the template is of no use.
  expect(fallback).toContain('[FIRING:1] Down')
  expect(() => words('{{ .Status')).toThrow(/can't be read at 1:/)
})

describe('segments', () => {
  test.each([
    ['a'.repeat(160), 1],
    ['a'.repeat(161), 2],
    ['a'.repeat(306), 2],
    ['a'.repeat(307), 3],
    ['€'.repeat(80), 1],
    ['€'.repeat(81), 2],
    // An escaped sign is not torn: 76 of them fit into 153.
    ['€'.repeat(153), 3],
    ['ж'.repeat(70), 1],
    ['ж'.repeat(71), 2],
    ['ж'.repeat(134), 2],
    ['ж'.repeat(135), 3],
    ['🌙'.repeat(35), 1],
    // A pair is not torn: 33 of them fit into 67.
    ['🌙'.repeat(67), 3],
    ['', 1],
  ])('%#', (text, count) => expect(segmentCount(text)).toBe(count))

  test('typography does not cost twice the room', () => {
    const text = plainSigns('“Shop” – it’s ‘down’… →\u00a0see\t`log`\u200b')
    expect(text).toBe("\"Shop\" - it's 'down'... -> see 'log'")
    expect(segmentCount(text)).toBe(1)
  })

  test('a cut text has as much in it as there is room for, and no half of what a reader takes for one sign', () => {
    for (const text of [
      'x'.repeat(2000),
      '👩‍👩‍👧'.repeat(200),
      'e\u0301'.repeat(500),
      `${'x'.repeat(400)}ж${'x'.repeat(900)}`,
    ]) {
      const cut = cutToSegments(text, 3)
      expect(segmentCount(cut)).toBeLessThanOrEqual(3)
      expect(cut.endsWith('...')).toBe(true)
      expect(cut.slice(0, -3).isWellFormed()).toBe(true)
      expect(text.startsWith(cut.slice(0, -3))).toBe(true)
      expect(cut).not.toMatch(/\u200d\.\.\.$/)
    }
    expect(cutToSegments('x'.repeat(2000), 3)).toHaveLength(459)
    expect(cutToSegments('short', 3)).toBe('short')
  })

  test('first and last line stay; a first line that is too long is cut; a last one that is too long is left out', () => {
    const room = { last: 'https://watch.example.org', omitted: 0, most: 1 }
    expect(fitLines(['title', 'a', 'b'], room)).toBe('title\na\nb\nhttps://watch.example.org')
    expect(fitLines(['title', 'a'.repeat(100), 'b'.repeat(100)], room)).toBe(
      `title\n${'a'.repeat(100)}\n+1 more\nhttps://watch.example.org`,
    )
    expect(fitLines(['t'.repeat(300)], room)).toMatch(/^t+\.\.\.\nhttps:\/\/watch\.example\.org$/)
    expect(fitLines(['title', 'a'.repeat(300)], room)).toMatch(/^title\na+\.\.\.\nhttps:\/\/watch\.example\.org$/)
    expect(fitLines(['title'], { ...room, last: 'u'.repeat(300) })).toBe('title')
    expect(fitLines(['title', 'a'], { ...room, omitted: 7 })).toContain('+7 more')
  })
})

test.each([
  [{ to: '0151 2345678' }, /is not a telephone number; write it with a plus/],
  [{ to: [] }, /is empty; write a telephone number/],
  [{ from: 'a name that is too long' }, /is not a sender/],
  [{ account: 'SK123' }, /is not the SID of a Twilio account; it is AC and 32/],
])('says what is wrong: %j', (wrong, message) => {
  const right = { to: GOOD, from: '+15005550006', account: ACCOUNT, token: 'canary' }
  expect(() => sms.config.parse({ ...right, ...wrong })).toThrow(message)
})
