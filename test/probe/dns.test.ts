import { Resolver } from 'node:dns/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dns } from '../../src/probe/dns.ts'
import { type DnsQuestion, decodeAnswer, encodeQuestion, type RecordType } from '../../src/probe/dns-message.ts'
import { UnexpectedAnswerError } from '../../src/probe/socket-error.ts'
import { type DnsReply, encodeReply, nameBytes, startDnsServer } from '../support/dns-server.ts'
import { freePort } from '../support/peers.ts'
import { findingWhenOver, probeContext } from '../support/probe-context.ts'

const parse = (entry: Record<string, unknown>) => dns.config.parse({ dns: 'example.org', ...entry })
const run = (entry: Record<string, unknown>, context = probeContext()) => dns.run(parse(entry), context)
const address = (text: string): readonly [number, Buffer] => [1, Buffer.from(text.split('.').map(Number))]

async function ask(reply: DnsReply | Buffer, entry: Record<string, unknown> = {}) {
  await using server = await startDnsServer(() => reply)
  return await run({ server: `127.0.0.1:${server.port}`, ...entry })
}

const metricOf = (finding: Awaited<ReturnType<typeof run>>, name: string) =>
  finding.metrics.find((metric) => metric.name === name)?.value

test('is up when the server gives a record, and counts the records of each section', async () => {
  const finding = await ask({
    answers: [address('192.0.2.1'), address('192.0.2.2')],
    authority: [[2, nameBytes('ns.example.org')]],
    additional: [address('192.0.2.53'), [28, Buffer.alloc(16)], [99, Buffer.from([1])]],
  })
  expect(finding).toMatchObject({ outcome: 'up', details: { rcode: 'NOERROR', answer: '192.0.2.1, 192.0.2.2' } })
  expect(metricOf(finding, 'probe_dns_answer_rrs')).toBe(2)
  expect(metricOf(finding, 'probe_dns_authority_rrs')).toBe(1)
  expect(metricOf(finding, 'probe_dns_additional_rrs')).toBe(3)
  expect(metricOf(finding, 'probe_dns_query_succeeded')).toBe(1)
  expect(metricOf(finding, 'probe_dns_serial')).toBeUndefined()
})

test('is down where the system lets nothing out to the server', async () => {
  // Broadcasts need a permission that the socket does not have: the system refuses as it does without a route.
  const finding = await run({ server: '255.255.255.255:53' })
  expect(finding).toMatchObject({ outcome: 'down', phase: 'connect', message: expect.stringContaining('EACCES') })
})

test('is down at another code than expected, and up at that one', async () => {
  const finding = await ask({ code: 3 })
  expect(finding).toMatchObject({ outcome: 'down', reason: 'dns', phase: 'request' })
  expect(finding).toHaveProperty(
    'message',
    expect.stringMatching(/asked for example\.org A, answered NXDOMAIN; expected NOERROR$/),
  )
  expect(metricOf(finding, 'probe_dns_query_succeeded')).toBe(1)
  expect(await ask({ code: 3 }, { expect: { rcode: 'NXDOMAIN' } })).toMatchObject({ outcome: 'up' })
})

test('does not take an answer without a record of that type for a good one, unless told', async () => {
  const alias: DnsReply = { answers: [[5, nameBytes('gone.example.org')]] }
  expect(await ask(alias)).toMatchObject({ outcome: 'down', message: expect.stringContaining('at least one record') })
  expect(await ask(alias, { expect: { answers: 0 } })).toMatchObject({ outcome: 'up' })
  expect(await ask(alias, { type: 'CNAME' })).toMatchObject({ outcome: 'up', details: { answer: 'gone.example.org.' } })
})

test('judges the values of records by a pattern', async () => {
  const mail: DnsReply = { answers: [[15, Buffer.concat([Buffer.from([0, 10]), nameBytes('mail.example.org')])]] }
  expect(await ask(mail, { type: 'MX', expect: { answer: '^10 mail[.]' } })).toMatchObject({ outcome: 'up' })
  expect(await ask(mail, { type: 'MX', expect: { answer: '^20 ' } })).toMatchObject({
    outcome: 'down',
    reason: 'body',
    message: expect.stringContaining('answered 10 mail.example.org.; expected a match of /^20 /'),
  })
})

