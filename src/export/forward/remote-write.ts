import { readFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { Agent as SecureAgent } from 'node:https'
import { resolve } from 'node:path'
import type { AddressPolicy } from '../../lib/address.ts'
import { backoffMs } from '../../lib/backoff.ts'
import type { Clock } from '../../lib/clock.ts'
import { httpPost } from '../../lib/http-post.ts'
import { Turns } from '../../lib/turns.ts'
import { version } from '../../lib/version.ts'
import type { Labels } from '../../model/labels.ts'
import { authorizationOf, tlsOptionsOf } from '../../probe/scrape/credentials.ts'
import { encodeLabels, encodeWriteRequest, type WrittenSeries } from '../../wire/remote-write.ts'
import { packSnappy } from '../../wire/snappy.ts'
import type { RemoteWrite } from './remote-write-config.ts'

/** Samples to be sent, in the order in which they came. */
export interface OwedSamples {
  readonly refs: readonly number[]
  readonly timesMs: readonly number[]
  readonly values: readonly number[]
  readonly stale: readonly boolean[]
}

/** Up to where everything has been sent. */
export interface Position {
  /** The last journal entry whose samples have all arrived. */
  readonly id: number
  /** The newest of them, epoch milliseconds. */
  readonly maxMs: number
  /** Samples of entries up to `id` that are not newer than `toMs` have been sent from what is packed. */
  readonly filled?: { readonly id: number; readonly toMs: number }
}

export interface ForwardSource {
  /** What comes after a position; undefined when there is nothing yet. */
  next(position: Position, most: number): { readonly samples: OwedSamples; readonly position: Position } | undefined
  labelsOf(ref: number): Labels | undefined
  /** Where it stood when the program ended; undefined when it has never sent. */
  load(name: string): Position | undefined
  /** The end of what there is now. */
  end(): Position
  /** Resolves when the position is on disk. */
  save(name: string, position: Position): Promise<void>
}

interface ForwarderOptions {
  readonly remote: RemoteWrite
  readonly source: ForwardSource
  readonly clock: Clock
  readonly policy: () => AddressPolicy
  /** Relative paths of files with secrets are relative to it. */
  readonly baseFolder: string
  readonly onSent: (samples: number, newestMs: number) => void
  /** Samples that the other side does not take, whatever is done. */
  readonly onRefused: (samples: number, why: string) => void
  /** A request failed and is tried again. */
  readonly onRetry: (why: string, attempt: number) => void
}

/** How often it is looked for new samples when the last look found none. */
const LOOK_EVERY_MS = 1000
const BACKOFF = { firstMs: 500, factor: 2, maxMs: 30_000, jitterShare: 0.3 } as const
/** A wait that the other side asks for is kept within these, whatever its clock says. */
const LONGEST_WAIT_MS = 300_000
const MAX_KNOWN_SERIES = 200_000
/**
 * So many requests' samples are read at once, and have one position. They are sent series by series, so that the labels of one,
 * which are longer than a sample, are not written anew for each.
 */
const REQUESTS_A_POSITION = 50
/** So many samples lie between two looks at whether it is others' turn. */
const LOOK_EVERY_SAMPLES = 4096
const ONE_CONNECTION = { keepAlive: true, maxSockets: 1 } as const

/**
 * Sends every sample to another store, each at least once and those of a series in order, from where the last run ended. What the other side
 * refuses is left out sample by sample, so that nothing else is lost with it.
 */
export class RemoteWriter {
  readonly #options: ForwarderOptions
  readonly #encoded = new Map<number, Uint8Array | null>()
  readonly #agent: Agent

  constructor(options: ForwarderOptions) {
    this.#options = options
    const isSecure = options.remote.url.protocol === 'https:'
    this.#agent = isSecure ? new SecureAgent(ONE_CONNECTION) : new Agent(ONE_CONNECTION)
  }

  /** Sends until the signal ends it. */
  async run(signal: AbortSignal): Promise<void> {
    const { source, clock, remote } = this.#options
    try {
      let position = source.load(remote.name)
      if (position === undefined) {
        position = source.end()
        await source.save(remote.name, position)
      }
      while (!signal.aborted) {
        const owed = source.next(position, REQUESTS_A_POSITION * remote.batchSamples)
        if (owed === undefined) {
          await clock.sleep(LOOK_EVERY_MS, signal)
          continue
        }
        await this.#send(owed.samples, signal)
        await source.save(remote.name, owed.position)
        position = owed.position
      }
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      this.#agent.destroy()
    }
  }

  /** Sends samples in requests of at most the size that is allowed. */
  async #send(samples: OwedSamples, signal: AbortSignal): Promise<void> {
    const { batchSamples } = this.#options.remote
    const turns = new Turns()
    // While one request is on its way the next is written.
    let before: Promise<void> | undefined
    for (const series of requestsOf(await this.#bySeries(samples, turns), batchSamples)) {
      if (turns.isOver()) await turns.next()
      const body = packSnappy(encodeWriteRequest(series))
      await before
      before = this.#deliver(series, body, signal)
      // It is heard of when the next one is ready.
      before.catch(() => {})
    }
    await before
  }

  async #bySeries({ refs, timesMs, values, stale }: OwedSamples, turns: Turns): Promise<Iterable<GrowingSeries>> {
    const bySeries = new Map<number, GrowingSeries>()
    for (let i = 0; i < refs.length; i++) {
      if (i % LOOK_EVERY_SAMPLES === 0 && turns.isOver()) await turns.next()
      const ref = refs[i] as number
      let series = bySeries.get(ref)
      if (series === undefined) {
        const labels = this.#labelsOf(ref)
        if (labels === null) continue
        series = { labels, timesMs: [], values: [], stale: [] }
        bySeries.set(ref, series)
      }
      series.timesMs.push(timesMs[i] as number)
      series.values.push(values[i] as number)
      series.stale.push(stale[i] as boolean)
    }
    return bySeries.values()
  }

  /** Null for a series that is not to be sent. */
  #labelsOf(ref: number): Uint8Array | null {
    const known = this.#encoded.get(ref)
    if (known !== undefined) return known
    const { source, remote } = this.#options
    const labels = source.labelsOf(ref)
    const sent = labels === undefined ? undefined : remote.relabel.apply(labels)
    const encoded = sent === undefined ? null : encodeLabels(sent.pairs)
    if (this.#encoded.size >= MAX_KNOWN_SERIES) this.#encoded.clear()
    this.#encoded.set(ref, encoded)
    return encoded
  }

  /** Posts until it is taken; what is refused for good is divided until only what is wrong is left out. */
  async #deliver(series: readonly WrittenSeries[], body: Uint8Array, signal: AbortSignal): Promise<void> {
    const samples = series.reduce((sum, { timesMs }) => sum + timesMs.length, 0)
    if (samples === 0) return
    const refusal = await this.#post(body, signal)
    if (refusal === undefined) {
      const newestMs = series.reduce((most, { timesMs }) => Math.max(most, timesMs.at(-1) ?? 0), 0)
      this.#options.onSent(samples, newestMs)
      return
    }
    if (samples === 1) {
      this.#options.onRefused(1, refusal)
      return
    }
    for (const half of halves(series)) await this.#deliver(half, packSnappy(encodeWriteRequest(half)), signal)
  }

  /** @returns why it is refused for good; undefined when it was taken */
  async #post(body: Uint8Array, signal: AbortSignal): Promise<string | undefined> {
    const { remote, clock, policy, onRetry } = this.#options
    for (let attempt = 1; ; attempt++) {
      let why: string
      let waitMs = backoffMs(attempt, BACKOFF)
      try {
        const answer = await httpPost({
          url: remote.url,
          headers: await this.#headers(),
          body,
          signal: AbortSignal.any([signal, AbortSignal.timeout(remote.timeoutMs)]),
          policy: policy(),
          proxy: undefined,
          tls: await tlsOptionsOf(remote.tls, this.#read),
          agent: this.#agent,
        })
        const { status, text, headers } = answer
        if (status >= 200 && status < 300) return undefined
        why = `${status} ${text.trim().slice(0, 300)}`
        // Who lets us in may change; what was sent may not.
        const mayHelp = status >= 500 || [401, 403, 404, 407, 408, 429].includes(status)
        if (!mayHelp) return why
        waitMs = Math.max(waitMs, Math.min(retryAfterMs(headers['retry-after'], clock.now()), LONGEST_WAIT_MS))
      } catch (error) {
        signal.throwIfAborted()
        why = (error as Error).message
      }
      onRetry(why, attempt)
      await clock.sleep(waitMs, signal)
    }
  }

  async #headers(): Promise<Record<string, string>> {
    const { remote } = this.#options
    const authorization = await authorizationOf(remote.credentials, this.#read)
    return {
      ...remote.headers,
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
      'user-agent': `midwatch/${version}`,
      ...(authorization === undefined ? {} : { authorization }),
    }
  }

  readonly #read = (file: string) => readFile(resolve(this.#options.baseFolder, file))
}

