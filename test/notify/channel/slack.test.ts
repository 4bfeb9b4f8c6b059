import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { Secret } from '../../../src/lib/secret.ts'
import { DeliveryError } from '../../../src/notify/channel/channel.ts'
import { slack } from '../../../src/notify/channel/slack.ts'
import { closedPort, listen } from '../../support/listen.ts'
import { alert, NOW, notification, sendContext } from './notification.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

async function receiver(handle: Handler = (_request, response) => void response.end('ok')) {
  const bodies: Record<string, unknown>[] = []
  const server = await listen(
    createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      bodies.push(JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>)
      handle(request, response)
    }),
  )
  const config = { url: new Secret(`http://${server.address}/services/T/B/secret`), channel: undefined }
  return { bodies, config, server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

function send(
  config: Parameters<typeof slack.send>[0],
  sent = notification([alert()]),
  signal = AbortSignal.timeout(50_000),
) {
  return slack.send(config, sent, sendContext(signal))
}

async function failure(config: Parameters<typeof slack.send>[0], signal?: AbortSignal): Promise<DeliveryError> {
  const error = await send(config, undefined, signal).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(DeliveryError)
  return error as DeliveryError
}

test('posts what happened: title, reason, since when, runbook, and no markup of strangers', async () => {
  await using it = await receiver()
  const annotations = {
    summary: 'Shop <script> & co',
    description: 'It *is* down',
    runbook_url: 'https://wiki.example.org/shop',
  }
  await send(
    { ...it.config, channel: '#ops' },
    notification([alert({ annotations, finding: 'connect: refused <!here>' })]),
  )
  const [body] = it.bodies
  expect(body).toMatchObject({ channel: '#ops', text: '[FIRING:1] Down, critical: shop' })
  const text = JSON.stringify(body)
  expect(text).toContain('Shop &lt;script&gt; &amp; co')
  expect(text).toContain('Reason: connect: refused &lt;!here&gt;')
  expect(text).toContain('<https://wiki.example.org/shop|Runbook>')
  expect(text).toContain('Since ')
})

test('500 alerts make a message that Slack takes: few blocks, none too long', async () => {
  await using it = await receiver()
  const many = Array.from({ length: 500 }, (_, i) => alert({ annotations: { summary: `${i} ${'&'.repeat(5000)}` } }))
  await send(it.config, notification(many))
  const [{ attachments }] = it.bodies as [{ attachments: [{ blocks: { text: { text: string } }[] }] }]
  const { blocks } = attachments[0]
  expect(blocks.length).toBeLessThanOrEqual(50)
  for (const { text } of blocks) {
    expect(text.text.length).toBeLessThanOrEqual(3000)
    // A cut in the middle of an escaped sign would show half of it.
    expect(text.text.replaceAll('&amp;', '')).not.toContain('&')
  }
  expect(JSON.stringify(blocks.at(-1))).toContain('485 more')
})

test.each([
  [400, 'invalid_blocks', 'never'],
  [413, 'too large', 'never'],
  [403, 'invalid_token', 'later'],
  [404, 'no_service', 'later'],
  [500, 'oops', 'later'],
] as const)('an answer of %i %s is tried again: %s', async (status, body, retry) => {
  await using it = await receiver((_request, response) => void response.writeHead(status).end(body))
  const error = await failure(it.config)
  expect(error).toMatchObject({ retry, message: `Slack answered ${status} ${body}` })
})

test.each([
  ['30', 30_000],
  [new Date(NOW + 90_000).toUTCString(), 90_000],
  ['soon', 0],
])('waits for as long as Slack asks: %s', async (header, waitMs) => {
  await using it = await receiver((_request, response) => {
    response.writeHead(429, { 'retry-after': header }).end('rate_limited')
  })
  expect(await failure(it.config)).toMatchObject({ retry: 'later', waitMs })
})

test('a receiver that nobody listens at is tried later, and the webhook shows nowhere', async () => {
  const config = { url: new Secret(`http://127.0.0.1:${await closedPort()}/services/T/B/secret`), channel: undefined }
  const error = await failure(config)
  expect(error.retry).toBe('later')
  expect(error.message).toContain('ECONNREFUSED')
  expect(error.message).not.toContain('secret')
})

test('a receiver that hangs is left as soon as the try is over, and its connection closed', async () => {
  await using it = await receiver(() => {})
  const stop = new AbortController()
  const failing = failure(it.config, stop.signal)
  while (it.bodies.length === 0) await new Promise((resolve) => setImmediate(resolve))
  stop.abort()
  expect(await failing).toMatchObject({ retry: 'later', message: 'Slack did not answer in time' })
  await it.server.allClosed()
})
