import type { AddressPolicy } from '../../lib/address.ts'
import type { Clock } from '../../lib/clock.ts'
import type { SampleSink } from '../../model/sink.ts'
import { BodyBuffers } from './body-buffers.ts'
import type { ScrapeConfig } from './config.ts'
import { fingerprintOf } from './fingerprint.ts'
import { Gate } from './gate.ts'
import { type PoolContext, ScrapePool } from './pool.ts'
import { type ActiveTarget, activeTarget, type DroppedTarget, droppedTarget } from './target-view.ts'

export interface ScrapeManagerOptions {
  readonly configs: readonly ScrapeConfig[]
  readonly sink: SampleSink
  readonly clock: Clock
  /** Asked at each `update`. */
  readonly addressPolicy: AddressPolicy
  /** For the log: a broken file of targets, a target that can't be made, trouble with the store. */
  readonly onError: (error: Error) => void
  /** What relative paths in the configs are relative to: the folder of the config file. */
  readonly baseFolder?: string
  /** How many scrapes may be under way at once. */
  readonly concurrency?: number
}

/** What `GET /api/v1/targets` shows, in Prometheus' shape. */
export interface TargetsView {
  readonly activeTargets: readonly ActiveTarget[]
  readonly droppedTargets: readonly DroppedTarget[]
  readonly droppedTargetCounts: Readonly<Record<string, number>>
}

const DEFAULT_CONCURRENCY = 200

/** Scrapes the targets of all jobs, from `start` to `stop`. */
export class ScrapeManager {
  readonly #options: ScrapeManagerOptions
  #policy: AddressPolicy | undefined
  readonly #pools = new Map<string, ScrapePool>()
  readonly #gate: Gate
  readonly #buffers = new BodyBuffers()
  #work: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: ScrapeManagerOptions) {
    this.#options = options
    this.#gate = new Gate(options.concurrency ?? DEFAULT_CONCURRENCY)
  }

  /** Reads the files of targets and begins to scrape. */
  start(): Promise<void> {
    return this.update(this.#options.configs)
  }

  /**
   * Takes new configs. Jobs that have not changed go on as they are, targets that are still there keep their series, and
   * those that are gone get staleness markers.
   */
  update(configs: readonly ScrapeConfig[]): Promise<void> {
    const applied = this.#work.then(() => this.#apply(configs))
    this.#work = applied.catch(() => undefined)
    return applied
  }

  targets(): TargetsView {
    const pools = [...this.#pools.values()]
    return {
      activeTargets: pools.flatMap((pool) =>
        pool.scrapers.map((scraper) => activeTarget(pool.jobName, scraper.target, scraper.health)),
      ),
      droppedTargets: pools.flatMap((pool) => pool.dropped.map((labels) => droppedTarget(pool.jobName, labels))),
      droppedTargetCounts: Object.fromEntries(pools.map((pool) => [pool.jobName, pool.dropped.length])),
    }
  }

  /** Ends all scrapes; series stay as they are, since the next start goes on with them. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#work
    await Promise.all([...this.#pools.values()].map((pool) => pool.stop('keep')))
  }

  async #apply(configs: readonly ScrapeConfig[]): Promise<void> {
    if (this.#isStopped) return
    const { sink, clock, addressPolicy, onError, baseFolder = process.cwd() } = this.#options
    const isSamePolicy = this.#policy === addressPolicy
    this.#policy = addressPolicy
    const jobNames = new Set(configs.map(({ jobName }) => jobName))
    const gone = [...this.#pools.values()].filter(({ jobName }) => !jobNames.has(jobName))
    for (const { jobName } of gone) this.#pools.delete(jobName)
    const context: PoolContext = {
      sink,
      clock,
      addressPolicy,
      onError,
      baseFolder,
      gate: this.#gate,
      buffers: this.#buffers,
    }
    const changes = configs.map(async (config) => {
      const current = this.#pools.get(config.jobName)
      if (isSamePolicy && current !== undefined && current.fingerprint === fingerprintOf(config)) return
      const next = new ScrapePool(config, context)
      this.#pools.set(config.jobName, next)
      await next.start(current)
    })
    await Promise.all([...changes, ...gone.map((pool) => pool.stop('mark-gone'))])
  }
}
