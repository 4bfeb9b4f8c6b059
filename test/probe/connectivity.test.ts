import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { down, type Finding, up } from '../../src/model/finding.ts'
import { Labels } from '../../src/model/labels.ts'
import { type Beacon, ConnectivityGuard, Whereabouts } from '../../src/probe/connectivity.ts'
import { type Job, Runner } from '../../src/probe/runner.ts'
import { startDnsServer } from '../support/dns-server.ts'
import { listen, type TcpListener } from '../support/listen.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemorySink } from '../support/memory-sink.ts'
import { freePort } from '../support/peers.ts'

const S = 1000

/** Something outside that can be taken away and given back under the same port. */
async function beacon() {
  let server: TcpListener | undefined = await listen(createServer(), await freePort())
  const { port } = server
  let looks = 0
  const cut = async () => {
    looks += server?.connections() ?? 0
    await server?.[Symbol.asyncDispose]()
    server = undefined
  }
  return {
    at: { kind: 'tcp', host: '127.0.0.1', port } as Beacon,
    looks: () => looks + (server?.connections() ?? 0),
    cut,
    async mend() {
      server = await listen(createServer(), port)
    },
    [Symbol.asyncDispose]: cut,
  }
}

function guardOf(...beacons: readonly Beacon[]) {
  const clock = new ManualClock()
  return { clock, guard: new ConnectivityGuard({ clock, beacons, timeoutMs: 20_000 }) }
}

const failure = down('timeout', 'connect: no answer', { phase: 'connect' })

test('one address that answers is enough', async () => {
  await using here = await beacon()
  await using gone = await beacon()
  await gone.cut()
  const { guard } = guardOf(gone.at, here.at)
  expect(await guard.look()).toEqual({ isOnline: true, detail: `127.0.0.1:${here.at.port} answers` })
  expect(await guard.judge(failure)).toBe(failure)
})

test('when none answers, what gave no answer is unknown, with since when and why', async () => {
  await using one = await beacon()
  const { guard, clock } = guardOf(one.at)
  await one.cut()
  const judged = await guard.judge(failure)
  expect(judged).toMatchObject({ outcome: 'unknown', reason: 'offline', phase: 'connect' })
  expect(judged).toMatchObject({ message: expect.stringContaining('no way out since 2026-01-01T00:00:00.000Z') })
  expect(judged).toMatchObject({ message: expect.stringContaining('connect: connect: no answer') })
  await clock.advance(60 * S)
  await guard.judge(failure)
  expect(guard.offlineSinceMs).toBe(Date.UTC(2026, 0, 1))
  await one.mend()
  expect(await guard.judge(failure)).toBe(failure)
  expect(guard.offlineSinceMs).toBeUndefined()
})

test.each([['status'], ['body'], ['auth'], ['certificate'], ['threshold']] as const)(
  'an answer that is not as expected (%s) is an answer',
  async (reason) => {
    await using one = await beacon()
    await one.cut()
    const finding = down(reason, 'it answered otherwise')
    expect(await guardOf(one.at).guard.judge(finding)).toBe(finding)
  },
)

test('it is not believed as long as something outside is up', async () => {
  await using one = await beacon()
  await one.cut()
  const { guard, clock } = guardOf(one.at)
  expect((await guard.judge(failure)).outcome).toBe('unknown')
  await clock.advance(S)
  guard.noteUp(clock.now())
  expect(guard.isContradicted).toBe(true)
  expect(await guard.judge(failure)).toBe(failure)
})

test('whoever asks while a look is under way gets the answer of the one after it, however many they are', async () => {
  await using one = await beacon()
  const { guard } = guardOf(one.at)
  const first = guard.look()
  const others = Array.from({ length: 20 }, () => guard.look())
  await Promise.all([first, ...others])
  await expect.poll(() => one.looks()).toBe(2)
})