test('gives the serial number of a zone', async () => {
  const times = Buffer.alloc(20)
  times.writeUInt32BE(2_026_010_203, 0)
  const zone: DnsReply = {
    answers: [[6, Buffer.concat([nameBytes('ns.example.org'), nameBytes('host.example.org'), times])]],
  }
  expect(metricOf(await ask(zone, { type: 'SOA' }), 'probe_dns_serial')).toBe(2_026_010_203)
})

test('asks again over TCP when the answer did not fit', async () => {
  const whole = { answers: Array.from({ length: 100 }, (_, i) => address(`192.0.2.${i}`)) }
  await using server = await startDnsServer((_, over) => (over === 'tcp' ? whole : { isTruncated: true }))
  const finding = await run({ server: `127.0.0.1:${server.port}` })
  expect(finding).toMatchObject({ outcome: 'up' })
  expect(metricOf(finding, 'probe_dns_answer_rrs')).toBe(100)
  expect(server.queries.map(({ over }) => over)).toEqual(['udp', 'tcp'])
  expect(await run({ server: `127.0.0.1:${server.port}`, transport: 'tcp' })).toMatchObject({ outcome: 'up' })
  expect(server.queries.map(({ over }) => over)).toEqual(['udp', 'tcp', 'tcp'])
})

test('waits for the answer to its own question, whatever else comes', async () => {
  const others = [
    (query: Buffer) => Buffer.concat([Buffer.from([query[0] as number, (query[1] as number) ^ 1]), query.subarray(2)]),
    (query: Buffer) => query,
    (query: Buffer) => encodeReply(encodeQuestion({ id: query.readUInt16BE(0), name: 'example.com', type: 'A' }), {}),
  ]
  await using server = await startDnsServer((query) => others.shift()?.(query) ?? { answers: [address('192.0.2.1')] })
  // One silence is survived: the question goes out a second time.
  const finding = await findingWhenOver(
    (context) => run({ server: `127.0.0.1:${server.port}` }, context),
    () => server.queries.length === 2,
    { timeoutMs: 200 },
  )
  expect(finding.outcome === 'up' ? 'up' : finding.reason).toBe('timeout')
  expect(server.queries).toHaveLength(2)
  // The first try has half of the time, and the second all that there is.
  const patient = probeContext({ timeoutMs: 200, signal: new AbortController().signal })
  expect(await run({ server: `127.0.0.1:${server.port}` }, patient)).toMatchObject({ outcome: 'up' })
})

test('says who was silent', async () => {
  await using server = await startDnsServer(() => undefined)
  const finding = await findingWhenOver(
    (context) => run({ server: `127.0.0.1:${server.port}` }, context),
    () => server.queries.length > 0,
  )
  expect(finding).toMatchObject({ outcome: 'down', reason: 'timeout', phase: 'request' })
  expect(metricOf(finding, 'probe_dns_query_succeeded')).toBe(0)
})

test('hears that nobody listens, over UDP as well as TCP', async () => {
  const server = `127.0.0.1:${await freePort()}`
  for (const transport of ['udp', 'tcp']) {
    expect(await run({ server, transport })).toMatchObject({ outcome: 'down', reason: 'refused' })
  }
})

test('asks for the names of addresses, and for names in any script', async () => {
  await using server = await startDnsServer(() => ({ answers: [[12, nameBytes('host.example.org')]] }))
  const entry = { server: `127.0.0.1:${server.port}`, type: 'PTR' }
  expect(await run({ ...entry, dns: '192.0.2.7' })).toMatchObject({ details: { answer: 'host.example.org.' } })
  await run({ ...entry, dns: '2001:db8::7' })
  await run({ ...entry, dns: 'bücher.example.' })
  await run({ ...entry, dns: '_dmarc.example.org' })
  expect(server.queries.map(({ name }) => name)).toEqual([
    '7.2.0.192.in-addr.arpa',
    `7.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`,
    'xn--bcher-kva.example',
    '_dmarc.example.org',
  ])
})

test('shows whom it asks for what', () => {
  expect(dns.instance(parse({}))).toBe('example.org')
  expect(dns.instance(parse({ server: '1.1.1.1' }))).toBe('example.org@1.1.1.1:53')
})

