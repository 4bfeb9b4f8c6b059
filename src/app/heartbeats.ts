import type { CheckConfig, HeartbeatCheck } from '../config/config.ts'
import { HeartbeatBook } from '../ingest/heartbeat-book.ts'
import type { Clock } from '../lib/clock.ts'
import type { Finding } from '../model/finding.ts'
import { pingsOf } from '../store/heartbeats.ts'
import { getSetting, putSetting } from '../store/settings.ts'
import type { Store } from '../store/store.ts'

const SINCE = 'heartbeats_since'
const PINGS_READ = 100

interface HeartbeatsOptions {
  readonly store: Store
  readonly clock: Clock
  /** When this run began, and when the one before it was last alive. */
  readonly startedMs: number
  readonly lastAliveMs: number
  readonly onError: (error: unknown) => void
}

/** The heartbeats of the config: since when each is expected, over restarts, and what its pings say. */
export class Heartbeats {
  readonly book: HeartbeatBook
  readonly #options: HeartbeatsOptions
  #since: ReadonlyMap<string, number>

  constructor(options: HeartbeatsOptions) {
    const { store, startedMs, lastAliveMs } = options
    this.#options = options
    this.#since = new Map(Object.entries(JSON.parse(getSetting(store.reader, SINCE) ?? '{}') as Record<string, number>))
    this.book = new HeartbeatBook({
      recent: (name) => pingsOf(store.reader, name, PINGS_READ),
      sinceMs: (name) => this.#since.get(name) ?? startedMs,
      absence: { fromMs: lastAliveMs, toMs: startedMs },
    })
  }

  /** Takes the heartbeats of another config; those that stay keep the time since when they are expected. */
  update(checks: readonly CheckConfig[]): void {
    const { store, clock, onError } = this.#options
    const nowMs = clock.now()
    const names = checks.filter(({ kind }) => kind === 'heartbeat').map(({ name }) => name)
    const before = this.#since
    this.#since = new Map(names.map((name) => [name, before.get(name) ?? nowMs]))
    this.book.keepOnly(new Set(names))
    if (names.length === before.size && names.every((name) => before.has(name))) return
    const value = JSON.stringify(Object.fromEntries(this.#since))
    store.writer.run(putSetting, { key: SINCE, value }).catch(onError)
  }

  judge({ name, heartbeat }: HeartbeatCheck): Finding {
    return this.book.judge(name, heartbeat, this.#options.clock.now())
  }
}
