import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { icmp, judgeSilence, readReply } from '../../src/probe/icmp.ts'
import { describePeer } from '../support/peers.ts'
import { probeContext } from '../support/probe-context.ts'

const run = (entry: Record<string, unknown>, context = probeContext()) => icmp.run(icmp.config.parse(entry), context)

describePeer('ping', () => {
  test('is up when the host answers, with the time and the hop limit of the reply', async () => {
    const finding = await run({ icmp: '127.0.0.1' })
    expect(finding).toMatchObject({ outcome: 'up', details: { hop_limit: 64 } })
    const values = Object.fromEntries(finding.metrics.map(({ name, labels, value }) => [labels?.phase ?? name, value]))
    expect(values).toMatchObject({ probe_ip_protocol: 4, probe_icmp_reply_hop_limit: 64 })
    expect(values.rtt).toBeGreaterThan(0)
    expect(values.setup).toBeGreaterThan(values.rtt as number)
  })

  test('says when a name does not exist, and keeps to the policy', async () => {
    expect(await run({ icmp: 'no-such-host.invalid' })).toMatchObject({ outcome: 'down', reason: 'dns' })
    const local = probeContext({ addressPolicy: 'public-only' })
    expect(await run({ icmp: '127.0.0.1' }, local)).toMatchObject({ outcome: 'down', reason: 'forbidden' })
  })
})

describe('with another ping', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'midwatch-ping-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  afterEach(() => void vi.unstubAllEnvs())

  async function useInstead(script: string | undefined) {
    const path = join(folder, 'ping')
    await rm(path, { force: true })
    if (script !== undefined) {
      await writeFile(path, `#!/bin/sh\n${script}\n`)
      await chmod(path, 0o755)
    }
    vi.stubEnv('PATH', folder)
  }

  test('is unknown where there is none', async () => {
    await useInstead(undefined)
    expect(await run({ icmp: '127.0.0.1' })).toMatchObject({
      outcome: 'unknown',
      reason: 'unsupported',
      message: expect.stringContaining('there is no program ping'),
    })
  })

  test('hands over the address alone, never the name', async () => {
    await useInstead('echo "64 bytes: seq=0 ttl=61 time=1.5 ms $*"')
    const context = () => probeContext({ timeoutMs: 2500, signal: new AbortController().signal })
    expect(await run({ icmp: 'localhost' }, context())).toMatchObject({ outcome: 'up' })
    await useInstead('echo "From 127.0.0.1 icmp_seq=1 Destination Host Unreachable: $*"; exit 1')
    expect(await run({ icmp: 'localhost' }, context())).toMatchObject({
      outcome: 'down',
      reason: 'unreachable',
      message: expect.stringMatching(/ -4 -n -c 1 -W 3 127\.0\.0\.1$/),
    })
  })

  test('is degraded when the reply is slow', async () => {
    await useInstead('echo "64 bytes from 127.0.0.1: seq=0 ttl=61 time=81.5 ms"')
    expect(await run({ icmp: '127.0.0.1', expect: { latency: '80ms' } })).toMatchObject({
      outcome: 'degraded',
      message: '127.0.0.1: answered after 81.5ms, expected at most 80ms',
    })
  })

  test('is ended at the deadline', async () => {
    await useInstead('exec /bin/sleep 600')
    const finding = await run({ icmp: '127.0.0.1' }, probeContext({ timeoutMs: 1000 }))
    expect(finding).toMatchObject({ outcome: 'down', reason: 'timeout', phase: 'reply' })
  })
})

test.each([
  ['iputils', '64 bytes from 192.0.2.1: icmp_seq=1 ttl=57 time=12.3 ms', { hopLimit: 57, roundTripMs: 12.3 }],
  [
    'iputils over IPv6',
    '64 bytes from 2001:db8::1: icmp_seq=1 ttl=57 time=0.040 ms',
    { hopLimit: 57, roundTripMs: 0.04 },
  ],
  ['busybox', '64 bytes from 192.0.2.1: seq=0 ttl=64 time=0.074 ms', { hopLimit: 64, roundTripMs: 0.074 }],
  ['macOS over IPv6', '16 bytes from ::1, icmp_seq=0 hlim=64 time=0.112 ms', { hopLimit: 64, roundTripMs: 0.112 }],
  [
    'a lost packet',
    '--- 192.0.2.1 ping statistics ---\n1 packets transmitted, 0 received, 100% packet loss',
    undefined,
  ],
])('reads what %s prints', (_, stdout, reply) => {
  expect(readReply({ stdout })).toEqual(reply)
})

test.each([
  ['', 1, '', 'down', 'timeout'],
  ['From 192.0.2.9 icmp_seq=1 Time to live exceeded\n', 1, '', 'down', 'unreachable'],
  ['', 2, 'ping: connect: Network is unreachable', 'down', 'unreachable'],
  ['', 2, 'ping: socktype: SOCK_RAW\nping: socket: Operation not permitted', 'unknown', 'unsupported'],
  ['', 1, 'ping: permission denied (are you root?)', 'unknown', 'unsupported'],
  ['', 2, "ping: invalid option -- 'W'", 'unknown', 'unsupported'],
])('%j, code %d and %j is %s (%s)', (stdout, code, stderr, outcome, reason) => {
  expect(judgeSilence('192.0.2.1', { stdout, code, stderr }, [])).toMatchObject({ outcome, reason })
})

test.each(['-f', 'a b', '$(id)', 'host;id', '', 'http://example.org', 'example.org:80'])(
  'refuses the host %j',
  (host) => {
    expect(() => icmp.config.parse({ icmp: host })).toThrow('is not a host')
  },
)
