import type { AlertEvent, SentAlert } from '../../src/model/alert.ts'
import { Labels } from '../../src/model/labels.ts'
import type { Notification } from '../../src/model/notification.ts'
import { Dispatcher, type DispatcherOptions } from '../../src/notify/dispatcher.ts'
import { type RouteSpec, routeTree } from '../../src/notify/route.ts'
import type { Integration } from '../../src/notify/routing.ts'
import type { Stage } from '../../src/notify/stage.ts'
import { type EvaluationChange, plainEvaluation, saveEvaluation } from '../../src/store/alerts.ts'
import { type FlushChange, loadNotify, saveFlush } from '../../src/store/notify.ts'
import type { Store } from '../../src/store/store.ts'

export const START = Date.UTC(2026, 0, 1)
export const S = 1000
export const M = 60_000
export const H = 3_600_000

export const SLACK: Integration = { channel: 'slack', sendResolved: true }
export const ROOT: RouteSpec & { receiver: string } = { receiver: 'team', groupBy: ['alertname'] }

type Labelled = Readonly<Record<string, string>>

export function options(
  root = ROOT,
  receivers: Record<string, readonly Integration[]> = { team: [SLACK] },
  stages: readonly Stage[] = [],
): DispatcherOptions {
  return {
    routing: { root: routeTree(root), receivers: new Map(Object.entries(receivers)) },
    stages,
    findingOf: () => undefined,
    externalUrl: 'http://watch.example.org',
    expiryMs: 24 * H,
  }
}

/** A dispatcher that a test moves through time; what it decides is written to a real store. */
export class Bench {
  dispatcher: Dispatcher
  nowMs = START
  readonly told: string[] = []
  readonly notifications: Notification[] = []
  readonly events: string[] = []
  readonly #store: Store | undefined
  #firing = new Map<string, { labels: Labelled; startsAtMs: number }>()

  constructor(settings: DispatcherOptions = options(), store?: Store, lastAliveMs = START, nowMs = START) {
    this.nowMs = nowMs
    this.#store = store
    const restored = store === undefined ? { alerts: [], groups: [], log: [] } : loadNotify(store.reader)
    this.dispatcher = new Dispatcher(settings, restored, { lastAliveMs, nowMs })
  }

  async send(alerts: readonly SentAlert[]): Promise<void> {
    const { events, ...notify } = this.dispatcher.take(alerts, this.nowMs)
    this.events.push(...events.map(storyLine))
    const change: EvaluationChange = { nowMs: this.nowMs, upserts: [], removals: [], events, notify }
    await this.#store?.writer.run(saveEvaluation, plainEvaluation(change))
  }

  fire(labels: Labelled, startsAtMs = this.nowMs): Promise<void> {
    this.#firing.set(JSON.stringify(labels), { labels, startsAtMs })
    return this.send([alertOf(labels, startsAtMs, this.nowMs + 4 * M)])
  }

  resolve(labels: Labelled): Promise<void> {
    const { startsAtMs } = this.#firing.get(JSON.stringify(labels)) ?? { startsAtMs: this.nowMs }
    this.#firing.delete(JSON.stringify(labels))
    return this.send([alertOf(labels, startsAtMs, this.nowMs)])
  }

  /** Moves on in steps of 5 s, sending again what fires as the rules do, and notes what was told: `60 slack: …`. */
  async advance(ms: number, { says = true } = {}): Promise<void> {
    const endMs = this.nowMs + ms
    while (this.nowMs < endMs) {
      this.nowMs += 5 * S
      if (says && (this.nowMs - START) % (75 * S) === 0) await this.sayAgain()
      await this.look()
    }
  }

  sayAgain(): Promise<void> {
    return this.send(
      [...this.#firing.values()].map(({ labels, startsAtMs }) => alertOf(labels, startsAtMs, this.nowMs + 4 * M)),
    )
  }

  async look(): Promise<FlushChange | undefined> {
    const change = this.dispatcher.flush(this.nowMs)
    if (change === undefined) return undefined
    for (const { channel, body } of change.messages) {
      const notification = JSON.parse(body) as Notification
      this.notifications.push(notification)
      const alerts = notification.alerts.map(
        ({ status, labels }) => `${status === 'firing' ? '+' : '-'}${labels.i ?? ''}`,
      )
      this.told.push(`${(this.nowMs - START) / S} ${channel}: ${notification.reason} ${alerts.sort().join(' ')}`)
    }
    this.events.push(...change.events.map(storyLine))
    await this.#store?.writer.run(saveFlush, change)
    return change
  }

  /** Goes on in another process, `ms` after this one ended. */
  restart(ms: number, settings: DispatcherOptions = options()): Bench {
    const next = new Bench(settings, this.#store, this.nowMs, this.nowMs + ms)
    next.#firing = this.#firing
    return next
  }
}

/** What happened again is counted: `silenced: … (3 more)`. */
function storyLine({ kind, detail, again }: AlertEvent): string {
  return `${kind}: ${detail}${again === undefined ? '' : ` (${again} more)`}`
}

export function alertOf(labels: Labelled, startsAtMs: number, endsAtMs: number): SentAlert {
  return { labels: Labels.of({ alertname: 'A', ...labels }), annotations: {}, startsAtMs, endsAtMs, generatorUrl: '' }
}
