import type { AddressPolicy } from '../../lib/address.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Labels } from '../../model/labels.ts'
import type { SampleSink } from '../../model/sink.ts'
import type { BodyBuffers } from './body-buffers.ts'
import type { ScrapeConfig } from './config.ts'
import { ExpositionFetcher } from './fetch-exposition.ts'
import { TargetFiles } from './file-discovery.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { Gate } from './gate.ts'
import { MetricDescriptions } from './metric-descriptions.ts'
import { makeTargets, type Target, type TargetSet } from './target.ts'
import { type ScraperContext, type StopMode, TargetScraper } from './target-scraper.ts'

/** What the pools of all jobs share. */
export interface PoolContext {
  readonly sink: SampleSink
  readonly clock: Clock
  readonly addressPolicy: AddressPolicy
  readonly onError: (error: Error) => void
  readonly baseFolder: string
  readonly gate: Gate
  readonly buffers: BodyBuffers
}

/** The targets of one job: found, made, scraped, and replaced as they change. */
export class ScrapePool {
  readonly jobName: string
  readonly fingerprint: string
  readonly #config: ScrapeConfig
  readonly #context: ScraperContext
  readonly #files: readonly TargetFiles[]
  readonly #scrapers = new Map<string, TargetScraper>()
  #dropped: readonly Labels[] = []
  #problems = ''
  #work: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(config: ScrapeConfig, { addressPolicy, baseFolder, buffers, ...shared }: PoolContext) {
    const { sink, clock, onError, gate } = shared
    const tell = (error: Error) => onError(new Error(`job ${config.jobName}: ${error.message}`, { cause: error }))
    this.jobName = config.jobName
    this.fingerprint = fingerprintOf(config)
    this.#config = config
    this.#context = {
      config,
      sink,
      clock,
      gate,
      onError: tell,
      fetcher: new ExpositionFetcher(config, addressPolicy, baseFolder, buffers),
      descriptions: new MetricDescriptions(sink),
    }
    this.#files = config.fileDiscoveries.map(
      (discovery) =>
        new TargetFiles(discovery, { clock, baseFolder, onError: tell, onChange: () => void this.#sync() }),
    )
  }

  get scrapers(): readonly TargetScraper[] {
    return [...this.#scrapers.values()]
  }

  /** Discovered labels of targets that relabelling dropped. */
  get dropped(): readonly Labels[] {
    return this.#dropped
  }

  /** Finds the targets and begins; the series of `predecessor`, the same job before a reload, are taken over. */
  async start(predecessor?: ScrapePool): Promise<void> {
    await Promise.all(this.#files.map((files) => files.start()))
    const old = predecessor === undefined ? [] : await predecessor.#release()
    await this.#sync(old)
    if (predecessor !== undefined) predecessor.#context.fetcher.close()
  }

  async stop(mode: StopMode): Promise<void> {
    const scrapers = await this.#release()
    await Promise.all(scrapers.map((scraper) => scraper.stop(mode)))
    this.#context.fetcher.close()
  }

  /** Stops looking for targets and gives the scrapers away; what is left to do with them is the caller's. */
  async #release(): Promise<readonly TargetScraper[]> {
    this.#isStopped = true
    await Promise.all(this.#files.map((files) => files.stop()))
    await this.#work
    const scrapers = this.scrapers
    this.#scrapers.clear()
    return scrapers
  }

  #sync(inherited: readonly TargetScraper[] = []): Promise<void> {
    this.#work = this.#work.then(() => this.#replace(inherited)).catch((error) => this.#context.onError(error as Error))
    return this.#work
  }

  /** Ends the scrapers of targets that are no more and starts those of new ones. */
  async #replace(inherited: readonly TargetScraper[]): Promise<void> {
    if (this.#isStopped && inherited.length === 0) return
    const groups = [...this.#config.staticGroups, ...this.#files.flatMap((files) => files.groups)]
    const found = makeTargets(groups, this.#config)
    this.#note(found)
    const wanted = new Map(found.targets.map((target) => [target.key, target]))
    const leaving = [...inherited, ...this.scrapers.filter(({ target }) => !wanted.has(target.key))]
    for (const { target } of leaving)
      if (!inherited.some((one) => one.target === target)) this.#scrapers.delete(target.key)
    const arriving = found.targets.filter(({ key }) => !this.#scrapers.has(key))
    const successors = new Set(arriving.map(({ labels }) => labels.key))
    const left = new Map<string, readonly number[]>()
    await Promise.all(
      leaving.map(async (scraper) => {
        const { labels } = scraper.target
        const isFollowed = successors.has(labels.key)
        const refs = await scraper.stop(isFollowed ? 'keep' : 'mark-gone')
        if (isFollowed) left.set(labels.key, [...(left.get(labels.key) ?? []), ...refs])
      }),
    )
    for (const target of arriving) this.#begin(target, left)
    this.#applyTargetLimit()
  }

  #begin(target: Target, left: Map<string, readonly number[]>): void {
    const scraper = new TargetScraper(target, this.#context)
    this.#scrapers.set(target.key, scraper)
    const refs = left.get(target.labels.key)
    left.delete(target.labels.key)
    scraper.start(refs)
  }

  /** Beyond the limit the whole job fails, as in Prometheus, so that it can't be overlooked. */
  #applyTargetLimit(): void {
    const limit = this.#config.limits.targets
    const count = this.#scrapers.size
    const message =
      limit > 0 && count > limit ? `target_limit exceeded (targets: ${count}, limit: ${limit})` : undefined
    for (const scraper of this.#scrapers.values()) scraper.refuse(message)
  }

  #note({ dropped, problems }: TargetSet): void {
    this.#dropped = dropped
    const text = problems.join('; ')
    if (text !== '' && text !== this.#problems) this.#context.onError(new Error(text))
    this.#problems = text
  }
}
