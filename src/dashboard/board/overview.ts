import type { Board } from '../build.ts'
import { graph, stat, states, table, UP_OR_DOWN } from '../panel.ts'
import { UIDS } from './uids.ts'

export const overview: Board = {
  uid: UIDS.overview,
  title: 'Overview',
  description: 'Everything at a glance: is it fine, and where to look when it is not.',
  sections: [
    {
      title: 'Is it fine?',
      panels: [
        stat({
          title: 'Checks down',
          description: 'Checks that fail now, heartbeats among them.',
          unit: 'none',
          ask: 'count(probe_success == 0) or vector(0)',
          limits: [{ at: 1, color: 'red' }],
          onward: { uid: UIDS.checks, title: 'Checks and uptime' },
        }),
        stat({
          title: 'Alerts that fire',
          description: 'Alerts that fire now, of every severity.',
          unit: 'none',
          ask: 'count(ALERTS{alertstate="firing"}) or vector(0)',
          limits: [{ at: 1, color: 'orange' }],
        }),
        stat({
          title: 'Targets down',
          description: 'Targets that cannot be scraped now: their alerts are blind.',
          unit: 'none',
          ask: 'count(up == 0) or vector(0)',
          limits: [{ at: 1, color: 'red' }],
          onward: { uid: UIDS.checks, title: 'Checks and uptime' },
        }),
        stat({
          title: 'Checks that succeeded, 24 h',
          description: 'Share of all looks at all checks that found them up within a day.',
          unit: 'percentunit',
          decimals: 2,
          ask: 'avg(avg_over_time(probe_success[1d]))',
          base: 'red',
          limits: [
            { at: 0.99, color: 'orange' },
            { at: 0.999, color: 'green' },
          ],
          onward: { uid: UIDS.checks, title: 'Checks and uptime' },
        }),
        stat({
          title: 'Language models, 24 h',
          description: 'What the calls of the last 24 hours cost.',
          unit: 'currencyUSD',
          decimals: 2,
          ask: 'sum(increase(llm_cost_dollars_total[1d]))',
          limits: [{ at: 5, color: 'red', alert: 'LlmDailySpendHigh' }],
          onward: { uid: UIDS.cost, title: 'Cost attribution' },
        }),
        stat({
          title: 'Oldest message owed',
          description: 'How long the oldest notification waits that has not been delivered; 0 is how it should be.',
          unit: 's',
          ask: 'max(midwatch_outbox_oldest_age_seconds)',
          limits: [{ at: 600, color: 'red', alert: 'MidwatchOutboxStuck' }],
          onward: { uid: UIDS.infrastructure, title: 'Infrastructure' },
        }),
      ],
    },
    {
      title: 'Why?',
      panels: [
        table({
          title: 'What fires',
          description:
            'Alerts that fire now, with what they are about. An empty field means that the alert has no such label.',
          unit: 'none',
          ask: 'sum by (alertname, severity, job, instance, check) (ALERTS{alertstate="firing"})',
          columns: [
            { field: 'alertname', title: 'Alert' },
            { field: 'severity', title: 'Severity' },
            { field: 'check', title: 'Check' },
            { field: 'job', title: 'Job' },
            { field: 'instance', title: 'Instance' },
            { field: 'Value', title: 'Series' },
          ],
        }),
        states({
          title: 'Checks over the time',
          description: 'Red is down. A gap is time in which nobody could tell.',
          unit: 'none',
          ask: { expr: 'min by (check) (probe_success)', legend: '{{check}}' },
          states: UP_OR_DOWN,
          onward: { uid: UIDS.checks, title: 'This check', by: 'check' },
        }),
      ],
    },
    {
      title: 'Details',
      panels: [
        graph({
          title: 'Slowest checks',
          description: 'The five checks that took longest. What is slow before it is down shows here.',
          unit: 's',
          ask: { expr: 'topk(5, max by (check) (probe_duration_seconds))', legend: '{{check}}' },
          onward: { uid: UIDS.checks, title: 'This check', by: 'check' },
        }),
        graph({
          title: 'Tasks that wait',
          description: 'Tasks in queues that no worker has taken yet.',
          unit: 'short',
          ask: { expr: 'max by (queue) (queue_tasks_queued)', legend: '{{queue}}' },
          limits: [{ at: 50, color: 'red', alert: 'QueueBacklog' }],
          onward: { uid: UIDS.workers, title: 'This queue', by: 'queue' },
        }),
        graph({
          title: 'Calls to language models that fail',
          description: 'Failed calls within ten minutes, by provider.',
          unit: 'short',
          ask: {
            expr: 'sum by (provider) (increase(llm_calls_total{outcome="failure"}[10m]))',
            legend: '{{provider}}',
          },
          limits: [{ at: 5.9, color: 'red', alert: 'LlmErrors' }],
          onward: { uid: UIDS.llm, title: 'This provider', by: 'provider' },
        }),
        graph({
          title: 'Machines',
          description: 'How busy the processors are, and how much of the memory is in use.',
          unit: 'percentunit',
          max: 1,
          ask: [
            {
              expr: '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))',
              legend: 'CPU of {{instance}}',
            },
            {
              expr: '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes',
              legend: 'memory of {{instance}}',
            },
          ],
          onward: { uid: UIDS.infrastructure, title: 'This machine', by: 'instance' },
        }),
      ],
    },
  ],
}
