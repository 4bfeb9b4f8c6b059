import { statfsSync, statSync } from 'node:fs'
import type { HealthBoard } from '../health/health-board.ts'
import type { MaintenanceCalendar } from '../health/maintenance-calendar.ts'
import type { Clock } from '../lib/clock.ts'
import { version } from '../lib/version.ts'
import { Labels, METRIC_NAME } from '../model/labels.ts'
import type { MetricType } from '../model/metric.ts'
import { BatchBuilder } from '../model/sample.ts'
import type { RuleEngine } from '../rule/rule-engine.ts'
import { channelBacklogs, channelStates } from '../store/outbox.ts'
import { SERIES_REFUSALS } from '../store/series/series-store.ts'
import { putSetting } from '../store/settings.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import type { SelfMetrics } from '../telemetry/self-metrics.ts'

interface JudgeOptions {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: SelfMetrics
  readonly store: Store
  readonly rules: RuleEngine
  readonly board: HealthBoard
  readonly calendar: MaintenanceCalendar
  readonly startedMs: number
  readonly instance: string
  /** Names of the channels that are set up. */
  readonly channels: () => Iterable<string>
}

export const LAST_ALIVE = 'last_alive_ms'

/** One tick of the schedule: take samples of what is state, then evaluate what is due. */
export class Judge {
  readonly #options: JudgeOptions
  #last: { readonly atMs: number; readonly lagMs: number } | undefined
  #eventLoopLagSeconds = 0

  constructor(options: JudgeOptions) {
    this.#options = options
    const { metrics, store } = options
    const sqlite = store.reader.statement('SELECT sqlite_version() AS version').get() as { version: string }
    metrics.buildInfo.set({ version, node: process.versions.node, sqlite: sqlite.version }, 1)
  }

  /** When the last evaluation began, and how late it was. */
  get last(): { readonly atMs: number; readonly lagMs: number } | undefined {
    return this.#last
  }

  get eventLoopLagSeconds(): number {
    return this.#eventLoopLagSeconds
  }

  /** @param dueMs the moment that the schedule meant */
  async tick(dueMs: number): Promise<void> {
    const { clock, store, rules, log } = this.#options
    const lagMs = Math.max(clock.now() - dueMs, 0)
    this.#last = { atMs: dueMs, lagMs }
    const kept = [
      store.pushed.sample(dueMs),
      this.#sampleSelf(dueMs, lagMs),
      store.writer.run(putSetting, { key: LAST_ALIVE, value: String(clock.now()) }),
    ]
    Promise.all(kept).catch((error: unknown) => {
      log.error({ event: 'storage.failed', err: error }, 'samples are kept in memory only until the disk works again')
    })
    await rules.tick(dueMs)
  }

  /** Brings midwatch's own metrics up to date; for a scrape as well as for its own rules. */
  refresh(): void {
    const { metrics, store, clock, board, calendar, startedMs } = this.#options
    const { pending, lastCommitMs, commits } = store.writer.stats
    const { series, headSamples, samplesTotal, refused } = store.series.stats
    const { bavail, bsize } = statfsSync(store.file)
    const { user, system } = process.cpuUsage()
    metrics.uptime.set((clock.now() - startedMs) / 1000)
    metrics.writerQueue.set(pending)
    metrics.commitSeconds.set(lastCommitMs / 1000)
    setTotal(metrics.commits, commits)
    this.#refreshChannels()
    metrics.diskFree.set(bavail * bsize)
    metrics.databaseBytes.set(statSync(store.file).size)
    metrics.memory.set(process.memoryUsage.rss())
    setTotal(metrics.cpu, (user + system) / 1e6)
    metrics.series.set(series)
    metrics.headSamples.set(headSamples)
    setTotal(metrics.samplesAppended, samplesTotal)
    const { healthy, degraded, unhealthy, unknown, maintenance } = board.summary
    for (const [status, count] of Object.entries({ healthy, degraded, unhealthy, unknown, maintenance }))
      metrics.checks.set({ status }, count)
    metrics.maintenance.reset()
    for (const { window } of calendar.activeAt(clock.now())) metrics.maintenance.set({ window: window.name }, 1)
    metrics.seriesRefused.reset()
    for (const reason of SERIES_REFUSALS) metrics.seriesRefused.inc({ reason }, refused.get(reason) ?? 0)
    this.#refreshGroups()
  }

  #refreshChannels(): void {
    const { metrics, store, clock, channels } = this.#options
    const states = new Map(channelStates(store.reader).map((state) => [state.channel, state]))
    const backlogs = new Map(channelBacklogs(store.reader).map((backlog) => [backlog.channel, backlog]))
    const ageSeconds = (oldestMs: number | undefined) => (oldestMs === undefined ? 0 : (clock.now() - oldestMs) / 1000)
    const all = [...backlogs.values()]
    const oldestMs = all.length === 0 ? undefined : Math.min(...all.map((backlog) => backlog.oldestMs))
    metrics.outboxPending.set(all.reduce((sum, { pending }) => sum + pending, 0))
    metrics.outboxAge.set(ageSeconds(oldestMs))
    const { channelLastSuccess, channelLastFailure, channelFailing, channelPending, channelAge } = metrics
    for (const gauge of [channelLastSuccess, channelLastFailure, channelFailing, channelPending, channelAge]) {
      gauge.reset()
    }
    for (const channel of channels()) {
      const state = states.get(channel)
      const label = { channel }
      if (state?.lastSuccessMs !== undefined) channelLastSuccess.set(label, state.lastSuccessMs / 1000)
      if (state?.lastFailureMs !== undefined) channelLastFailure.set(label, state.lastFailureMs / 1000)
      channelFailing.set(label, state?.failingSinceMs === undefined ? 0 : 1)
      channelPending.set(label, backlogs.get(channel)?.pending ?? 0)
      channelAge.set(label, ageSeconds(backlogs.get(channel)?.oldestMs))
    }
  }

  #refreshGroups(): void {
    const { metrics, rules } = this.#options
    for (const counter of [metrics.evaluationFailures, metrics.iterationsMissed]) counter.reset()
    for (const { group, failures, missed, evaluationSeconds } of rules.groups) {
      const label = { rule_group: `${group.file};${group.name}` }
      metrics.evaluationFailures.inc(label, failures)
      metrics.iterationsMissed.inc(label, missed)
      metrics.groupSeconds.set(label, evaluationSeconds)
    }
  }

  async #sampleSelf(atMs: number, lagMs: number): Promise<void> {
    const { metrics, store, instance } = this.#options
    this.#eventLoopLagSeconds = metrics.takeEventLoopLag()
    metrics.schedulerLag.set(lagMs / 1000)
    metrics.eventLoopLag.set(this.#eventLoopLagSeconds)
    this.refresh()
    const batch = new BatchBuilder(256)
    for (const metric of await metrics.registry.getMetricsAsJSON()) {
      store.series.describe(metric.name, { type: String(metric.type) as MetricType, help: metric.help })
      for (const { labels, value, ...sample } of metric.values) {
        const name = 'metricName' in sample ? String(sample.metricName) : metric.name
        const texts = Object.entries(labels).map(([key, text]) => [key, String(text)] as const)
        const all = Labels.of([...texts, ['job', 'midwatch'], ['instance', instance], [METRIC_NAME, name]])
        const ref = store.series.ref(all)
        if (ref !== undefined) batch.add(ref, atMs, Number(value))
      }
    }
    await store.series.append(batch.take())
  }
}

/** A counter whose total is counted elsewhere. */
function setTotal(counter: { reset(): void; inc(by: number): void }, total: number): void {
  counter.reset()
  counter.inc(total)
}
