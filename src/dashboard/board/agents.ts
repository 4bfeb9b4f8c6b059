import type { Board } from '../build.ts'
import { graph, heat, stat, table } from '../panel.ts'
import { UIDS } from './uids.ts'

const OF = 'agent=~"$agent"'
const SUCCESS = `
  sum by (agent) (increase(agent_tasks_total{${OF},outcome="success"}[1h]))
    / (sum by (agent) (increase(agent_tasks_total{${OF}}[1h])) > 0)`

export const agents: Board = {
  uid: UIDS.agents,
  title: 'Agent workflow',
  description: 'What agents are given to do, how it ends, which tools they use, and where a person has to decide.',
  filters: [{ label: 'agent', title: 'Agent', metric: 'agent_tasks_total' }],
  alerts: ['AutomationFailureRateHigh', 'ApprovalsWaiting', 'LlmErrors'],
  sections: [
    {
      title: 'Is it fine?',
      panels: [
        stat({
          title: 'Tasks that succeed, 1 h',
          description: 'Of the agent that succeeds least.',
          unit: 'percentunit',
          decimals: 1,
          ask: `min(${SUCCESS})`,
          base: 'red',
          limits: [
            { at: 0.8, color: 'orange' },
            { at: 0.95, color: 'green' },
          ],
          noValue: 'no tasks',
        }),
        stat({
          title: 'Tasks, 1 h',
          description: 'Tasks that ended within an hour.',
          unit: 'short',
          decimals: 0,
          base: 'blue',
          ask: `sum(increase(agent_tasks_total{${OF}}[1h]))`,
        }),
        stat({
          title: 'One task in twenty takes over',
          description: '95th percentile of an hour, all agents together.',
          unit: 's',
          base: 'blue',
          ask: `histogram_quantile(0.95, sum by (le) (increase(agent_task_duration_seconds_bucket{${OF}}[1h])))`,
          noValue: 'no tasks',
        }),
        stat({
          title: 'Tool calls that fail, 1 h',
          description: 'Share of the tool calls within an hour that failed.',
          unit: 'percentunit',
          decimals: 1,
          ask: `
            sum(increase(agent_tool_calls_total{${OF},outcome="failure"}[1h]))
              / (sum(increase(agent_tool_calls_total{${OF}}[1h])) > 0)`,
          limits: [
            { at: 0.05, color: 'orange' },
            { at: 0.2, color: 'red' },
          ],
          noValue: 'none',
        }),
        stat({
          title: 'Tool calls of a task',
          description: 'Mean of an hour. When it climbs, agents go round in circles.',
          unit: 'short',
          decimals: 1,
          base: 'blue',
          ask: `
            sum(increase(agent_tool_calls_total{${OF}}[1h]))
              / (sum(increase(agent_tasks_total{${OF}}[1h])) > 0)`,
          noValue: 'no tasks',
        }),
        stat({
          title: 'Approvals that wait',
          description: 'Decisions that agents wait for.',
          unit: 'short',
          ask: 'sum(max by (queue) (approval_queue_size)) or vector(0)',
          limits: [{ at: 10, color: 'orange' }],
          onward: { uid: UIDS.governance, title: 'Governance and audit' },
        }),
      ],
    },
    {
      title: 'Why?',
      panels: [
        graph({
          title: 'Tasks by outcome',
          description: 'Tasks within ten minutes, by how they ended.',
          unit: 'short',
          isStacked: true,
          ask: { expr: `sum by (outcome) (increase(agent_tasks_total{${OF}}[10m]))`, legend: '{{outcome}}' },
        }),
        graph({
          title: 'Tasks that succeed',
          description: 'Share of the tasks within an hour that succeeded, by agent.',
          unit: 'percentunit',
          max: 1,
          ask: { expr: SUCCESS, legend: '{{agent}}' },
        }),
        graph({
          title: 'Tools in use',
          description:
            'Tool calls within ten minutes. A tool that is called far more often than usual is called in circles.',
          unit: 'short',
          isStacked: true,
          ask: { expr: `sum by (tool) (increase(agent_tool_calls_total{${OF}}[10m]))`, legend: '{{tool}}' },
        }),
        graph({
          title: 'Tools that fail',
          description: 'Failed tool calls within ten minutes.',
          unit: 'short',
          ask: {
            expr: `sum by (tool) (increase(agent_tool_calls_total{${OF},outcome="failure"}[10m]))`,
            legend: '{{tool}}',
          },
        }),
      ],
    },
    {
      title: 'Details',
      panels: [
        table({
          title: 'Every agent, 24 h',
          description: 'What each agent did within 24 hours.',
          unit: 'none',
          height: 7,
          sortBy: 'Tasks',
          ask: [
            { expr: `sum by (agent) (increase(agent_tasks_total{${OF}}[1d]))` },
            {
              expr: `
                sum by (agent) (increase(agent_tasks_total{${OF},outcome="success"}[1d]))
                  / (sum by (agent) (increase(agent_tasks_total{${OF}}[1d])) > 0)`,
            },
            {
              expr: `
                sum by (agent) (increase(agent_task_duration_seconds_sum{${OF}}[1d]))
                  / (sum by (agent) (increase(agent_task_duration_seconds_count{${OF}}[1d])) > 0)`,
            },
            { expr: `sum by (agent) (increase(agent_tool_calls_total{${OF}}[1d]))` },
          ],
          columns: [
            { field: 'agent', title: 'Agent' },
            { field: 'Value #A', title: 'Tasks', unit: 'short', decimals: 0 },
            { field: 'Value #B', title: 'Succeeded', unit: 'percentunit', decimals: 1 },
            { field: 'Value #C', title: 'Takes, mean', unit: 's' },
            { field: 'Value #D', title: 'Tool calls', unit: 'short', decimals: 0 },
          ],
        }),
        heat({
          title: 'Tasks by duration',
          description: 'How many tasks took how long.',
          unit: 's',
          ask: {
            expr: `sum by (le) (increase(agent_task_duration_seconds_bucket{${OF}}[$__rate_interval]))`,
            legend: '{{le}}',
          },
        }),
        graph({
          title: 'How long tasks take',
          description: '95th percentile by agent.',
          unit: 's',
          ask: {
            expr: `histogram_quantile(0.95, sum by (le, agent) (rate(agent_task_duration_seconds_bucket{${OF}}[$__rate_interval])))`,
            legend: '{{agent}}',
          },
        }),
        heat({
          title: 'Confidence of automations',
          description: 'How sure automations were, from 0 to 1. A band that sinks comes before failures and approvals.',
          unit: 'percentunit',
          ask: {
            expr: 'sum by (le) (increase(automation_confidence_bucket[$__rate_interval]))',
            legend: '{{le}}',
          },
        }),
        graph({
          title: 'Calls to language models of a task',
          description: 'All calls, divided by all tasks, each within an hour.',
          unit: 'short',
          ask: {
            expr: `sum(increase(llm_calls_total[1h])) / (sum(increase(agent_tasks_total{${OF}}[1h])) > 0)`,
            legend: 'calls',
          },
          onward: { uid: UIDS.llm, title: 'LLM operations' },
        }),
      ],
    },
  ],
}
