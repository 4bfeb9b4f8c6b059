import type { Board } from '../build.ts'
import { graph, stat, table } from '../panel.ts'
import { UIDS } from './uids.ts'

const OF = 'sloth_service=~"$sloth_service",sloth_slo=~"$sloth_slo"'
const ON = 'on (sloth_id, sloth_slo, sloth_service) group_left ()'

/** How many times faster than sustainable the budget burns, seen over a window. */
const burn = (window: string) => `
  max by (sloth_id, sloth_service, sloth_slo) (slo:sli_error:ratio_rate${window}{${OF}})
    / ${ON} max by (sloth_id, sloth_service, sloth_slo) (slo:error_budget:ratio{${OF}})`

/** The workbook's factors for 30 days: 2 % of the budget in an hour, 5 % in six, 10 % in a day and in three. */
const PAGE_FAST = { at: 14.4, color: 'red' } as const
const PAGE_SLOW = { at: 6, color: 'red' } as const
const TICKET_FAST = { at: 3, color: 'orange' } as const
const TICKET_SLOW = { at: 1, color: 'orange' } as const

export const slos: Board = {
  uid: UIDS.slos,
  title: 'Objectives',
  description:
    'Service level objectives, by the names of Sloth: what is promised, what is left of the error budget, and how fast it burns.',
  tags: ['slo'],
  filters: [
    { label: 'sloth_service', title: 'Service', metric: 'sloth_slo_info' },
    { label: 'sloth_slo', title: 'Objective', metric: 'sloth_slo_info' },
  ],
  span: '24h',
  sections: [
    {
      title: 'Is it fine?',
      panels: [
        stat({
          title: 'Objectives',
          description: 'Objectives that are measured.',
          unit: 'none',
          base: 'blue',
          width: 6,
          ask: `count(sloth_slo_info{${OF}})`,
        }),
        stat({
          title: 'Least budget left',
          description: 'Of the objective that has least left. Below 0 the promise of its period is broken.',
          unit: 'percentunit',
          decimals: 1,
          width: 6,
          ask: `min(slo:period_error_budget_remaining:ratio{${OF}})`,
          base: 'red',
          limits: [
            { at: 0, color: 'orange' },
            { at: 0.25, color: 'green' },
          ],
        }),
        stat({
          title: 'Fastest burn now',
          description:
            'Over five minutes, of the objective that burns fastest. 1 uses the budget up just at the end of its period.',
          unit: 'short',
          decimals: 1,
          width: 6,
          ask: `max(slo:current_burn_rate:ratio{${OF}})`,
          limits: [TICKET_SLOW, PAGE_SLOW],
        }),
        stat({
          title: 'Objectives that are broken',
          description: 'Objectives without any budget left.',
          unit: 'none',
          width: 6,
          ask: `count(slo:period_error_budget_remaining:ratio{${OF}} <= 0) or vector(0)`,
          limits: [{ at: 1, color: 'red' }],
        }),
      ],
    },
    {
      title: 'Why?',
      panels: [
        table({
          title: 'Every objective',
          description:
            'What is promised and over how many days, how it went, what is left of the budget, and how fast it burns.',
          unit: 'none',
          ask: [
            { expr: `max by (sloth_service, sloth_slo) (slo:objective:ratio{${OF}})` },
            { expr: `max by (sloth_service, sloth_slo) (slo:time_period:days{${OF}})` },
            { expr: `1 - max by (sloth_service, sloth_slo) (slo:sli_error:ratio_rate30d{${OF}})` },
            { expr: `min by (sloth_service, sloth_slo) (slo:period_error_budget_remaining:ratio{${OF}})` },
            { expr: `max by (sloth_service, sloth_slo) (slo:current_burn_rate:ratio{${OF}})` },
            { expr: `max by (sloth_service, sloth_slo) (slo:period_burn_rate:ratio{${OF}})` },
          ],
          columns: [
            { field: 'sloth_service', title: 'Service' },
            { field: 'sloth_slo', title: 'Objective' },
            { field: 'Value #A', title: 'Promise', unit: 'percentunit', decimals: 3 },
            { field: 'Value #B', title: 'Days' },
            { field: 'Value #C', title: 'Kept', unit: 'percentunit', decimals: 3 },
            {
              field: 'Value #D',
              title: 'Budget left',
              unit: 'percentunit',
              decimals: 1,
              base: 'red',
              limits: [
                { at: 0, color: 'orange' },
                { at: 0.25, color: 'green' },
              ],
            },
            { field: 'Value #E', title: 'Burns now', unit: 'short', decimals: 2, limits: [TICKET_SLOW, PAGE_SLOW] },
            { field: 'Value #F', title: 'Burnt over the period', unit: 'short', decimals: 2, limits: [TICKET_SLOW] },
          ],
        }),
        graph({
          title: 'Budget left',
          description: 'Share of the error budget of the period that is left.',
          unit: 'percentunit',
          max: 1,
          width: 24,
          ask: {
            expr: `min by (sloth_service, sloth_slo) (slo:period_error_budget_remaining:ratio{${OF}})`,
            legend: '{{sloth_service}} {{sloth_slo}}',
          },
        }),
        graph({
          title: 'Burn over 5 minutes and 1 hour',
          description: 'A page comes when both are over the line, which is 2 % of a budget of 30 days within an hour.',
          unit: 'short',
          ask: [
            { expr: burn('5m'), legend: '{{sloth_service}} {{sloth_slo}}, 5 m' },
            { expr: burn('1h'), legend: '{{sloth_service}} {{sloth_slo}}, 1 h' },
          ],
          limits: [PAGE_FAST],
        }),
        graph({
          title: 'Burn over 30 minutes and 6 hours',
          description: 'A page comes when both are over the line, which is 5 % of the budget within six hours.',
          unit: 'short',
          ask: [
            { expr: burn('30m'), legend: '{{sloth_service}} {{sloth_slo}}, 30 m' },
            { expr: burn('6h'), legend: '{{sloth_service}} {{sloth_slo}}, 6 h' },
          ],
          limits: [PAGE_SLOW],
        }),
        graph({
          title: 'Burn over 2 hours and 1 day',
          description: 'A ticket comes when both are over the line, which is 10 % of the budget within a day.',
          unit: 'short',
          ask: [
            { expr: burn('2h'), legend: '{{sloth_service}} {{sloth_slo}}, 2 h' },
            { expr: burn('1d'), legend: '{{sloth_service}} {{sloth_slo}}, 1 d' },
          ],
          limits: [TICKET_FAST],
        }),
        graph({
          title: 'Burn over 6 hours and 3 days',
          description:
            'A ticket comes when both are over the line: at this rate the budget is used up before its time.',
          unit: 'short',
          ask: [
            { expr: burn('6h'), legend: '{{sloth_service}} {{sloth_slo}}, 6 h' },
            { expr: burn('3d'), legend: '{{sloth_service}} {{sloth_slo}}, 3 d' },
          ],
          limits: [TICKET_SLOW],
        }),
      ],
    },
    {
      title: 'Details',
      panels: [
        graph({
          title: 'Errors over 5 minutes',
          description: 'Share of the events of five minutes that were bad.',
          unit: 'percentunit',
          width: 24,
          ask: {
            expr: `max by (sloth_service, sloth_slo) (slo:sli_error:ratio_rate5m{${OF}})`,
            legend: '{{sloth_service}} {{sloth_slo}}',
          },
        }),
      ],
    },
  ],
}