test('a name server is asked, where the config says so', async () => {
  await using server = await startDnsServer(() => ({}))
  const { guard } = guardOf({ kind: 'dns', host: '127.0.0.1', port: server.port })
  expect(await guard.look()).toMatchObject({ isOnline: true })
})

describe('outside is', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1', true],
    ['2001:4860::8', '2001:4860::8', true],
    ['127.0.0.1', '127.0.0.1', false],
    ['db', '10.0.0.5', false],
    ['shop.example.org', '192.168.1.4', false],
    ['shop.example.org', '203.0.113.9', true],
    ['fd-host.example.org', 'fd00::5', false],
  ])('%s at %s: %s', (host, address, expected) => {
    const whereabouts = new Whereabouts()
    whereabouts.note(host, address)
    expect(whereabouts.isOutside([host])).toBe(expected)
  })

  test.each([
    ['shop.example.org', true],
    ['database', false],
    ['db.internal', false],
    ['printer.local', false],
    ['router.home.arpa', false],
  ])('%s, which was never found: %s', (host, expected) => {
    expect(new Whereabouts().isOutside([host])).toBe(expected)
  })

  test('what a name was when it was last found', () => {
    const whereabouts = new Whereabouts()
    whereabouts.note('intern.example.org', '10.1.2.3')
    whereabouts.note('intern.example.org', undefined)
    expect(whereabouts.isOutside(['intern.example.org'])).toBe(false)
  })
})

describe('checks', () => {
  async function bench(guard: ConnectivityGuard | undefined, probes: Record<string, Job['run']>) {
    const clock = new ManualClock()
    const sink = new MemorySink()
    const found: Finding[] = []
    const runner = new Runner({
      clock,
      sink,
      context: { addressPolicy: 'any', query: () => Promise.resolve([]) },
      guard: () => guard,
      concurrency: 10,
      onRun: ({ finding }) => void found.push(finding),
      onStartDelay() {},
      onError(error) {
        throw error
      },
    })
    await runner.update(
      Object.entries(probes).map(([name, run]) => {
        const labels = Labels.of({ job: 'probe', check: name })
        const common = { everyMs: 30 * S, timeoutMs: 5 * S, confirm: true, identity: name }
        return { name, labels: { probe: labels, foreign: labels }, ...common, run }
      }),
    )
    return { clock, sink, found, [Symbol.asyncDispose]: () => runner.stop() }
  }

  const at =
    (address: string, finding: Finding): Job['run'] =>
    async ({ visited }) => {
      visited?.(address, address)
      return finding
    }

  test('of the outside are unknown while there is no way out; those within are down as always', async () => {
    await using one = await beacon()
    await one.cut()
    const { guard } = guardOf(one.at)
    await using b = await bench(guard, { shop: at('203.0.113.9', failure), database: at('10.0.0.5', failure) })
    await b.clock.advance(2 * S)
    await b.sink.until(() => b.sink.values('probe_success{check="database", job="probe"}').length > 0)
    while (b.found.length < 2) await new Promise((resolve) => setImmediate(resolve))
    expect(b.found.map(({ outcome }) => outcome).sort()).toEqual(['down', 'unknown'])
    expect(b.sink.values('probe_success{check="database", job="probe"}')).toEqual([0])
    expect(b.sink.values('probe_success{check="shop", job="probe"}')).toEqual([])
  })

  test('are down as always where nobody asks for the way out', async () => {
    await using b = await bench(undefined, { shop: at('203.0.113.9', failure) })
    await b.clock.advance(2 * S)
    expect(b.found).toEqual([failure])
  })

  test('that are up are up, whatever the addresses say, and speak against them', async () => {
    await using one = await beacon()
    await one.cut()
    const { guard } = guardOf(one.at)
    await guard.look()
    await using b = await bench(guard, { shop: at('203.0.113.9', up()) })
    await b.clock.advance(2 * S)
    expect(b.found.map(({ outcome }) => outcome)).toEqual(['up'])
    expect(guard.isContradicted).toBe(true)
  })
})
