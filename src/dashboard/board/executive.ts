import type { Board } from '../build.ts'
import { graph, stat, table } from '../panel.ts'
import { UIDS } from './uids.ts'

export const executive: Board = {
  uid: UIDS.executive,
  title: 'Executive',
  description:
    'For who does not read metrics: is the promise kept, what did it do, what does it cost, what is at risk.',
  span: '30d',
  sections: [
    {
      title: 'Is it fine?',
      panels: [
        stat({
          title: 'Critical services up, 30 days',
          description: 'Mean over the critical checks of the share of 30 days in which each was up.',
          unit: 'percentunit',
          decimals: 2,
          ask: 'avg(avg_over_time(probe_success{critical="true"}[30d]))',
          base: 'red',
          limits: [
            { at: 0.99, color: 'orange' },
            { at: 0.999, color: 'green' },
          ],
          onward: { uid: UIDS.checks, title: 'Checks and uptime' },
        }),
        stat({
          title: 'Error budget left, worst',
          description: 'Of the objective that has least left: below 0 the promise is broken.',
          unit: 'percentunit',
          decimals: 0,
          ask: 'min(slo:period_error_budget_remaining:ratio)',
          base: 'red',
          limits: [
            { at: 0, color: 'orange' },
            { at: 0.25, color: 'green' },
          ],
          noValue: 'no objectives',
          onward: { uid: UIDS.slos, title: 'Objectives' },
        }),
        stat({
          title: 'Automations, 30 days',
          description: 'Work that was done for users within 30 days.',
          unit: 'short',
          base: 'blue',
          ask: 'sum(increase(automation_total{status="success"}[30d]))',
          onward: { uid: UIDS.workers, title: 'Workers and queues' },
        }),
        stat({
          title: 'Automations that succeed, 30 days',
          description: 'Share of them that ended as they should.',
          unit: 'percentunit',
          decimals: 1,
          ask: 'sum(increase(automation_total{status="success"}[30d])) / (sum(increase(automation_total[30d])) > 0)',
          base: 'red',
          limits: [
            { at: 0.9, color: 'orange' },
            { at: 0.97, color: 'green' },
          ],
          noValue: 'none',
        }),
        stat({
          title: 'Language models, 30 days',
          description: 'What the calls of 30 days cost.',
          unit: 'currencyUSD',
          decimals: 0,
          base: 'blue',
          ask: 'sum(increase(llm_cost_dollars_total[30d]))',
          onward: { uid: UIDS.cost, title: 'Cost attribution' },
        }),
        stat({
          title: 'Critical alerts now',
          description: 'Alerts of severity critical that fire.',
          unit: 'none',
          ask: 'count(ALERTS{alertstate="firing",severity="critical"}) or vector(0)',
          limits: [{ at: 1, color: 'red' }],
          onward: { uid: UIDS.overview, title: 'Overview' },
        }),
      ],
    },
    {
      title: 'How did it go?',
      panels: [
        graph({
          title: 'Critical services up, day by day',
          description: 'Share of the 24 hours before each moment in which critical checks were up.',
          unit: 'percentunit',
          max: 1,
          ask: { expr: 'avg(avg_over_time(probe_success{critical="true"}[1d]))', legend: 'up' },
        }),
        graph({
          title: 'Automations, day by day',
          description: 'Within the 24 hours before each moment, by how they ended.',
          unit: 'short',
          isStacked: true,
          ask: { expr: 'sum by (status) (increase(automation_total[1d]))', legend: '{{status}}' },
        }),
        graph({
          title: 'Cost, day by day',
          description: 'What language models cost within the 24 hours before each moment, by provider.',
          unit: 'currencyUSD',
          isStacked: true,
          ask: { expr: 'sum by (provider) (increase(llm_cost_dollars_total[1d]))', legend: '{{provider}}' },
          limits: [{ at: 5, color: 'red', alert: 'LlmDailySpendHigh' }],
        }),
        graph({
          title: 'Cost of one automation',
          description: 'What language models cost within 24 hours, divided by the automations that succeeded.',
          unit: 'currencyUSD',
          decimals: 3,
          ask: {
            expr: 'sum(increase(llm_cost_dollars_total[1d])) / (sum(increase(automation_total{status="success"}[1d])) > 0)',
            legend: 'cost',
          },
        }),
      ],
    },
    {
      title: 'What is at risk?',
      panels: [
        table({
          title: 'Promises',
          description:
            'Every objective, how much of its error budget is left, and how fast it burns: 1 uses the budget up just at the end of its period.',
          unit: 'none',
          ask: [
            { expr: 'max by (sloth_service, sloth_slo) (slo:objective:ratio)' },
            { expr: 'min by (sloth_service, sloth_slo) (slo:period_error_budget_remaining:ratio)' },
            { expr: 'max by (sloth_service, sloth_slo) (slo:current_burn_rate:ratio)' },
          ],
          columns: [
            { field: 'sloth_service', title: 'Service' },
            { field: 'sloth_slo', title: 'Objective' },
            { field: 'Value #A', title: 'Promise', unit: 'percentunit', decimals: 2 },
            {
              field: 'Value #B',
              title: 'Budget left',
              unit: 'percentunit',
              decimals: 0,
              base: 'red',
              limits: [
                { at: 0, color: 'orange' },
                { at: 0.25, color: 'green' },
              ],
            },
            { field: 'Value #C', title: 'Burns now', unit: 'short', decimals: 1, limits: [{ at: 1, color: 'orange' }] },
          ],
        }),
        graph({
          title: 'Time with critical alerts',
          description: 'How many alerts of severity critical fired at once.',
          unit: 'none',
          isBars: true,
          ask: { expr: 'count(ALERTS{alertstate="firing",severity="critical"})', legend: 'alerts' },
        }),
        graph({
          title: 'Decisions that wait',
          description: 'Approvals that nobody has given or refused yet.',
          unit: 'short',
          ask: { expr: 'sum(max by (queue) (approval_queue_size))', legend: 'approvals' },
          onward: { uid: UIDS.governance, title: 'Governance and audit' },
        }),
      ],
    },
  ],
}
