import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ScrapeConfig, scrapeConfigs } from '../../../src/probe/scrape/config.ts'
import { ScrapeManager } from '../../../src/probe/scrape/manager.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { MemorySink } from '../../support/memory-sink.ts'

/** A target whose answer a test changes between scrapes. */
export interface FakeTarget extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly address: string
  readonly server: Server
  /** Requests so far, newest last. */
  readonly requests: IncomingMessage[]
  /** The body of the next answers, or what answers itself. */
  answer: string | ((request: IncomingMessage, response: ServerResponse) => void)
  contentType: string
  status: number
}

export async function fakeTarget(answer: FakeTarget['answer'] = ''): Promise<FakeTarget> {
  const server = createServer((request, response) => {
    target.requests.push(request)
    if (typeof target.answer === 'function') return target.answer(request, response)
    response.writeHead(target.status, { 'Content-Type': target.contentType }).end(target.answer)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const target: FakeTarget = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    requests: [],
    answer,
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    status: 200,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return target
}

/** A running manager over a clock moved by hand, with everything that it stored and said. */
export interface Scraping extends AsyncDisposable {
  readonly manager: ScrapeManager
  readonly sink: MemorySink
  readonly clock: ManualClock
  readonly errors: string[]
  /** Moves the clock by one interval and waits until every target has been scraped once more. */
  round(): Promise<void>
}

export const INTERVAL_MS = 10_000

export function parseConfigs(written: readonly Record<string, unknown>[]): ScrapeConfig[] {
  return scrapeConfigs.parse(written.map((config) => ({ scrape_interval: '10s', ...config })))
}

export async function scraping(
  written: readonly Record<string, unknown>[],
  options: { readonly baseFolder?: string; readonly sink?: MemorySink; readonly concurrency?: number } = {},
): Promise<Scraping> {
  const { sink = new MemorySink(), ...rest } = options
  const clock = new ManualClock(Date.UTC(2026, 0, 1))
  const errors: string[] = []
  const manager = new ScrapeManager({
    configs: parseConfigs(written),
    sink,
    clock,
    addressPolicy: 'any',
    onError: (error) => errors.push(error.message),
    ...rest,
  })
  await manager.start()
  return {
    manager,
    sink,
    clock,
    errors,
    async round() {
      const count = sink.batches.length + manager.targets().activeTargets.length
      await clock.advance(INTERVAL_MS)
      await sink.batch(count)
    },
    [Symbol.asyncDispose]: () => manager.stop(),
  }
}
