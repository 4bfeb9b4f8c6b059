import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { uncompress } from 'snappyjs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Forwarding } from '../../src/app/forwarding.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { RemoteWrite } from '../../src/export/forward/remote-write-config.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { Labels } from '../../src/model/labels.ts'
import { BatchBuilder } from '../../src/model/sample.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { SelfMetrics } from '../../src/telemetry/self-metrics.ts'
import { startPrometheus } from '../promql/prometheus-server.ts'
import { listen, type TcpListener } from '../support/listen.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { testWithPeer } from '../support/peers.ts'
import { type TestStore, testStore } from '../support/test-store.ts'
import { readWriteRequest } from '../support/write-request.ts'

/** What another store was sent: `name{labels} value milliseconds`, in the order of arrival. */
let taken: string[]
/** Says what is answered to each request. */
let answer: (lines: readonly string[]) => number
let server: TcpListener
let it: TestStore
let metrics: SelfMetrics
let forwarding: Forwarding

beforeEach(async () => {
  taken = []
  timeMs = 0
  answer = () => 204
  server = await listen(createServer(receive))
  it = await testStore({ clock: new ManualClock(Date.now()) })
  metrics = new SelfMetrics()
  forwarding = begin()
})

afterEach(async () => {
  await forwarding.stop()
  metrics.stop()
  await it[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

function begin(log = createLog('silent')): Forwarding {
  return new Forwarding({
    clock: systemClock,
    log,
    metrics,
    store: it.store,
    policy: () =>
      loadConfig({ file: 'midwatch.yml', env: {}, readFile: () => '{}' }).config?.probes.addressPolicy as never,
    baseFolder: () => '.',
    onCorrupt: () => {},
  })
}

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  const lines = readWriteRequest(uncompress(Buffer.concat(pieces)))
  const status = answer(lines)
  if (status < 300) taken.push(...lines)
  if (status === 0) request.socket.destroy()
  else response.writeHead(status).end(status < 300 ? '' : 'out of order sample')
}

function remotes(more = ''): readonly RemoteWrite[] {
  const text = `remote_write:\n  - url: http://127.0.0.1:${server.port}/api/v1/write\n    name: other\n${more}`
  const { config, problems } = loadConfig({ file: 'midwatch.yml', env: {}, readFile: () => text })
  if (config === undefined) throw new Error(problems.map(({ message }) => message).join('; '))
  return config.remoteWrite
}

let timeMs = 0

/** Appends a sample to each series, durably, as a commit of its own. */
async function append(values: Readonly<Record<string, number>>): Promise<void> {
  timeMs = Math.max(timeMs + 1000, it.clock.now())
  const batch = new BatchBuilder(8)
  for (const [shop, value] of Object.entries(values)) {
    batch.add(it.store.series.ref(Labels.of({ __name__: 'orders_total', shop })) as number, timeMs, value)
  }
  await Promise.all([it.store.series.append(batch.take()), it.store.series.durable()])
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(10)
}

const values = (shop: string) =>
  taken.flatMap((line) => (/[{,]shop="(\w+)"/.exec(line)?.[1] === shop ? [Number(line.split(' ')[1])] : []))

describe('remote write', () => {
  test('sends what is stored from the moment on at which it was set up, in order', async () => {
    await append({ a: 1 })
    await forwarding.update(remotes())
    for (let i = 2; i <= 6; i++) await append({ a: i, b: -i })
    await until(() => values('b').length >= 5)
    expect(values('a')).toEqual([2, 3, 4, 5, 6])
    expect(values('b')).toEqual([-2, -3, -4, -5, -6])
  })

  test('loses nothing while the other side is away, answers with errors or cuts the line', async () => {
    await forwarding.update(remotes())
    const statuses = [500, 0, 429, 503]
    answer = () => statuses.shift() ?? 204
    for (let i = 1; i <= 5; i++) await append({ a: i })
    await until(() => values('a').length >= 5)
    expect([...new Set(values('a'))]).toEqual([1, 2, 3, 4, 5])
  })

  test('leaves out only the samples that are refused for good', async () => {
    await forwarding.update(remotes())
    answer = (lines) => (lines.some((line) => line.includes('shop="bad"')) ? 400 : 204)
    await append({ a: 1, bad: 2, c: 3 })
    await append({ a: 4, c: 5 })
    await until(() => values('c').length >= 2)
    expect(values('a')).toEqual([1, 4])
    expect(values('c')).toEqual([3, 5])
    const refused = await metrics.registry.getSingleMetricAsString('midwatch_remote_write_samples_refused_total')
    expect(refused).toContain('{remote="other"} 1')
  })

  test('tells of a series whose every sample is refused once, and not for each of them', async () => {
    const lines: string[] = []
    await forwarding.stop()
    forwarding = begin(createLog('warn', { write: (line) => void lines.push(line) }))
    await forwarding.update(remotes())
    answer = (sent) => (sent.some((line) => line.includes('shop="twice"')) ? 400 : 204)
    for (let i = 1; i <= 5; i++) await append({ once: i, twice: i })
    await until(() => values('once').length === 5)
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: 'remote_write.refused', remote: 'other', error: '400 out of order sample' },
    ])
  })

  test('goes on after a restart where it had ended, also with what was never sent', async () => {
    await forwarding.update(remotes())
    await append({ a: 1 })
    await until(() => values('a').includes(1))
    answer = () => 500
    await append({ a: 2 })
    await forwarding.stop()
    await it.reopen()
    await append({ a: 3 })
    answer = () => 204
    forwarding = begin()
    await forwarding.update(remotes())
    await until(() => values('a').includes(3))
    expect([...new Set(values('a'))]).toEqual([1, 2, 3])
  })

  test('sends from packed history what the journal has let go of meanwhile', async () => {
    await forwarding.update(remotes())
    answer = () => 500
    timeMs = it.clock.now()
    for (let i = 1; i <= 3; i++) await append({ a: i })
    await forwarding.stop()
    await it.clock.advance(2 * 3_600_000)
    await it.store.series.seal(it.clock.now() - 3_600_000, 0, new AbortController().signal)
    await append({ a: 4 })
    answer = () => 204
    forwarding = begin()
    await forwarding.update(remotes())
    await until(() => values('a').includes(4))
    expect([...new Set(values('a'))]).toEqual([1, 2, 3, 4])
  })

  test('sends what the relabelling leaves, under the labels that it gives', async () => {
    const relabel = [
      '    write_relabel_configs:',
      '      - { source_labels: [shop], regex: secret, action: drop }',
      '      - { target_label: cluster, replacement: north }',
    ].join('\n')
    await forwarding.update(remotes(relabel))
    await append({ a: 1, secret: 2 })
    await append({ a: 3 })
    await until(() => taken.length >= 2)
    expect(taken.map((line) => line.split(' ')[0])).toEqual(Array(2).fill('orders_total{cluster="north",shop="a"}'))
  })

  test('sends external labels along, except where a series has its own, and begins to do so with a reload', async () => {
    await forwarding.update(remotes())
    await append({ a: 1 })
    await until(() => values('a').includes(1))
    await forwarding.update(remotes(), Labels.of({ region: 'eu', shop: 'nobody' }))
    await append({ a: 2 })
    await until(() => values('a').includes(2))
    // A reload may cut a request whose answer is not read yet: what was in it comes once more, with the new labels.
    expect(taken[0]).toMatch(/^orders_total\{shop="a"\} 1 /)
    expect(taken.at(-1)).toMatch(/^orders_total\{region="eu",shop="a"\} 2 /)
  })
})

