import type { Board } from '../build.ts'
import { graph, heat, stat, table } from '../panel.ts'
import { UIDS } from './uids.ts'

const OF = 'provider=~"$provider",model=~"$model"'
const SECONDS = { at: 30, color: 'orange', alert: 'LlmLatencyHigh' } as const
const FAILURES = { at: 5.9, color: 'red', alert: 'LlmErrors' } as const

const quantile = (share: number, by = '') =>
  `histogram_quantile(${share}, sum by (le${by}) (rate(llm_call_duration_seconds_bucket{${OF}}[$__rate_interval])))`

export const llm: Board = {
  uid: UIDS.llm,
  title: 'LLM operations',
  description: 'Calls to language models: do they work, how long do they take, what do they use and cost.',
  tags: ['llm'],
  filters: [
    { label: 'provider', title: 'Provider', metric: 'llm_calls_total' },
    { label: 'model', title: 'Model', metric: 'llm_calls_total' },
  ],
  alerts: ['LlmErrors', 'LlmDailySpendHigh', 'LlmLatencyHigh', 'LlmSlowerThanUsual', 'LlmTokenUseHigh'],
  sections: [
    {
      title: 'Is it fine?',
      panels: [
        stat({
          title: 'Failed calls, 10 min',
          description: "Of the provider with the most. A provider's models share keys, quota and outages.",
          unit: 'short',
          decimals: 0,
          ask: `max(sum by (provider) (increase(llm_calls_total{${OF},outcome="failure"}[10m]))) or vector(0)`,
          limits: [FAILURES],
        }),
        stat({
          title: 'Calls that succeed, 1 h',
          description: 'Share of the calls within an hour that succeeded.',
          unit: 'percentunit',
          decimals: 1,
          ask: `
            sum(increase(llm_calls_total{${OF},outcome="success"}[1h]))
              / (sum(increase(llm_calls_total{${OF}}[1h])) > 0)`,
          base: 'red',
          limits: [
            { at: 0.95, color: 'orange' },
            { at: 0.99, color: 'green' },
          ],
          noValue: 'no calls',
        }),
        stat({
          title: 'One call in twenty takes over',
          description: '95th percentile of 15 minutes, all models together.',
          unit: 's',
          ask: `histogram_quantile(0.95, sum by (le) (increase(llm_call_duration_seconds_bucket{${OF}}[15m])))`,
          limits: [SECONDS],
          noValue: 'no calls',
        }),
        stat({
          title: 'Cost, 24 h',
          description: 'What the calls of the last 24 hours cost.',
          unit: 'currencyUSD',
          decimals: 2,
          ask: `sum(increase(llm_cost_dollars_total{${OF}}[1d]))`,
          limits: [{ at: 5, color: 'red', alert: 'LlmDailySpendHigh' }],
          onward: { uid: UIDS.cost, title: 'Cost attribution' },
        }),
        stat({
          title: 'Tokens, 24 h',
          description: 'Tokens in and out within 24 hours.',
          unit: 'short',
          base: 'blue',
          ask: `sum(increase(llm_tokens_total{${OF}}[1d]))`,
        }),
        stat({
          title: 'Calls, 1 h',
          description: 'Calls within an hour, failed ones among them.',
          unit: 'short',
          decimals: 0,
          base: 'blue',
          ask: `sum(increase(llm_calls_total{${OF}}[1h]))`,
        }),
      ],
    },
    {
      title: 'Why?',
      panels: [
        graph({
          title: 'Failed calls',
          description: 'Failed calls within ten minutes, by provider.',
          unit: 'short',
          ask: {
            expr: `sum by (provider) (increase(llm_calls_total{${OF},outcome="failure"}[10m]))`,
            legend: '{{provider}}',
          },
          limits: [FAILURES],
        }),
        graph({
          title: 'Calls by outcome',
          description:
            'Calls a second. When all of them fall the application is quiet; when only successes fall, the provider is in trouble.',
          unit: 'reqps',
          isStacked: true,
          ask: { expr: `sum by (outcome) (rate(llm_calls_total{${OF}}[$__rate_interval]))`, legend: '{{outcome}}' },
        }),
        graph({
          title: 'How long calls take',
          description: 'Half of the calls, nineteen of twenty, and ninety-nine of a hundred are done within this time.',
          unit: 's',
          ask: [
            { expr: quantile(0.5), legend: 'half' },
            { expr: quantile(0.95), legend: '19 of 20' },
            { expr: quantile(0.99), legend: '99 of 100' },
          ],
          limits: [SECONDS],
        }),
        graph({
          title: 'How long calls take, by model',
          description: '95th percentile of each model.',
          unit: 's',
          ask: { expr: quantile(0.95, ', model'), legend: '{{model}}' },
          limits: [SECONDS],
        }),
      ],
    },
    {
      title: 'Use and cost',
      panels: [
        graph({
          title: 'Tokens a second',
          description: 'By direction: output costs more than input.',
          unit: 'cps',
          isStacked: true,
          ask: {
            expr: `sum by (direction) (rate(llm_tokens_total{${OF}}[$__rate_interval]))`,
            legend: '{{direction}}',
          },
        }),
        graph({
          title: 'Cost within 24 h, by model',
          description: 'What the calls of the 24 hours before each moment cost.',
          unit: 'currencyUSD',
          isStacked: true,
          ask: { expr: `sum by (model) (increase(llm_cost_dollars_total{${OF}}[1d]))`, legend: '{{model}}' },
          limits: [{ at: 5, color: 'red', alert: 'LlmDailySpendHigh' }],
        }),
        table({
          title: 'Every model, 24 h',
          description: 'What each model did within 24 hours, what it used, and what it cost.',
          unit: 'none',
          sortBy: 'Cost',
          ask: [
            { expr: `sum by (provider, model) (increase(llm_calls_total{${OF}}[1d]))` },
            {
              expr: `
                sum by (provider, model) (increase(llm_calls_total{${OF},outcome="failure"}[1d]))
                  / (sum by (provider, model) (increase(llm_calls_total{${OF}}[1d])) > 0)`,
            },
            {
              expr: `
                sum by (provider, model) (increase(llm_call_duration_seconds_sum{${OF}}[1d]))
                  / (sum by (provider, model) (increase(llm_call_duration_seconds_count{${OF}}[1d])) > 0)`,
            },
            { expr: `sum by (provider, model) (increase(llm_tokens_total{${OF}}[1d]))` },
            { expr: `sum by (provider, model) (increase(llm_cost_dollars_total{${OF}}[1d]))` },
            {
              expr: `
                1000 * sum by (provider, model) (increase(llm_cost_dollars_total{${OF}}[1d]))
                  / (sum by (provider, model) (increase(llm_calls_total{${OF}}[1d])) > 0)`,
            },
          ],
          columns: [
            { field: 'provider', title: 'Provider' },
            { field: 'model', title: 'Model' },
            { field: 'Value #A', title: 'Calls', unit: 'short', decimals: 0 },
            {
              field: 'Value #B',
              title: 'Failed',
              unit: 'percentunit',
              decimals: 1,
              limits: [
                { at: 0.01, color: 'orange' },
                { at: 0.05, color: 'red' },
              ],
            },
            { field: 'Value #C', title: 'Takes, mean', unit: 's' },
            { field: 'Value #D', title: 'Tokens', unit: 'short' },
            { field: 'Value #E', title: 'Cost', unit: 'currencyUSD', decimals: 2 },
            { field: 'Value #F', title: 'Cost of 1000 calls', unit: 'currencyUSD', decimals: 2 },
          ],
        }),
      ],
    },
    {
      title: 'Details',
      panels: [
        heat({
          title: 'Calls by duration',
          description: 'How many calls took how long. Two bands are two kinds of call.',
          unit: 's',
          ask: {
            expr: `sum by (le) (increase(llm_call_duration_seconds_bucket{${OF}}[$__rate_interval]))`,
            legend: '{{le}}',
          },
        }),
        graph({
          title: 'Slower than usual?',
          description:
            'Mean of an hour by model, and the threshold that is learned from seven days: their mean and one standard deviation. Alert: LlmSlowerThanUsual.',
          unit: 's',
          ask: [
            { expr: `llm:call_duration_seconds:mean1h{${OF}}`, legend: '{{model}}' },
            { expr: `llm:call_duration_seconds:threshold7d{${OF}}`, legend: '{{model}}, threshold' },
          ],
        }),
        graph({
          title: 'More tokens than usual?',
          description:
            'Tokens within 24 hours by model, and the threshold that is learned from seven days. Alert: LlmTokenUseHigh.',
          unit: 'short',
          ask: [
            { expr: `llm:tokens:increase1d{${OF}}`, legend: '{{model}}' },
            { expr: `llm:tokens:threshold7d{${OF}}`, legend: '{{model}}, threshold' },
          ],
        }),
        graph({
          title: 'Tokens of a call',
          description: 'Mean number of tokens of a call. When it creeps up, prompts or histories grow.',
          unit: 'short',
          ask: {
            expr: `
              sum by (model) (rate(llm_tokens_total{${OF}}[$__rate_interval]))
                / (sum by (model) (rate(llm_calls_total{${OF}}[$__rate_interval])) > 0)`,
            legend: '{{model}}',
          },
        }),
      ],
    },
  ],
}
