import type { Board } from '../build.ts'
import { bars, graph, stat, table } from '../panel.ts'
import { UIDS } from './uids.ts'

const OF = 'tenant=~"$tenant",provider=~"$provider"'
const spent = (range: string, by = '') =>
  `sum${by === '' ? '' : ` by (${by}) `}(increase(llm_cost_dollars_total{${OF}}[${range}]))`

export const cost: Board = {
  uid: UIDS.cost,
  title: 'Cost attribution',
  description: 'What language models cost, for whom and through which model, and what the month comes to at this rate.',
  tags: ['llm'],
  filters: [
    { label: 'tenant', title: 'Tenant', metric: 'llm_cost_dollars_total' },
    { label: 'provider', title: 'Provider', metric: 'llm_cost_dollars_total' },
  ],
  alerts: ['LlmDailySpendHigh', 'LlmTokenUseHigh'],
  span: '7d',
  sections: [
    {
      title: 'Is it fine?',
      panels: [
        stat({
          title: 'Cost, 24 h',
          description: 'What the calls of the last 24 hours cost.',
          unit: 'currencyUSD',
          decimals: 2,
          ask: spent('1d'),
          limits: [{ at: 5, color: 'red', alert: 'LlmDailySpendHigh' }],
        }),
        stat({
          title: 'Cost, 7 days',
          description: 'What the calls of seven days cost.',
          unit: 'currencyUSD',
          decimals: 2,
          base: 'blue',
          ask: spent('7d'),
        }),
        stat({
          title: 'Cost, 30 days',
          description: 'What the calls of 30 days cost.',
          unit: 'currencyUSD',
          decimals: 2,
          base: 'blue',
          ask: spent('30d'),
        }),
        stat({
          title: 'A month at this rate',
          description: 'What 30 days come to when they go on as the last 24 hours.',
          unit: 'currencyUSD',
          decimals: 0,
          base: 'blue',
          ask: `30 * ${spent('1d')}`,
        }),
        stat({
          title: 'Against the day before',
          description: 'The last 24 hours, compared with the 24 hours a day before: 0 % is the same.',
          unit: 'percentunit',
          decimals: 0,
          ask: `${spent('1d')} / (sum(increase(llm_cost_dollars_total{${OF}}[1d] offset 1d)) > 0) - 1`,
          limits: [
            { at: 0.25, color: 'orange' },
            { at: 1, color: 'red' },
          ],
          noValue: 'nothing to compare with',
        }),
        stat({
          title: 'A million tokens cost',
          description: 'Cost of 24 hours, divided by the tokens in and out.',
          unit: 'currencyUSD',
          decimals: 2,
          base: 'blue',
          ask: `1e6 * ${spent('1d')} / (sum(increase(llm_tokens_total{provider=~"$provider"}[1d])) > 0)`,
          noValue: 'no tokens',
        }),
      ],
    },
    {
      title: 'Why?',
      panels: [
        graph({
          title: 'Cost by tenant, day by day',
          description: 'Within the 24 hours before each moment.',
          unit: 'currencyUSD',
          isStacked: true,
          ask: { expr: spent('1d', 'tenant'), legend: '{{tenant}}' },
          limits: [{ at: 5, color: 'red', alert: 'LlmDailySpendHigh' }],
        }),
        graph({
          title: 'Cost by model, day by day',
          description: 'Within the 24 hours before each moment.',
          unit: 'currencyUSD',
          isStacked: true,
          ask: { expr: spent('1d', 'provider, model'), legend: '{{provider}} {{model}}' },
        }),
        bars({
          title: 'Dearest tenants, 7 days',
          description: 'The ten tenants whose calls cost most within seven days.',
          unit: 'currencyUSD',
          decimals: 2,
          base: 'blue',
          ask: { expr: `sort_desc(topk(10, ${spent('7d', 'tenant')}))`, legend: '{{tenant}}' },
        }),
        bars({
          title: 'Dearest models, 7 days',
          description: 'The ten models whose calls cost most within seven days.',
          unit: 'currencyUSD',
          decimals: 2,
          base: 'blue',
          ask: { expr: `sort_desc(topk(10, ${spent('7d', 'provider, model')}))`, legend: '{{provider}} {{model}}' },
        }),
      ],
    },
    {
      title: 'Details',
      panels: [
        table({
          title: 'For whom and through what, 7 days',
          description: 'Cost of each tenant and model within seven days, and its share of the whole.',
          unit: 'none',
          sortBy: 'Cost',
          ask: [
            { expr: spent('7d', 'tenant, provider, model') },
            { expr: `${spent('7d', 'tenant, provider, model')} / on () group_left () (${spent('7d')} > 0)` },
          ],
          columns: [
            { field: 'tenant', title: 'Tenant' },
            { field: 'provider', title: 'Provider' },
            { field: 'model', title: 'Model' },
            { field: 'Value #A', title: 'Cost', unit: 'currencyUSD', decimals: 2 },
            { field: 'Value #B', title: 'Share', unit: 'percentunit', decimals: 1 },
          ],
        }),
        graph({
          title: 'Cost an hour',
          description: 'A step upwards that stays is a change in the application, a spike is one job.',
          unit: 'currencyUSD',
          ask: { expr: spent('1h', 'tenant'), legend: '{{tenant}}' },
        }),
        graph({
          title: 'Cost of one call',
          description: 'Mean of 24 hours, by model.',
          unit: 'currencyUSD',
          decimals: 4,
          ask: {
            expr: `
              ${spent('1d', 'provider, model')}
                / (sum by (provider, model) (increase(llm_calls_total{provider=~"$provider"}[1d])) > 0)`,
            legend: '{{provider}} {{model}}',
          },
        }),
        graph({
          title: 'Cost of one automation',
          description: 'Cost within 24 hours, divided by the automations that succeeded.',
          unit: 'currencyUSD',
          decimals: 3,
          width: 24,
          ask: {
            expr: `${spent('1d')} / (sum(increase(automation_total{status="success"}[1d])) > 0)`,
            legend: 'cost',
          },
        }),
      ],
    },
  ],
}
