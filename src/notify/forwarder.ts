import { backoffMs } from '../lib/backoff.ts'
import type { Clock } from '../lib/clock.ts'
import type { Secret } from '../lib/secret.ts'
import type { SentAlert } from '../model/alert.ts'
import type { Labels } from '../model/labels.ts'
import { DeliveryError } from './channel/channel.ts'
import { authorizationHeader, post } from './channel/http.ts'
import type { TlsFiles } from './channel/tls-files.ts'

/** An Alertmanager beside us that is handed what our rules find. */
export interface ForwardTarget {
  /** Its host and port, for people. */
  readonly name: string
  /** Where alerts are posted: `http://alertmanager:9093/api/v2/alerts`. */
  readonly url: URL
  readonly timeoutMs: number
  readonly authorization: Secret | undefined
  readonly proxy: Secret | undefined
  readonly tls: TlsFiles | undefined
}

export interface Forwarding {
  readonly targets: readonly ForwardTarget[]
  /** Added where an alert lacks them. */
  readonly externalLabels: Labels
  /** Changes the labels of an alert; undefined keeps it to ourselves. */
  readonly relabel: (labels: Labels) => Labels | undefined
}

interface ForwarderOptions {
  readonly clock: Clock
  /** A try is over; `error` is undefined when they have arrived. */
  readonly onTry: (target: string, alerts: number, error: string | undefined) => void
  /** Alerts are given up: they are refused, or too many wait. They are sent again as long as they hold. */
  readonly onDropped: (target: string, alerts: number) => void
}

/** As Prometheus: what goes into one request, and what waits at most. */
const BATCH = 256
const MAX_WAITING = 10_000
const RETRY = { firstMs: 1000, factor: 2, maxMs: 15_000, jitterShare: 0.2 }

/**
 * Hands alerts to Alertmanagers as Prometheus does: in order, again and again while they hold, and for a quarter of an hour
 * once they are over. What waits is kept in memory only, since whatever is lost by a crash is sent again.
 */
export class Forwarder {
  readonly #options: ForwarderOptions
  readonly #ending = new AbortController()
  readonly #lines = new Map<string, Line>()
  #forwarding: Forwarding

  constructor(options: ForwarderOptions, forwarding: Forwarding) {
    this.#options = options
    this.#forwarding = forwarding
    this.reconfigure(forwarding)
  }

  /** What waits for a target that stays goes there as before. */
  reconfigure(forwarding: Forwarding): void {
    this.#forwarding = forwarding
    const urls = new Set(forwarding.targets.map(({ url }) => url.href))
    for (const [url, line] of this.#lines) {
      if (urls.has(url)) continue
      line.clear()
      this.#lines.delete(url)
    }
    for (const target of forwarding.targets) {
      const line = this.#lines.get(target.url.href)
      if (line === undefined) this.#lines.set(target.url.href, new Line(this.#options, target, this.#ending.signal))
      else line.target = target
    }
  }

  /** Sends them to every target; waits for none. */
  take(alerts: readonly SentAlert[]): void {
    if (this.#lines.size === 0 || alerts.length === 0) return
    const { externalLabels, relabel } = this.#forwarding
    const posted = alerts.flatMap((alert): Posted[] => {
      const labels = relabel(externalLabels.merge(alert.labels))
      return labels === undefined ? [] : [{ key: labels.key, text: JSON.stringify(bodyOf(alert, labels)) }]
    })
    for (const line of this.#lines.values()) line.add(posted)
  }

  /** Gives up what waits. */
  async stop(): Promise<void> {
    this.#ending.abort()
    await Promise.all([...this.#lines.values()].map((line) => line.settled()))
  }
}

interface Posted {
  readonly key: string
  /** JSON. */
  readonly text: string
}

/** What waits for one target. */
class Line {
  target: ForwardTarget
  readonly #options: ForwarderOptions
  readonly #signal: AbortSignal
  #waiting: Posted[] = []
  #work: Promise<void> | undefined

  constructor(options: ForwarderOptions, target: ForwardTarget, signal: AbortSignal) {
    this.#options = options
    this.target = target
    this.#signal = signal
  }

  add(alerts: readonly Posted[]): void {
    if (this.#signal.aborted) return
    this.#waiting.push(...alerts)
    const excess = this.#waiting.length - MAX_WAITING
    if (excess > 0) {
      this.#waiting.splice(0, excess)
      this.#options.onDropped(this.target.name, excess)
    }
    if (this.#waiting.length > 0)
      this.#work ??= this.#send().finally(() => {
        this.#work = undefined
      })
  }

  clear(): void {
    this.#waiting = []
  }

  async settled(): Promise<void> {
    await this.#work
  }

  async #send(): Promise<void> {
    const { clock, onTry, onDropped } = this.#options
    for (let attempt = 1; this.#waiting.length > 0 && !this.#signal.aborted; ) {
      const batch = this.#waiting.splice(0, BATCH)
      const { name } = this.target
      const error = await this.#try(batch)
      if (this.#signal.aborted) return
      onTry(name, batch.length, error?.message)
      if (error === undefined) {
        attempt = 1
        continue
      }
      if (error.retry === 'never') {
        onDropped(name, batch.length)
        continue
      }
      this.#waiting = newestOf([...batch, ...this.#waiting])
      await clock.sleep(Math.round(backoffMs(attempt++, RETRY)), this.#signal).catch(() => {})
    }
  }

  async #try(batch: readonly Posted[]): Promise<DeliveryError | undefined> {
    const { name, url, timeoutMs, authorization, proxy, tls } = this.target
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(timeoutMs)])
    const headers = { 'content-type': 'application/json', ...authorizationHeader(authorization) }
    const body = `[${batch.map(({ text }) => text).join(',')}]`
    const posting = { who: `Alertmanager at ${name}`, url, headers, body, proxy, tls, secrets: [] }
    try {
      await post(posting, { signal, nowMs: this.#options.clock.now() })
      return undefined
    } catch (error) {
      return error instanceof DeliveryError ? error : new DeliveryError('later', (error as Error).message)
    }
  }
}

/** Of an alert that was said to fire and then to be over, only the latter counts to whoever could not be reached meanwhile. */
function newestOf(alerts: readonly Posted[]): Posted[] {
  const newest = new Map<string, Posted>()
  for (const alert of alerts) {
    newest.delete(alert.key)
    newest.set(alert.key, alert)
  }
  return [...newest.values()]
}

function bodyOf({ annotations, startsAtMs, endsAtMs, generatorUrl }: SentAlert, labels: Labels) {
  return {
    labels: labels.toObject(),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    startsAt: new Date(startsAtMs).toISOString(),
    endsAt: new Date(endsAtMs).toISOString(),
    generatorURL: generatorUrl,
  }
}
