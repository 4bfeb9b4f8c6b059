import { Dependencies } from '../health/dependencies.ts'
import { HealthBoard } from '../health/health-board.ts'
import { MaintenanceCalendar } from '../health/maintenance-calendar.ts'
import type { HealthStatus } from '../model/health.ts'

import { type Job, Runner } from '../probe/runner.ts'
import { ScrapeManager } from '../probe/scrape/manager.ts'
import { queryStore } from '../rule/query.ts'
import { loadChecks } from '../store/checks.ts'
import { type Connectivity, connectivityChecks, connectivityOf } from './connectivity.ts'
import type { Ground } from './ground.ts'
import { Heartbeats } from './heartbeats.ts'
import { type CheckInfo, jobOf, type SelfCheck, selfJobOf } from './jobs.ts'
import type { Plan } from './plan.ts'
import { Watch } from './watch.ts'

/** What is looked at: checks, scraped targets, heartbeats, and what they say of the whole. */
export class Looking {
  readonly calendar = new MaintenanceCalendar()
  readonly board: HealthBoard
  readonly watch: Watch
  readonly runner: Runner
  readonly scrapes: ScrapeManager
  readonly heartbeats: Heartbeats
  readonly #ground: Ground
  readonly #remembered
  #dependencies: Dependencies
  #connectivity: Connectivity | undefined
  #selves: () => readonly SelfCheck[] = () => []
  #infos: readonly CheckInfo[] = []

  constructor(ground: Ground) {
    const { clock, log, store, audit, metrics, startedMs, lastAliveMs, plan } = ground
    const { calendar } = this
    this.#ground = ground
    this.#remembered = loadChecks(store.reader).map((row) => ({ ...row, status: row.state as HealthStatus }))
    this.board = new HealthBoard((name) => {
      const occurrence = calendar.ofCheck(name, clock.now())
      return occurrence && { window: occurrence.window.name, untilMs: occurrence.endsAtMs }
    })
    this.#dependencies = new Dependencies([], this.board)
    this.watch = new Watch({ clock, log, store, board: this.board, audit })
    this.runner = new Runner({
      clock,
      sink: store.series,
      context: {
        get addressPolicy() {
          return plan().config.probes.addressPolicy
        },
        query: (text) => plan().backend?.instant(text, clock.now()) ?? queryStore(store.series, text, clock.now()),
      },
      guard: () => this.#connectivity?.guard,
      isInMaintenance: (job, atMs) => calendar.of(job.labels.probe, atMs) !== undefined,
      concurrency: plan().config.probes.concurrency,
      onRun: (run) => this.watch.note(run),
      onStartDelay: (delayMs) => metrics.probeStartDelay.observe(delayMs / 1000),
      onError: (error, job) =>
        log.error({ event: 'check.failed', check: job, err: error }, 'a check could not be done'),
    })
    this.scrapes = new ScrapeManager({
      configs: [],
      sink: store.series,
      clock,
      get addressPolicy() {
        return plan().config.probes.addressPolicy
      },
      baseFolder: plan().config.folder,
      onError: (error) => log.warn({ event: 'scrape.failed', err: error }, 'trouble with scraping'),
    })
    this.heartbeats = new Heartbeats({
      store,
      clock,
      startedMs,
      lastAliveMs,
      onError: (error) =>
        log.error({ event: 'heartbeat.not_stored', err: error }, 'a new heartbeat is known in memory only'),
    })
  }

  get dependencies(): Dependencies {
    return this.#dependencies
  }

  /** Every check there is, in the order of the config. */
  get infos(): readonly CheckInfo[] {
    return this.#infos
  }

  /** Takes up the checks of midwatch itself, which need an address to ask; seen with the next `show`. */
  lookAtOneself(ownChecks: readonly SelfCheck[], instance: string): void {
    this.#selves = () => [...ownChecks, ...connectivityChecks(this.#connectivity, instance)]
  }

  /** Makes a plan's checks known to everybody; they are done when the runner gets what is returned. */
  show({ checks, config }: Plan): readonly Job[] {
    const { clock } = this.#ground
    this.heartbeats.update(checks)
    this.#connectivity = connectivityOf(config.connectivity, clock, this.#connectivity)
    const jobs = [
      ...this.#selves().map(selfJobOf),
      ...checks.map((check) => jobOf(check, (heartbeat) => this.heartbeats.judge(heartbeat))),
    ]
    this.#infos = jobs.map(({ info }) => info)
    this.calendar.watch(jobs.map(({ job }) => ({ name: job.name, labels: job.labels.probe })))
    this.board.update(this.#infos, clock.now(), this.#remembered)
    this.#dependencies = new Dependencies(this.#infos, this.board)
    return jobs.map(({ job }) => job)
  }
}
