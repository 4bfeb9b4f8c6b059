import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { expect, test } from 'vitest'
import { Secret } from '../../../src/lib/secret.ts'
import { DeliveryError } from '../../../src/notify/channel/channel.ts'
import { type EmailConfig, email } from '../../../src/notify/channel/email.ts'
import { listen } from '../../support/listen.ts'
import { alert, NOW, notification, sendContext } from './notification.ts'

async function receiver(options: SMTPServerOptions = {}) {
  const mails: ParsedMail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      simpleParser(stream).then((mail) => {
        mails.push(mail)
        done()
      }, done)
    },
    ...options,
  })
  server.on('error', () => {})
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  return {
    mails,
    config: configOf(port),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

function configOf(port: number): EmailConfig {
  const smtp = { host: '127.0.0.1', port, tls: false, user: undefined, password: undefined }
  return { to: ['oncall@example.org', 'Second <two@example.org>'], from: 'midwatch@example.org', smtp }
}

function send(config: EmailConfig, sent = notification([alert()]), signal = AbortSignal.timeout(50_000)) {
  return email.send(config, sent, sendContext(signal))
}

async function failure(config: EmailConfig, signal?: AbortSignal): Promise<DeliveryError> {
  const error = await send(config, undefined, signal).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(DeliveryError)
  return error as DeliveryError
}

test('sends a text and an HTML part that say the same, with nothing of strangers as markup or header', async () => {
  await using it = await receiver()
  const labels = { alertname: 'Down\r\nBcc: everybody@example.org', check: 'shop', severity: 'critical' }
  const annotations = { summary: '<img src=x onerror=alert(1)> "is" down', runbook_url: 'javascript:alert(1)' }
  await send(it.config, notification([alert({ labels, annotations, finding: 'connect: refused' })]))
  const [mail] = it.mails
  expect(mail?.subject).toBe('[FIRING:1] Down Bcc: everybody@example.org, critical: shop')
  expect(mail?.headers.has('bcc')).toBe(false)
  expect(mail?.text).toContain('Reason: connect: refused')
  expect(mail?.text).toContain('Since 02:52:05 UTC (12 min)')
  expect(mail?.html).toContain('&lt;img src=x onerror=alert(1)&gt; &quot;is&quot; down')
  expect(mail?.html).not.toContain('javascript:')
  expect(mail?.html).toContain('href="https://watch.example.org/checks/shop"')
  expect([mail?.to].flat().flatMap((to) => to?.value.map(({ address }) => address))).toEqual([
    'oncall@example.org',
    'two@example.org',
  ])
  expect(mail?.headers.get('auto-submitted')).toBe('auto-generated')
})

test('says that all is over, from when to when', async () => {
  await using it = await receiver()
  await send(it.config, notification([alert({ status: 'resolved', endsAtMs: NOW - 60_000, finding: 'old' })]))
  const [mail] = it.mails
  expect(mail?.subject).toBe('[RESOLVED] Down, critical: shop')
  expect(mail?.text).toContain('From 02:52:05 UTC to 03:03:05 UTC (11 min)')
  expect(mail?.text).not.toContain('Reason')
})

test.each([
  [450, 'mailbox busy', 'later'],
  [550, 'no such user here', 'never'],
  [554, 'looks like spam', 'never'],
] as const)('a server that refuses with %i is tried again: %s %s', async (responseCode, text, retry) => {
  const refusal = Object.assign(new Error(text), { responseCode })
  await using it = await receiver({
    onData: (stream, _session, done) => void stream.resume().on('end', () => done(refusal)),
  })
  const error = await failure(it.config)
  expect(error.retry).toBe(retry)
  expect(error.message).toContain(text)
})

test('a wrong password can be mended while the message waits, and shows nowhere', async () => {
  await using it = await receiver({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: (_auth, _session, done) => done(new Error('wrong')),
  })
  const { smtp } = it.config
  const error = await failure({ ...it.config, smtp: { ...smtp, user: 'me', password: new Secret('hunter2') } })
  expect(error.retry).toBe('later')
  expect(error.message).not.toContain('hunter2')
})

test('a server that never comes to an end is left as soon as the try is over', async () => {
  await using server = await listen(createServer((socket) => void socket.write('220-wait')))
  const stop = new AbortController()
  const failing = failure(configOf(server.port), stop.signal)
  while (server.connections() === 0) await new Promise((resolve) => setImmediate(resolve))
  stop.abort()
  expect(await failing).toMatchObject({ retry: 'later', message: '127.0.0.1 did not answer in time' })
})

test('a try that is over before it begins sends nothing', async () => {
  await using it = await receiver()
  expect((await failure(it.config, AbortSignal.abort())).retry).toBe('later')
})
