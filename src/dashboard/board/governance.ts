import type { Board } from '../build.ts'
import { bars, graph, stat, table } from '../panel.ts'
import { UIDS } from './uids.ts'

const OF = 'policy=~"$policy"'
const WAITING = { at: 48 * 3600, color: 'orange', alert: 'ApprovalsWaiting' } as const
const AGE = 'max by (queue) (approval_oldest_age_seconds unless approval_queue_size == 0)'

export const governance: Board = {
  uid: UIDS.governance,
  title: 'Governance and audit',
  description:
    'Are the rules that people set themselves kept, does somebody decide what waits for a decision, and is it all written down.',
  filters: [{ label: 'policy', title: 'Policy', metric: 'policy_evaluations_total' }],
  alerts: ['ApprovalsWaiting', 'MidwatchStorageCorrupt', 'AuthFailuresHigh'],
  span: '7d',
  sections: [
    {
      title: 'Is it fine?',
      panels: [
        stat({
          title: 'Violations, 24 h',
          description: 'Violations of policies within 24 hours.',
          unit: 'short',
          decimals: 0,
          ask: `sum(increase(policy_violations_total{${OF}}[1d])) or vector(0)`,
          limits: [{ at: 0.9, color: 'red' }],
        }),
        stat({
          title: 'Evaluations that passed, 24 h',
          description: 'Share of the evaluations within 24 hours that were no violation.',
          unit: 'percentunit',
          decimals: 2,
          ask: `
            1 - sum(increase(policy_violations_total{${OF}}[1d]))
              / (sum(increase(policy_evaluations_total{${OF}}[1d])) > 0)`,
          base: 'red',
          limits: [
            { at: 0.99, color: 'orange' },
            { at: 0.999, color: 'green' },
          ],
          noValue: 'no evaluations',
        }),
        stat({
          title: 'Policies looked at, 24 h',
          description:
            'Policies that were evaluated at all within 24 hours. One that is never evaluated protects nothing.',
          unit: 'none',
          base: 'blue',
          ask: `count(sum by (policy) (increase(policy_evaluations_total{${OF}}[1d])) > 0) or vector(0)`,
        }),
        stat({
          title: 'Audit records, 24 h',
          description: 'Facts that were written down within 24 hours. None is a sign that something does not report.',
          unit: 'short',
          decimals: 0,
          base: 'red',
          ask: 'sum(increase(audit_records_total[1d])) or vector(0)',
          limits: [{ at: 0.9, color: 'green' }],
        }),
        stat({
          title: 'Approvals that wait',
          description: 'Decisions that nobody has made yet.',
          unit: 'short',
          ask: 'sum(max by (queue) (approval_queue_size)) or vector(0)',
          limits: [{ at: 10, color: 'orange' }],
        }),
        stat({
          title: 'Oldest approval',
          description: 'How long the oldest decision has been waiting.',
          unit: 's',
          ask: `max(${AGE}) or vector(0)`,
          limits: [WAITING],
        }),
      ],
    },
    {
      title: 'Why?',
      panels: [
        graph({
          title: 'Violations by policy',
          description: 'Violations within an hour.',
          unit: 'short',
          ask: { expr: `sum by (policy) (increase(policy_violations_total{${OF}}[1h]))`, legend: '{{policy}}' },
        }),
        graph({
          title: 'Evaluations by outcome',
          description: 'Evaluations within an hour, by how they ended.',
          unit: 'short',
          isStacked: true,
          ask: { expr: `sum by (outcome) (increase(policy_evaluations_total{${OF}}[1h]))`, legend: '{{outcome}}' },
        }),
        graph({
          title: 'Approvals by queue',
          description: 'How many decisions wait.',
          unit: 'short',
          ask: { expr: 'max by (queue) (approval_queue_size)', legend: '{{queue}}' },
          onward: { uid: UIDS.workers, title: 'This queue', by: 'queue' },
        }),
        bars({
          title: 'Oldest approval by queue',
          description: 'How long the oldest decision of each queue has been waiting.',
          unit: 's',
          ask: { expr: AGE, legend: '{{queue}}' },
          limits: [WAITING],
        }),
      ],
    },
    {
      title: 'Details',
      panels: [
        table({
          title: 'Every policy, 7 days',
          description: 'How often each policy was evaluated and violated within seven days.',
          unit: 'none',
          sortBy: 'Violations',
          ask: [
            { expr: `sum by (policy) (increase(policy_evaluations_total{${OF}}[7d]))` },
            { expr: `sum by (policy) (increase(policy_violations_total{${OF}}[7d]))` },
            {
              expr: `
                sum by (policy) (increase(policy_violations_total{${OF}}[7d]))
                  / (sum by (policy) (increase(policy_evaluations_total{${OF}}[7d])) > 0)`,
            },
          ],
          columns: [
            { field: 'policy', title: 'Policy' },
            { field: 'Value #A', title: 'Evaluations', unit: 'short', decimals: 0 },
            { field: 'Value #B', title: 'Violations', unit: 'short', decimals: 0, limits: [{ at: 0.9, color: 'red' }] },
            { field: 'Value #C', title: 'Violated', unit: 'percentunit', decimals: 2 },
          ],
        }),
        graph({
          title: 'Audit records',
          description: 'Facts written down within an hour, by outcome. A gap is a gap in the evidence.',
          unit: 'short',
          isStacked: true,
          ask: { expr: 'sum by (outcome) (increase(audit_records_total[1h]))', legend: '{{outcome}}' },
        }),
        graph({
          title: 'Failed logins',
          description: 'By kind, within an hour.',
          unit: 'short',
          ask: { expr: 'sum by (kind) (increase(auth_failures_total[1h]))', legend: '{{kind}}' },
          onward: { uid: UIDS.security, title: 'Security posture' },
        }),
      ],
    },
  ],
}
