import { createServer } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AddressPolicy } from '../../src/lib/address.ts'
import type { Finding } from '../../src/model/finding.ts'
import { http } from '../../src/probe/http.ts'
import { tcp } from '../../src/probe/tcp.ts'
import { listen, type TcpListener } from '../support/listen.ts'
import { probeContext } from '../support/probe-context.ts'

/** What a resolver says of a name, one answer after the other; the last one stays. */
const answers = vi.hoisted(() => new Map<string, string[][]>())
const asked = vi.hoisted(() => [] as string[])

vi.mock('node:dns/promises', async (original) => {
  const real = await original<typeof import('node:dns/promises')>()
  return {
    ...real,
    lookup(name: string, options: object) {
      const script = answers.get(name)
      if (script === undefined) return real.lookup(name, options)
      asked.push(name)
      const now = (script.length > 1 ? script.shift() : script[0]) ?? []
      return Promise.resolve(now.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })))
    },
  }
})

let server: TcpListener
/** Where the server sends who asks for `/away`. */
let location = ''
let seen: (string | undefined)[][] = []

beforeAll(async () => {
  server = await listen(
    createServer((request, response) => {
      const { authorization, cookie, 'x-shop-key': key, 'user-agent': agent } = request.headers
      seen.push([request.url, authorization, cookie, key as string | undefined, agent])
      if (request.url === '/away') response.writeHead(302, { location })
      response.end('ok')
    }),
  )
})
afterAll(async () => await server[Symbol.asyncDispose]())
beforeEach(() => {
  seen = []
  asked.length = 0
  answers.clear()
})

/** Asks with the probe of the config; undefined where the config itself is refused. */
async function ask(
  url: string,
  addressPolicy: AddressPolicy,
  settings: Record<string, unknown> = {},
): Promise<Finding | undefined> {
  const config = http.config.safeParse({ http: url, ...settings })
  return config.data && (await http.run(config.data, probeContext({ addressPolicy })))
}

async function reasonOf(url: string, policy: AddressPolicy): Promise<string> {
  const finding = await ask(url, policy)
  return finding === undefined ? 'refused config' : finding.outcome === 'up' ? 'up' : finding.reason
}

/** Every one is 127.0.0.1 to a browser, a resolver or a kernel. */
const LOOPBACK = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0x7F.0x0.0x0.0x1',
  '0177.0.0.1',
  '017700000001',
  '0177.0.0.0x1',
  '127.0.0.1.',
  '①②⑦.⓪.⓪.①',
  '１２７.0.0.1',
  '127。0。0。1',
  '%31%32%37.0.0.1',
  'localhost',
  'LOCALHOST',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:7f00:0001]',
] as const

/** Every one leads to 169.254.169.254, or is what another cloud uses in its place. */
const METADATA = [
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '0xa9.0xfe.0xa9.0xfe',
  '0251.0376.0251.0376',
  '025177524776',
  '169.254.43518',
  '169.16689662',
  '169.254.169.254.',
  '①⑥⑨.②⑤④.①⑥⑨.②⑤④',
  '１６９.２５４.１６９.２５４',
  '169。254。169。254',
  '%31%36%39.254.169.254',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '[0:0:0:0:0:ffff:a9fe:a9fe]',
  '[::169.254.169.254]',
  '[::a9fe:a9fe]',
  '[::ffff:0:a9fe:a9fe]',
  '[64:ff9b::169.254.169.254]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b:1::a9fe:a9fe]',
  '[64:ff9b:1:a9fe:a9:fe00::]',
  '[2002:a9fe:a9fe::1]',
  '[2001:0:a9fe:a9fe::1]',
  '[2001:0:808:808::5601:5601]',
  '[2001:db8::5efe:a9fe:a9fe]',
  '[fe80::a9fe:a9fe]',
  '[fd00:ec2::254]',
  '[fd20:ce::254]',
  '169.254.170.2',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '0.0.0.0',
  '[::]',
] as const

