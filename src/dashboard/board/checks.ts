import type { Board } from '../build.ts'
import { bars, graph, stat, states, table, UP_OR_DOWN } from '../panel.ts'
import { UIDS } from './uids.ts'

const OF = 'check=~"$check",category=~"$category"'
const DAY_S = 86_400

export const checks: Board = {
  uid: UIDS.checks,
  title: 'Checks and uptime',
  description:
    'What midwatch looks at by itself: is it up, how much of the time, how fast, and how long certificates last.',
  filters: [
    { label: 'category', title: 'Category', metric: 'probe_success' },
    { label: 'check', title: 'Check', metric: 'probe_success' },
  ],
  alerts: [
    'CheckDown',
    'DatabaseDown',
    'IntegrationDown',
    'HeartbeatLate',
    'CheckUnstable',
    'CheckSlow',
    'CertificateExpiresSoon',
    'TargetDown',
  ],
  span: '24h',
  sections: [
    {
      title: 'Is it fine?',
      panels: [
        stat({
          title: 'Down now',
          description: 'Checks that fail now.',
          unit: 'none',
          ask: `count(probe_success{${OF}} == 0) or vector(0)`,
          limits: [{ at: 1, color: 'red' }],
        }),
        stat({
          title: 'Up, 24 h',
          description:
            'Mean over the checks of the share of a day in which each was up. Time that is unknown does not count.',
          unit: 'percentunit',
          decimals: 3,
          ask: `avg(avg_over_time(probe_success{${OF}}[1d]))`,
          base: 'red',
          limits: [
            { at: 0.99, color: 'orange' },
            { at: 0.999, color: 'green' },
          ],
        }),
        stat({
          title: 'Up, 30 days',
          description: 'Mean over the checks of the share of 30 days in which each was up.',
          unit: 'percentunit',
          decimals: 3,
          ask: `avg(avg_over_time(probe_success{${OF}}[30d]))`,
          base: 'red',
          limits: [
            { at: 0.99, color: 'orange' },
            { at: 0.999, color: 'green' },
          ],
        }),
        stat({
          title: 'Slowest check now',
          description: 'How long the slowest check took when it was last looked at.',
          unit: 's',
          ask: `max(probe_duration_seconds{${OF},probe!="heartbeat"})`,
          limits: [{ at: 1, color: 'orange', alert: 'CheckSlow' }],
        }),
        stat({
          title: 'Next certificate expires in',
          description: 'Time that is left of the certificate that expires first.',
          unit: 's',
          ask: `min((probe_ssl_earliest_cert_expiry{${OF}} > 0) - time())`,
          base: 'red',
          limits: [
            { at: 3 * DAY_S, color: 'orange', alert: 'CertificateExpiresSoon' },
            { at: 14 * DAY_S, color: 'green', alert: 'CertificateExpiresSoon' },
          ],
          noValue: 'no certificate',
        }),
        stat({
          title: 'Heartbeats late',
          description: 'Jobs that did not report in time, or reported a failure.',
          unit: 'none',
          ask: `count(probe_success{${OF},probe="heartbeat"} == 0) or vector(0)`,
          limits: [{ at: 1, color: 'red' }],
        }),
      ],
    },
    {
      title: 'Why?',
      panels: [
        states({
          title: 'Checks over the time',
          description: 'Red is down. A gap is time in which nobody could tell.',
          unit: 'none',
          ask: { expr: `min by (check) (probe_success{${OF}})`, legend: '{{check}}' },
          states: UP_OR_DOWN,
        }),
        table({
          title: 'Every check',
          description: 'How each check is now and was: changes are how often it went down or up within half an hour.',
          unit: 'none',
          height: 10,
          ask: [
            { expr: `min by (check, category, probe, critical) (probe_success{${OF}})` },
            { expr: `min by (check, category, probe, critical) (avg_over_time(probe_success{${OF}}[1d]))` },
            { expr: `min by (check, category, probe, critical) (avg_over_time(probe_success{${OF}}[30d]))` },
            { expr: `max by (check, category, probe, critical) (avg_over_time(probe_duration_seconds{${OF}}[1h]))` },
            { expr: `max by (check, category, probe, critical) (changes(probe_success{${OF}}[30m]))` },
          ],
          columns: [
            { field: 'check', title: 'Check' },
            { field: 'category', title: 'Category' },
            { field: 'probe', title: 'Kind' },
            { field: 'critical', title: 'Critical' },
            { field: 'Value #A', title: 'Now', states: UP_OR_DOWN },
            { field: 'Value #B', title: 'Up, 24 h', unit: 'percentunit', decimals: 2 },
            { field: 'Value #C', title: 'Up, 30 days', unit: 'percentunit', decimals: 2 },
            { field: 'Value #D', title: 'Takes, mean of 1 h', unit: 's' },
            {
              field: 'Value #E',
              title: 'Changes, 30 min',
              unit: 'none',
              limits: [{ at: 6, color: 'orange', alert: 'CheckUnstable' }],
            },
          ],
        }),
      ],
    },
    {
      title: 'Details',
      panels: [
        graph({
          title: 'How long checks take',
          description: 'Time of each look, from the name to the last byte.',
          unit: 's',
          ask: { expr: `max by (check) (probe_duration_seconds{${OF}})`, legend: '{{check}}' },
        }),
        graph({
          title: 'Where the time goes, HTTP',
          description: 'Mean over the checks that speak HTTP: a slow phase tells where to look.',
          unit: 's',
          isStacked: true,
          ask: { expr: `avg by (phase) (probe_http_duration_seconds{${OF}})`, legend: '{{phase}}' },
        }),
        graph({
          title: 'Looking up names',
          description: 'Time that the name server took. When all of them rise together it is the name server.',
          unit: 's',
          ask: { expr: `max by (check) (probe_dns_lookup_time_seconds{${OF}})`, legend: '{{check}}' },
        }),
        bars({
          title: 'Certificates expire in',
          description: 'Time that is left of the certificate that each check saw.',
          unit: 's',
          ask: {
            expr: `sort(min by (check) ((probe_ssl_earliest_cert_expiry{${OF}} > 0) - time()))`,
            legend: '{{check}}',
          },
          base: 'red',
          limits: [
            { at: 3 * DAY_S, color: 'orange', alert: 'CertificateExpiresSoon' },
            { at: 14 * DAY_S, color: 'green', alert: 'CertificateExpiresSoon' },
          ],
        }),
        table({
          title: 'Answers over HTTP',
          description: 'The status of the last answer, 0 when there was none, and the length of its body.',
          unit: 'none',
          width: 12,
          ask: [
            { expr: `max by (check, instance) (probe_http_status_code{${OF}})` },
            { expr: `max by (check, instance) (probe_http_uncompressed_body_length{${OF}})` },
          ],
          columns: [
            { field: 'check', title: 'Check' },
            { field: 'instance', title: 'Address' },
            { field: 'Value #A', title: 'Status' },
            { field: 'Value #B', title: 'Body', unit: 'bytes' },
          ],
        }),
        table({
          title: 'Heartbeats',
          description: 'When each job last reported, and how long its last run took.',
          unit: 'none',
          width: 12,
          ask: [
            { expr: `max by (check) (time() - probe_heartbeat_last_ping_timestamp_seconds{${OF}})` },
            { expr: `max by (check) (probe_heartbeat_duration_seconds{${OF}})` },
          ],
          columns: [
            { field: 'check', title: 'Job' },
            { field: 'Value #A', title: 'Last heard of, ago', unit: 's' },
            { field: 'Value #B', title: 'Last run took', unit: 's' },
          ],
        }),
      ],
    },
    {
      title: 'Targets that are scraped',
      panels: [
        states({
          title: 'Targets over the time',
          description: 'Red is a target that could not be scraped: alerts on its metrics are blind meanwhile.',
          unit: 'none',
          width: 12,
          ask: { expr: 'min by (job, instance) (up)', legend: '{{job}} {{instance}}' },
          states: UP_OR_DOWN,
        }),
        graph({
          title: 'How long scrapes take',
          description: 'A scrape that takes as long as its timeout fails.',
          unit: 's',
          ask: { expr: 'max by (job, instance) (scrape_duration_seconds)', legend: '{{job}} {{instance}}' },
        }),
      ],
    },
  ],
}
