import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

/** What midwatch counts about itself, with prom-client in a registry of its own. */
export class SelfMetrics {
  readonly registry = new Registry()
  readonly #loop = monitorEventLoopDelay({ resolution: 10 })

  readonly reloadSuccessful = this.#gauge(
    'midwatch_config_last_reload_successful',
    'Whether the last reading of the config worked (1) or not (0).',
  )
  readonly reloadTime = this.#gauge(
    'midwatch_config_last_reload_success_timestamp_seconds',
    'When the config was last taken over.',
  )
  readonly uptime = this.#gauge('midwatch_uptime_seconds', 'Time since the start.')
  readonly schedulerLag = this.#gauge('midwatch_scheduler_lag_seconds', 'How late the last evaluation began.')
  readonly probeStartDelay = new Histogram({
    name: 'midwatch_probe_start_delay_seconds',
    help: 'How late probes began.',
    buckets: [0.01, 0.05, 0.1, 0.2, 0.5, 1, 5],
    registers: [this.registry],
  })
  readonly eventLoopLag = this.#gauge(
    'midwatch_event_loop_lag_seconds',
    'Delay of the event loop, 99th percentile since the last evaluation.',
  )
  readonly writerQueue = this.#gauge('midwatch_writer_queue_length', 'Writes that wait for the disk.')
  readonly commitSeconds = this.#gauge('midwatch_writer_last_commit_seconds', 'How long the last commit took.')
  readonly commits = this.#counter('midwatch_writer_commits_total', 'Commits since the start.')
  readonly remoteWriteSamples = this.#counter(
    'midwatch_remote_write_samples_total',
    'Samples that another store has taken.',
    ['remote'],
  )
  readonly remoteWriteRefused = this.#counter(
    'midwatch_remote_write_samples_refused_total',
    'Samples that another store does not take and that were left out.',
    ['remote'],
  )
  readonly remoteWriteRetries = this.#counter(
    'midwatch_remote_write_retries_total',
    'Requests to another store that failed and are tried again.',
    ['remote'],
  )
  readonly remoteWritePending = this.#gauge(
    'midwatch_remote_write_pending_entries',
    'Commits whose samples another store has not taken yet.',
    ['remote'],
  )
  readonly remoteWriteNewest = this.#gauge(
    'midwatch_remote_write_newest_timestamp_seconds',
    'Time of the newest sample that another store has taken.',
    ['remote'],
  )
  readonly outboxPending = this.#gauge(
    'midwatch_outbox_pending_messages',
    'Messages that are owed and not delivered yet.',
  )
  readonly outboxAge = this.#gauge(
    'midwatch_outbox_oldest_age_seconds',
    'How long the oldest undelivered message waits; 0 when there is none.',
  )
  readonly channelLastSuccess = this.#gauge(
    'midwatch_channel_last_success_timestamp_seconds',
    'When a message last arrived through a channel; there is none before the first.',
    ['channel'],
  )
  readonly channelLastFailure = this.#gauge(
    'midwatch_channel_last_failure_timestamp_seconds',
    'When a try of a channel last failed; there is none before the first.',
    ['channel'],
  )
  readonly channelFailing = this.#gauge(
    'midwatch_channel_failing',
    'Whether the last try of a channel failed (1) or not (0).',
    ['channel'],
  )
  readonly channelPending = this.#gauge(
    'midwatch_channel_pending_messages',
    'Messages that a channel owes and that are not delivered yet.',
    ['channel'],
  )
  readonly channelAge = this.#gauge(
    'midwatch_channel_oldest_message_age_seconds',
    'How long the oldest undelivered message of a channel waits; 0 when there is none.',
    ['channel'],
  )
  readonly diskFree = this.#gauge('midwatch_disk_free_bytes', 'Free space where the data lies.')
  readonly databaseBytes = this.#gauge('midwatch_database_size_bytes', 'Size of the data file.')
  readonly memory = this.#gauge('midwatch_resident_memory_bytes', 'Memory of the process.')
  readonly cpu = this.#counter('midwatch_process_cpu_seconds_total', 'Processor time since the start.')
  readonly series = this.#gauge('midwatch_series', 'Series that are known.')
  readonly headSamples = this.#gauge('midwatch_head_samples', 'Samples held in memory.')
  readonly checks = this.#gauge('midwatch_checks', 'Checks by status.', ['status'])
  readonly maintenance = this.#gauge(
    'midwatch_maintenance_window_active',
    'Always 1; there only while a maintenance window is active.',
    ['window'],
  )
  readonly buildInfo = this.#gauge('midwatch_build_info', 'Always 1; the labels tell the version.', [
    'version',
    'node',
    'sqlite',
  ])
  readonly notificationsSent = this.#counter('midwatch_notifications_total', 'Tries to deliver a message.', [
    'channel',
    'outcome',
  ])
  readonly notificationsFailed = this.#counter(
    'midwatch_notifications_failed_total',
    'Tries to deliver a message that failed.',
    ['channel'],
  )
  readonly alertsForwarded = this.#counter(
    'midwatch_alerts_forwarded_total',
    'Alerts in requests to other Alertmanagers.',
    ['alertmanager', 'outcome'],
  )
  readonly alertsDropped = this.#counter(
    'midwatch_alerts_dropped_total',
    'Alerts that another Alertmanager refused, or could not be reached for.',
    ['alertmanager'],
  )
  readonly samplesAppended = this.#counter('midwatch_samples_appended_total', 'Samples taken since the start.')
  readonly seriesRefused = this.#counter('midwatch_series_refused_total', 'Series and samples that were refused.', [
    'reason',
  ])
  readonly evaluationFailures = this.#counter(
    'midwatch_rule_evaluation_failures_total',
    'Rule evaluations that failed.',
    ['rule_group'],
  )
  readonly iterationsMissed = this.#counter(
    'midwatch_rule_group_iterations_missed_total',
    'Evaluations of rule groups that were skipped.',
    ['rule_group'],
  )
  readonly groupSeconds = this.#gauge(
    'midwatch_rule_group_last_duration_seconds',
    'How long the last evaluation of a group took.',
    ['rule_group'],
  )
  readonly corrupt = this.#counter(
    'midwatch_storage_corruptions_total',
    'Journal entries and chunks that could not be read.',
  )
  readonly httpSeconds = new Histogram({
    name: 'midwatch_http_request_duration_seconds',
    help: 'Time to answer HTTP requests.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2.5],
    registers: [this.registry],
  })

  constructor() {
    this.#loop.enable()
  }

  startAlertmanagers(names: Iterable<string>): void {
    for (const alertmanager of names) {
      this.alertsDropped.inc({ alertmanager }, 0)
      for (const outcome of ['success', 'failure']) this.alertsForwarded.inc({ alertmanager, outcome }, 0)
    }
  }

  /** A counter that appears with its first value hides that value from increase(): they start at 0. */
  startChannels(channels: Iterable<string>): void {
    for (const channel of channels) {
      this.notificationsFailed.inc({ channel }, 0)
      for (const outcome of ['success', 'failure']) this.notificationsSent.inc({ channel, outcome }, 0)
    }
  }

  /** The event loop's delay since it was last asked, seconds. */
  takeEventLoopLag(): number {
    const seconds = Math.max(this.#loop.percentile(99) / 1e9 - 0.01, 0)
    this.#loop.reset()
    return Number.isFinite(seconds) ? seconds : 0
  }

  stop(): void {
    this.#loop.disable()
  }

  #gauge<Name extends string = never>(name: string, help: string, labelNames: readonly Name[] = []): Gauge<Name> {
    return new Gauge({ name, help, labelNames: [...labelNames], registers: [this.registry] })
  }

  #counter<Name extends string = never>(name: string, help: string, labelNames: readonly Name[] = []): Counter<Name> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] })
  }
}