interface GrowingSeries extends WrittenSeries {
  readonly timesMs: number[]
  readonly values: number[]
  readonly stale: boolean[]
}

/** Series in requests of at most so many samples. */
function* requestsOf(all: Iterable<WrittenSeries>, most: number): Generator<readonly WrittenSeries[]> {
  let request: WrittenSeries[] = []
  let room = most
  for (const series of all) {
    const { length } = series.timesMs
    for (let from = 0; from < length; ) {
      const to = Math.min(from + room, length)
      request.push(partOf(series, from, to))
      room -= to - from
      from = to
      if (room > 0) continue
      yield request
      request = []
      room = most
    }
  }
  if (request.length > 0) yield request
}

function partOf(series: WrittenSeries, from: number, to: number): WrittenSeries {
  const { labels, timesMs, values, stale } = series
  if (from === 0 && to === timesMs.length) return series
  return { labels, timesMs: timesMs.slice(from, to), values: values.slice(from, to), stale: stale.slice(from, to) }
}

/** By series, or, where there is one only, by time. */
function halves(series: readonly WrittenSeries[]): readonly (readonly WrittenSeries[])[] {
  if (series.length > 1) {
    const middle = Math.ceil(series.length / 2)
    return [series.slice(0, middle), series.slice(middle)]
  }
  const [only] = series as readonly [WrittenSeries]
  const { length } = only.timesMs
  const middle = Math.ceil(length / 2)
  return [[partOf(only, 0, middle)], [partOf(only, middle, length)]]
}

/** `120`, or a date; 0 where it says neither. */
function retryAfterMs(header: string | undefined, nowMs: number): number {
  if (header === undefined) return 0
  if (/^\d+$/.test(header)) return Number(header) * 1000
  const atMs = Date.parse(header)
  return Number.isNaN(atMs) ? 0 : Math.max(0, atMs - nowMs)
}