describe('the http probe', () => {
  test.each(LOOPBACK)('reaches this machine as %s, unless only public addresses are allowed', async (host) => {
    const url = `http://${host}:${server.port}/`
    const before = server.connections()
    expect(await reasonOf(url, 'public-only')).toBe('forbidden')
    expect(server.connections()).toBe(before)
    expect([await reasonOf(url, 'no-link-local'), await reasonOf(url, 'any')]).toEqual(['up', 'up'])
  })

  test.each([
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[::1]',
    '[fc00::1]',
    '[fe80::1]',
    '10.0.0.1',
    '100.64.0.1',
  ])('takes %s for no public address', async (host) => {
    expect(await reasonOf(`http://${host}:${server.port}/`, 'public-only')).toBe('forbidden')
  })

  test.each(METADATA)('refuses %s, unless any address is allowed', async (host) => {
    const url = `http://${host}/latest/meta-data/`
    expect([await reasonOf(url, 'no-link-local'), await reasonOf(url, 'public-only')]).toEqual([
      'forbidden',
      'forbidden',
    ])
  })

  test.each([
    'http://shop.example.org@169.254.169.254/',
    'http://me:x@127.0.0.1/',
    'http://169.254.169.254%00.example.org/',
    'file:///etc/passwd',
    'gopher://127.0.0.1/',
    'http://[fe80::1%25eth0]/',
    'http://[::ffff:169.254.169.254%25lo]/',
  ])('is not configured with %s', async (url) => {
    expect(await reasonOf(url, 'any')).toBe('refused config')
  })

  test.each([
    ...METADATA.map((host) => `http://${host}/`),
    '//169.254.169.254/latest/meta-data/',
    '\\\\169.254.169.254\\latest',
    'http://shop.example.org@169.254.169.254/',
    'http:169.254.169.254/',
    'file:///etc/passwd',
    'gopher://169.254.169.254/',
  ])('does not follow a redirect to %s', async (to) => {
    location = Buffer.from(to, 'utf8').toString('latin1')
    const finding = await ask(`http://127.0.0.1:${server.port}/away`, 'no-link-local')
    // Without slashes it is a path below the address that was asked (RFC 3986 section 5.2.2, as URLs of the web read it).
    const isPath = to === 'http:169.254.169.254/'
    expect(finding).toMatchObject(isPath ? { outcome: 'up' } : { outcome: 'down', reason: 'forbidden' })
  })

  test('connects to the address that was judged, and asks the resolver no second time', async () => {
    answers.set('rebind.example.org', [['127.0.0.1'], ['169.254.169.254']])
    expect(await reasonOf(`http://rebind.example.org:${server.port}/`, 'no-link-local')).toBe('up')
    expect(asked).toEqual(['rebind.example.org'])
    expect(await reasonOf(`http://rebind.example.org:${server.port}/`, 'no-link-local')).toBe('forbidden')
  })

  test('judges the same name again when a redirect leads back to it', async () => {
    answers.set('rebind.example.org', [['127.0.0.1'], ['::ffff:a9fe:a9fe']])
    location = '/'
    expect(await reasonOf(`http://rebind.example.org:${server.port}/away`, 'no-link-local')).toBe('forbidden')
    expect(seen).toHaveLength(1)
  })

  test('takes of several addresses the one that is allowed', async () => {
    answers.set('both.example.org', [['169.254.169.254', 'fe80::1', '127.0.0.1']])
    expect(await reasonOf(`http://both.example.org:${server.port}/`, 'no-link-local')).toBe('up')
    answers.set('none.example.org', [['169.254.169.254', '64:ff9b::a9fe:a9fe']])
    expect(await reasonOf(`http://none.example.org:${server.port}/`, 'no-link-local')).toBe('forbidden')
  })

  test('leaves every header that may be a credential behind when a redirect leads to another server', async () => {
    location = `http://localhost:${server.port}/`
    const headers = { Cookie: 'a=1', 'X-Shop-Key': 'k', 'User-Agent': 'watch', Host: 'shop.example.org' }
    await ask(`http://127.0.0.1:${server.port}/away`, 'any', { headers, bearer_token: 't' })
    expect(seen).toEqual([
      ['/away', 'Bearer t', 'a=1', 'k', 'watch'],
      ['/', undefined, undefined, undefined, 'watch'],
    ])
  })
})

test.each([
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.254.43518',
  '169.254.169.254',
  '[::ffff:a9fe:a9fe]',
  '[64:ff9b::a9fe:a9fe]',
])('the tcp probe, whose host is no URL, refuses %s as well', async (host) => {
  const config = tcp.config.parse({ tcp: `${host}:80` })
  const finding = await tcp.run(config, probeContext({ addressPolicy: 'no-link-local' }))
  expect(finding).toMatchObject({ outcome: 'down', reason: 'forbidden' })
})