testWithPeer(
  'prometheus',
  'Prometheus takes it and answers with the same samples, the end of a series included',
  async (program) => {
    const prometheus = await startPrometheus(program)
    try {
      const { config } = loadConfig({
        file: 'midwatch.yml',
        env: {},
        readFile: () => `remote_write: [{ url: "${prometheus.url}/api/v1/write", name: prometheus }]`,
      })
      await forwarding.update(config?.remoteWrite ?? [])
      for (let i = 1; i <= 20; i++) await append({ a: i, b: 0.1 * i })
      const batch = new BatchBuilder(1)
      batch.addStale(it.store.series.ref(Labels.of({ __name__: 'orders_total', shop: 'b' })) as number, timeMs + 1)
      await Promise.all([it.store.series.append(batch.take()), it.store.series.durable()])
      const ask = async (query: string) =>
        (await prometheus.ask('query', { query, time: String((timeMs + 2) / 1000) })).data?.result as {
          value: [number, string]
        }[]
      let found = await ask('sum_over_time(orders_total{shop="a"}[10m])')
      for (; found[0]?.value[1] !== '210'; found = await ask('sum_over_time(orders_total{shop="a"}[10m])'))
        while ((await ask('orders_total')).length !== 1) await delay(20)
      expect((await ask('count_over_time(orders_total{shop="b"}[10m])'))[0]?.value[1]).toBe('20')
    } finally {
      await prometheus.stop()
    }
  },
)