test.each([
  [{ dns: 'two words' }, 'write one such as example.org'],
  [{ dns: 'a..b' }, 'write one such as example.org'],
  [{ dns: `${'a'.repeat(64)}.example.org` }, 'write one such as example.org'],
  [{ dns: '192.0.2.1' }, 'type: PTR'],
  [{ type: 'AXFR' }, 'write one of A, '],
  [{ server: 'https://dns.example.org' }, 'host:port'],
  [{ expect: { rcode: 'GONE' } }, 'write one of NOERROR'],
])('refuses %j', (entry, hint) => {
  expect(() => parse(entry)).toThrow(hint)
})

describe('messages', () => {
  const question: DnsQuestion = { id: 7, name: 'example.org', type: 'A' }
  const reply = (type: number, data: Buffer) => encodeReply(encodeQuestion(question), { answers: [[type, data]] })
  const valueIn = (type: number, data: Buffer) => decodeAnswer(reply(type, data), question)?.answers[0]?.value

  test.each([
    [28, '20010db8000000000000000000000001', '2001:db8::1'],
    [28, '00000000000000000000000000000000', '::'],
    [28, '20010db8000100010001000100010001', '2001:db8:1:1:1:1:1:1'],
    [28, '20010000000000010000000000000001', '2001:0:0:1::1'],
    [16, '03613d6203633d64', 'a=bc=d'],
    [257, '000569737375656361', '0 issue "ca"'],
    [33, '000100020050c00c', '1 2 80 example.org.'],
    [52, '0301', '\\# 2 0301'],
    [65534, 'ff', '\\# 1 ff'],
  ])('type %d of %s is %j', (type, hex, value) => {
    expect(valueIn(type, Buffer.from(hex, 'hex'))).toBe(value)
  })

  test.each([
    ['a name that points at itself', 'c029'],
    ['a name that points forward', 'c0ff'],
    ['a name of two that point at each other', '0161c0290162c02b'],
    ['a name beyond the end', '3f61'],
    ['a name of an unknown kind', '8061'],
    ['no bytes at all', ''],
  ])('%s does no harm', (_, hex) => {
    expect(() => valueIn(5, Buffer.from(hex, 'hex'))).toThrow(UnexpectedAnswerError)
  })

  test('a name may be compressed over many steps and stays within the limits', () => {
    const longest = Buffer.concat([
      ...Array.from({ length: 40 }, () => Buffer.from('\x3f'.padEnd(64, 'a'))),
      Buffer.from([0]),
    ])
    expect(() => valueIn(5, longest)).toThrow('too long')
  })

  test('any bytes give an answer, nothing, or the one error', () => {
    const whole = encodeReply(encodeQuestion(question), {
      answers: [address('192.0.2.1'), [5, nameBytes('www.example.org')]],
      authority: [[6, Buffer.concat([nameBytes('a.b'), Buffer.from('c00c', 'hex'), Buffer.alloc(20)])]],
    })
    const judge = (bytes: Buffer) => {
      try {
        decodeAnswer(bytes, question)
      } catch (error) {
        expect(error).toBeInstanceOf(UnexpectedAnswerError)
      }
    }
    for (let cut = 0; cut <= whole.length; cut++) judge(whole.subarray(0, cut))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        (changes) => {
          const bytes = Buffer.from(whole)
          for (const [at, byte] of changes) bytes[at] = byte
          judge(bytes)
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('values are what Node reads from the same server', async () => {
    const records: readonly (readonly [RecordType, DnsReply, (resolver: Resolver) => Promise<unknown>])[] = [
      ['A', { answers: [address('192.0.2.9')] }, async (resolver) => (await resolver.resolve4('example.org'))[0]],
      [
        'AAAA',
        { answers: [[28, Buffer.from('20010db8000000010000000000000001', 'hex')]] },
        async (resolver) => (await resolver.resolve6('example.org'))[0],
      ],
      [
        'TXT',
        { answers: [[16, Buffer.from('\x06twelve\x01!')]] },
        async (resolver) => (await resolver.resolveTxt('example.org'))[0]?.join(''),
      ],
    ]
    for (const [type, given, theirs] of records) {
      await using server = await startDnsServer(() => given)
      const resolver = new Resolver({ timeout: 2000, tries: 1 })
      resolver.setServers([`127.0.0.1:${server.port}`])
      const ours = await run({ server: `127.0.0.1:${server.port}`, type })
      expect(ours.details.answer).toBe(await theirs(resolver))
    }
  })
})
