import type { Board } from '../build.ts'
import { graph, stat, table } from '../panel.ts'
import { UIDS } from './uids.ts'

const OF = 'queue=~"$queue"'
const BACKLOG = { at: 50, color: 'red', alert: 'QueueBacklog' } as const
const FAILURES = { at: 0.1, color: 'red', alert: 'AutomationFailureRateHigh' } as const
const SLOW_WEBHOOK = { at: 60, color: 'orange', alert: 'WebhookProcessingSlow' } as const
const FAILURE_SHARE = `
  sum by (type) (increase(automation_total{status="failure"}[1h]))
    / (sum by (type) (increase(automation_total[1h])) > 0)`
const WEBHOOK_MEAN = `
  sum by (source) (increase(webhook_processing_seconds_sum[30m]))
    / (sum by (source) (increase(webhook_processing_seconds_count[30m])) > 0)`

export const workers: Board = {
  uid: UIDS.workers,
  title: 'Workers and queues',
  description: 'The work that is done for users: is somebody doing it, does it pile up, does it fail.',
  filters: [{ label: 'queue', title: 'Queue', metric: 'queue_tasks_queued' }],
  alerts: ['NoWorker', 'QueueBacklog', 'AutomationFailureRateHigh', 'WebhookProcessingSlow', 'ApprovalsWaiting'],
  sections: [
    {
      title: 'Is it fine?',
      panels: [
        stat({
          title: 'Fewest workers',
          description: 'Workers of the queue that has the fewest; with none its tasks stand still.',
          unit: 'none',
          ask: `min(sum by (queue) (worker_active{${OF}}))`,
          base: 'red',
          limits: [{ at: 1, color: 'green' }],
        }),
        stat({
          title: 'Longest queue',
          description: 'Tasks that wait in the longest queue.',
          unit: 'short',
          ask: `max(queue_tasks_queued{${OF}})`,
          limits: [BACKLOG],
        }),
        stat({
          title: 'Failed tasks, 24 h',
          description: 'Tasks that failed within 24 hours.',
          unit: 'short',
          decimals: 0,
          ask: `sum(increase(queue_tasks_failed_total{${OF}}[1d])) or vector(0)`,
          limits: [{ at: 1, color: 'orange' }],
        }),
        stat({
          title: 'Automations that fail, 1 h',
          description: 'Of the type that fails most.',
          unit: 'percentunit',
          decimals: 1,
          ask: `max(${FAILURE_SHARE})`,
          limits: [FAILURES],
          noValue: 'none',
        }),
        stat({
          title: 'Webhooks take, 30 min',
          description: 'From receipt to completion, mean of the slowest source.',
          unit: 's',
          ask: `max(${WEBHOOK_MEAN})`,
          limits: [SLOW_WEBHOOK],
          noValue: 'no webhooks',
        }),
        stat({
          title: 'Oldest approval',
          description: 'How long the oldest approval has been waiting for somebody.',
          unit: 's',
          ask: `max(approval_oldest_age_seconds{${OF}} unless approval_queue_size{${OF}} == 0) or vector(0)`,
          limits: [{ at: 48 * 3600, color: 'orange', alert: 'ApprovalsWaiting' }],
        }),
      ],
    },
    {
      title: 'Why?',
      panels: [
        graph({
          title: 'Tasks that wait',
          description:
            'Tasks that no worker has taken yet. Several processes may report one queue; the longest report counts.',
          unit: 'short',
          ask: { expr: `max by (queue) (queue_tasks_queued{${OF}})`, legend: '{{queue}}' },
          limits: [BACKLOG],
        }),
        graph({
          title: 'Workers',
          description: 'Active workers of each queue.',
          unit: 'short',
          ask: { expr: `sum by (queue) (worker_active{${OF}})`, legend: '{{queue}}' },
        }),
        graph({
          title: 'Tasks in work',
          description: 'Tasks that a worker has taken. When it equals the number of workers, more workers would help.',
          unit: 'short',
          ask: { expr: `max by (queue) (queue_tasks_active{${OF}})`, legend: '{{queue}}' },
        }),
        graph({
          title: 'Failed tasks',
          description: 'Tasks that failed within ten minutes.',
          unit: 'short',
          ask: { expr: `sum by (queue) (increase(queue_tasks_failed_total{${OF}}[10m]))`, legend: '{{queue}}' },
        }),
        table({
          title: 'Every queue',
          description: 'Growth is how many tasks the queue gains a minute, from the last half hour; below 0 it drains.',
          unit: 'none',
          height: 7,
          sortBy: 'Waiting',
          ask: [
            { expr: `sum by (queue) (worker_active{${OF}})` },
            { expr: `max by (queue) (queue_tasks_active{${OF}})` },
            { expr: `max by (queue) (queue_tasks_queued{${OF}})` },
            { expr: `60 * max by (queue) (deriv(queue_tasks_queued{${OF}}[30m]))` },
            { expr: `sum by (queue) (increase(queue_tasks_failed_total{${OF}}[1d]))` },
          ],
          columns: [
            { field: 'queue', title: 'Queue' },
            { field: 'Value #A', title: 'Workers', base: 'red', limits: [{ at: 1, color: 'green' }] },
            { field: 'Value #B', title: 'In work' },
            { field: 'Value #C', title: 'Waiting', limits: [BACKLOG] },
            { field: 'Value #D', title: 'Growth a minute', unit: 'short', decimals: 1 },
            { field: 'Value #E', title: 'Failed, 24 h', unit: 'short', decimals: 0 },
          ],
        }),
      ],
    },
    {
      title: 'Automations',
      panels: [
        graph({
          title: 'Automations a minute',
          description: 'By type and how they ended.',
          unit: 'short',
          ask: {
            expr: '60 * sum by (type, status) (rate(automation_total[$__rate_interval]))',
            legend: '{{type}}: {{status}}',
          },
        }),
        graph({
          title: 'Automations that fail',
          description: 'Share of the automations within an hour that failed, by type.',
          unit: 'percentunit',
          ask: { expr: FAILURE_SHARE, legend: '{{type}}' },
          limits: [FAILURES],
        }),
        graph({
          title: 'How long automations take',
          description: '95th percentile by type.',
          unit: 's',
          ask: {
            expr: 'histogram_quantile(0.95, sum by (le, type) (rate(automation_duration_seconds_bucket[$__rate_interval])))',
            legend: '{{type}}',
          },
        }),
        graph({
          title: 'Approvals that wait',
          description: 'Work that waits for a person.',
          unit: 'short',
          ask: { expr: `max by (queue) (approval_queue_size{${OF}})`, legend: '{{queue}}' },
        }),
      ],
    },
    {
      title: 'Coming in and going out',
      panels: [
        graph({
          title: 'Webhooks received a minute',
          description: 'By source. A source that falls silent has a problem on its side, or a wrong address.',
          unit: 'short',
          ask: { expr: '60 * sum by (source) (rate(webhook_received_total[$__rate_interval]))', legend: '{{source}}' },
        }),
        graph({
          title: 'How long webhooks take',
          description: 'From receipt to completion, mean of 30 minutes.',
          unit: 's',
          ask: { expr: WEBHOOK_MEAN, legend: '{{source}}' },
          limits: [SLOW_WEBHOOK],
        }),
        graph({
          title: 'Calls to other systems',
          description: 'Calls a second, such as to the ERP.',
          unit: 'reqps',
          ask: {
            expr: 'sum by (system, method) (rate(rpc_calls_total[$__rate_interval]))',
            legend: '{{system}} {{method}}',
          },
        }),
        graph({
          title: 'How long other systems take',
          description: '95th percentile by system.',
          unit: 's',
          ask: {
            expr: 'histogram_quantile(0.95, sum by (le, system) (rate(rpc_call_duration_seconds_bucket[$__rate_interval])))',
            legend: '{{system}}',
          },
        }),
        graph({
          title: 'Notifications sent by the application',
          description: 'By channel and how it went, within ten minutes.',
          unit: 'short',
          width: 24,
          ask: {
            expr: 'sum by (channel, outcome) (increase(notification_sent_total[10m]))',
            legend: '{{channel}}: {{outcome}}',
          },
        }),
      ],
    },
  ],
}
