import type { Section } from '../build.ts'
import { graph, stat } from '../panel.ts'

/** What midwatch measures of itself. */
export const watch: Section = {
  title: 'The watch itself',
  panels: [
    stat({
      title: 'Behind the schedule',
      description: 'How late the last evaluation of rules began.',
      unit: 's',
      ask: 'max(midwatch_scheduler_lag_seconds)',
      limits: [{ at: 5, color: 'red', alert: 'MidwatchSchedulerLate' }],
    }),
    stat({
      title: 'Writes that wait',
      description: 'Writes that wait for the disk.',
      unit: 'short',
      ask: 'max(midwatch_writer_queue_length)',
      limits: [{ at: 1000, color: 'red', alert: 'MidwatchWriterBehind' }],
    }),
    stat({
      title: 'Free space for the data',
      description: 'Where midwatch keeps its data.',
      unit: 'bytes',
      ask: 'min(midwatch_disk_free_bytes)',
      base: 'red',
      limits: [{ at: 512 * 1024 * 1024, color: 'green', alert: 'MidwatchDiskLow' }],
    }),
    stat({
      title: 'Parts that cannot be read',
      description: 'Pieces of stored data that could not be read since the start.',
      unit: 'none',
      ask: 'sum(midwatch_storage_corruptions_total)',
      limits: [{ at: 1, color: 'red' }],
    }),
    stat({
      title: 'Config in force',
      description: 'Whether the last reading of the config worked.',
      unit: 'none',
      ask: 'min(midwatch_config_last_reload_successful)',
      states: { 0: ['an old one', 'red'], 1: ['the newest', 'green'] },
    }),
    stat({
      title: 'Series',
      description: 'Series that are known.',
      unit: 'short',
      base: 'blue',
      ask: 'max(midwatch_series)',
    }),
    graph({
      title: 'Memory and data',
      description: 'Memory of the process, and the size of the data file.',
      unit: 'bytes',
      ask: [
        { expr: 'midwatch_resident_memory_bytes', legend: 'memory' },
        { expr: 'midwatch_database_size_bytes', legend: 'data file' },
      ],
    }),
    graph({
      title: 'Samples taken',
      description: 'Samples a second, and those that were refused, by reason.',
      unit: 'cps',
      ask: [
        { expr: 'sum(rate(midwatch_samples_appended_total[$__rate_interval]))', legend: 'taken' },
        {
          expr: 'sum by (reason) (rate(midwatch_series_refused_total[$__rate_interval]))',
          legend: 'refused: {{reason}}',
        },
      ],
    }),
    graph({
      title: 'Rule groups',
      description: 'How long the last evaluation of each group took.',
      unit: 's',
      ask: {
        expr: 'topk(10, max by (rule_group) (midwatch_rule_group_last_duration_seconds))',
        legend: '{{rule_group}}',
      },
    }),
    graph({
      title: 'Messages',
      description: 'Tries to deliver a message, by channel and how it went.',
      unit: 'short',
      isBars: true,
      ask: {
        expr: 'sum by (channel, outcome) (increase(midwatch_notifications_total[$__rate_interval]))',
        legend: '{{channel}}: {{outcome}}',
      },
    }),
  ],
}
