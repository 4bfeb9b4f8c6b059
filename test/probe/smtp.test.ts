import type { Server } from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { expect, test } from 'vitest'
import { smtp } from '../../src/probe/smtp.ts'
import { makeCertificate } from '../support/certificate.ts'
import { keepFile } from '../support/keep-file.ts'
import { listen, listenTcp, type TcpListener } from '../support/listen.ts'
import { findingWhenOver, probeContext } from '../support/probe-context.ts'

const probe = (address: string, options: Readonly<Record<string, unknown>> = {}, context = probeContext()) =>
  smtp.run(smtp.config.parse({ smtp: address, ...options }), context)

function serve(options: SMTPServerOptions): Promise<TcpListener> {
  const server = new SMTPServer({ authOptional: true, disableReverseLookup: true, logger: false, ...options })
  server.on('error', () => undefined)
  return listen(server.server as Server)
}

/** A mail server of our own that says these lines: first the greeting, then one to each command. */
function script(...replies: readonly string[]): Promise<TcpListener> {
  return listenTcp((socket) => {
    const left = [...replies]
    const next = () => void (left.length > 0 && socket.write(left.shift() as string))
    socket.on('data', next)
    next()
  })
}

test('a real mail server is up', async () => {
  await using server = await serve({ disabledCommands: ['STARTTLS'] })
  expect(await probe(server.address)).toMatchObject({ outcome: 'up', details: {} })
  await server.allClosed()
})

test('a real mail server is up through STARTTLS and shows its certificate', async () => {
  const authority = makeCertificate({ subject: { CN: 'Example Root' }, names: [], isAuthority: true })
  await using root = await keepFile('root.pem', authority.cert)
  const { cert, key } = makeCertificate({ issuer: authority, until: new Date(Date.now() + 9.5 * 86_400_000) })
  await using server = await serve({ cert, key })
  const options = { starttls: true, tls: { ca_file: root.path } }
  const finding = await probe(server.address, options)
  expect(finding).toMatchObject({ outcome: 'up', details: { certificate_days: 9 } })
  expect(finding.metrics.map(({ name }) => name)).toContain('probe_ssl_earliest_cert_expiry')
  expect(await probe(server.address, { ...options, expect: { certificate: '14d' } })).toMatchObject({
    outcome: 'degraded',
    reason: 'certificate',
  })
  expect(await probe(server.address, { starttls: true })).toMatchObject({
    outcome: 'down',
    reason: 'tls',
    phase: 'tls',
  })
})

test('the name we introduce ourselves with is the configured one', async () => {
  const names: string[] = []
  await using server = await serve({
    onConnect(_, done) {
      done()
    },
    onClose: ({ hostNameAppearsAs }) => void names.push(String(hostNameAppearsAs)),
  })
  await probe(server.address, { ehlo: 'watch.example.org' })
  await server.allClosed()
  await expect.poll(() => names).toEqual(['watch.example.org'])
})

test.for([
  [['554 no\r\n'], 'status', 'greeting', 'greeted with "554 no", expected 220'],
  [['220-many\r\n220 lines\r\n', '502 what\r\n'], 'status', 'ehlo', 'answered EHLO with "502 what", expected 250'],
  [['220 x\r\n', '250-x\r\n250 SIZE\r\n'], 'protocol', 'starttls', 'does not offer STARTTLS'],
  [
    ['220 x\r\n', '250-x\r\n250 STARTTLS\r\n', '454 later\r\n'],
    'status',
    'starttls',
    'answered STARTTLS with "454 later"',
  ],
  [
    ['220 x\r\n', '250 STARTTLS\r\n', '220 go\r\n250 injected\r\n'],
    'protocol',
    'starttls',
    'sent more after its answer',
  ],
  [['SSH-2.0-OpenSSH_9.2\r\n'], 'protocol', 'greeting', 'does not speak SMTP: greeted with "SSH-2.0-OpenSSH_9.2"'],
] as const)('a server that says %j is down', async ([replies, reason, phase, words]) => {
  await using server = await script(...replies)
  const finding = await probe(server.address, { starttls: true })
  expect(finding).toMatchObject({ outcome: 'down', reason, phase, message: expect.stringContaining(words) })
  expect(finding.metrics).toContainEqual({ name: 'probe_failed_due_to_regex', value: 1 })
})

test('a server that does not greet is down by timeout in that phase', async () => {
  await using server = await listenTcp(() => undefined)
  const finding = await findingWhenOver(
    (context) => probe(server.address, {}, context),
    () => server.connections() > 0,
  )
  expect(finding).toMatchObject({ reason: 'timeout', phase: 'greeting' })
  expect(finding).toMatchObject({ message: expect.stringContaining('waiting for the greeting of the server') })
})

test('the port is 25 unless told, and a certificate needs STARTTLS', () => {
  expect(smtp.instance(smtp.config.parse({ smtp: 'mail.example.org' }))).toBe('mail.example.org:25')
  const { error } = smtp.config.safeParse({ smtp: 'mail.example.org', expect: { certificate: '14d' } })
  expect(error?.issues[0]).toMatchObject({ path: ['expect', 'certificate'] })
  expect(error?.issues[0]?.message).toContain('write starttls: true')
})
