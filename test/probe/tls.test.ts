import { createServer, type TlsOptions } from 'node:tls'
import { expect, test } from 'vitest'
import { tls } from '../../src/probe/tls.ts'
import { makeCertificate } from '../support/certificate.ts'
import { keepFile } from '../support/keep-file.ts'
import { listen, listenTcp } from '../support/listen.ts'
import { probeContext } from '../support/probe-context.ts'

const probe = (address: string, options: Readonly<Record<string, unknown>> = {}) =>
  tls.run(tls.config.parse({ tls: address, ...options }), probeContext())
const days = (count: number) => new Date(Date.now() + count * 86_400_000)
const authority = makeCertificate({ subject: { CN: 'Example Root' }, names: [], isAuthority: true })
const serve = (options: TlsOptions) => listen(createServer(options))

test('a trusted certificate that lasts is up, and a day too few is degraded', async () => {
  await using root = await keepFile('root.pem', authority.cert)
  await using server = await serve(makeCertificate({ issuer: authority, until: days(10.5) }))
  const options = { ca_file: root.path }
  expect(await probe(server.address, { ...options, expect: { certificate: '10d' } })).toMatchObject({
    outcome: 'up',
    details: { certificate_days: 10, tls_version: 'TLS 1.3' },
  })
  expect(await probe(server.address, { ...options, expect: { certificate: '11d' } })).toMatchObject({
    outcome: 'degraded',
    reason: 'certificate',
    message: expect.stringContaining('expires in 10 days'),
  })
  await server.allClosed()
})

test('a certificate that is not looked at may be expired, which is still told', async () => {
  await using server = await serve(makeCertificate({ from: days(-9), until: days(-1.5) }))
  const options = { insecure_skip_verify: true, expect: { certificate: '1d' } }
  const finding = await probe(server.address, options)
  expect(finding).toMatchObject({ outcome: 'degraded', message: expect.stringContaining('the certificate expired on') })
  expect(finding.details).toMatchObject({ certificate_days: -2 })
})

test('the name of the server is shown to it and checked', async () => {
  await using root = await keepFile('root.pem', authority.cert)
  const shop = makeCertificate({ issuer: authority, names: ['shop.example.org'] })
  const asked: string[] = []
  await using server = await serve({
    ...makeCertificate(),
    SNICallback: (name, done) => {
      asked.push(name)
      done(null)
    },
    ...shop,
  })
  const options = { ca_file: root.path }
  expect((await probe(server.address, { ...options, server_name: 'shop.example.org' })).outcome).toBe('up')
  expect(asked).toEqual(['shop.example.org'])
  expect(await probe(server.address, options)).toMatchObject({
    reason: 'tls',
    message: expect.stringContaining('the certificate is for DNS:shop.example.org and not for 127.0.0.1'),
  })
})

test('a client certificate is shown where the server asks for one, and its absence is named', async () => {
  await using root = await keepFile('root.pem', authority.cert)
  const client = makeCertificate({ issuer: authority, subject: { CN: 'watch' }, names: [] })
  await using cert = await keepFile('cert.pem', client.cert)
  await using key = await keepFile('key.pem', client.key)
  const server12 = { ...makeCertificate({ issuer: authority }), ca: authority.cert, requestCert: true }
  // With TLS 1.3 the client is done before the server has looked at its certificate.
  await using server = await serve({ ...server12, maxVersion: 'TLSv1.2' })
  const options = { ca_file: root.path }
  const finding = await probe(server.address, { ...options, cert_file: cert.path, key_file: key.path })
  expect(finding).toMatchObject({ outcome: 'up', details: { tls_version: 'TLS 1.2' } })
  expect(await probe(server.address, options)).toMatchObject({ outcome: 'down', reason: 'tls', phase: 'tls' })
})

test('a file that is no certificate is our own fault', async () => {
  await using file = await keepFile('root.pem', 'no certificate')
  await using server = await serve(makeCertificate())
  expect(await probe(server.address, { cert_file: file.path, key_file: file.path })).toMatchObject({
    outcome: 'unknown',
    reason: 'internal',
    message: expect.stringContaining("can't be used for TLS"),
  })
})

test('a server that resets the connection while our files are read is a reset', async () => {
  await using root = await keepFile('root.pem', authority.cert)
  await using server = await listenTcp((socket) => socket.resetAndDestroy())
  expect(await probe(server.address, { ca_file: root.path })).toMatchObject({ outcome: 'down', reason: 'reset' })
})

test('a server that speaks no TLS, or hangs up, is named', async () => {
  await using mail = await listenTcp((socket) => socket.end('220 mail.example.org ESMTP\r\n'))
  expect(await probe(mail.address)).toMatchObject({
    reason: 'tls',
    phase: 'tls',
    message: expect.stringContaining('does not speak TLS on this port'),
  })
  await using silent = await listenTcp((socket) => socket.once('data', () => socket.end()))
  expect(await probe(silent.address)).toMatchObject({ outcome: 'down', phase: 'tls' })
})

test('a server without a version in common is named', async () => {
  await using server = await serve({
    ...makeCertificate(),
    minVersion: 'TLSv1.2',
    ciphers: 'PSK',
    maxVersion: 'TLSv1.2',
  })
  expect(await probe(server.address)).toMatchObject({
    reason: 'tls',
    message: expect.stringContaining('there is no cipher that both sides speak'),
  })
})
