import { stringify } from 'yaml'
import { probeSchema } from '../../src/config/check.ts'
import { heartbeat } from '../../src/config/heartbeat.ts'
import type { ProbeDefinition } from '../../src/probe/probe.ts'
import { probes } from '../../src/probe/registry.ts'
import { optionTable } from './option-table.ts'
import { optionsOf } from './options.ts'
import { code, type Page, page, table } from './page.ts'

/** Every kind of check: what it is, its options, what it measures. */
export const checks: Page = {
  file: 'docs/reference/checks.md',
  text() {
    const kinds = (probes as readonly ProbeDefinition<string, unknown>[]).map((probe) => ({
      key: probe.key,
      text: probeSection(probe),
    }))
    const all = [...kinds, { key: 'heartbeat', text: heartbeatSection() }].sort((a, b) => (a.key < b.key ? -1 : 1))
    return page(
      'Checks',
      'A check has a name, one of these kinds with its options, and what every check has. How they are used: [Configure checks](../how-to/configure-checks.md).',
      all.map(({ key }) => `[${key}](#${key})`).join(' · '),
      '## Every check',
      optionTable(optionsOf(probeSchema)),
      `Every check gives \`probe_success\` (1 or 0) and \`probe_duration_seconds\`, with the labels \`job="probe"\`, \`check\`, \`instance\`, \`probe\` (the kind), \`category\`, \`critical\` and its own.`,
      ...all.map(({ text }) => text),
    )
  },
}

function probeSection({ key, summary, config, example, metrics, needsPermission }: ProbeDefinition<string, unknown>) {
  const allow = needsPermission === true ? { allow: ['script'] } : {}
  const rows = Object.entries(metrics).map(([name, { help, labels = [] }]) => [
    code(name),
    labels.map(code).join(', '),
    help,
  ])
  return [
    `## ${key}`,
    summary,
    exampleOf({ ...allow, checks: [{ name: `my-${key}`, ...example }] }),
    optionTable(optionsOf(config)),
    ...(rows.length === 0 ? [] : [table(['metric', 'labels', 'what'], rows)]),
  ].join('\n\n')
}

function heartbeatSection(): string {
  return [
    '## heartbeat',
    'Up when the job says in time that it ran: see [Wait for cron jobs](../how-to/heartbeats.md). It asks nothing, so it has no `every`, `timeout` and `confirm`.',
    exampleOf({ checks: [{ name: 'my-heartbeat', heartbeat: { period: '1d', grace: '1h' } }] }),
    optionTable(optionsOf(heartbeat, 'heartbeat')),
    table(
      ['metric', 'labels', 'what'],
      [
        ['`probe_heartbeat_running`', '', '1 while a run has begun and not ended.'],
        ['`probe_heartbeat_last_ping_timestamp_seconds`', '', 'When the last ping came, Unix time.'],
        ['`probe_heartbeat_duration_seconds`', '', 'How long the last run took.'],
      ],
    ),
  ].join('\n\n')
}

function exampleOf(config: unknown): string {
  return `\`\`\`yaml\n# midwatch.yml\n${stringify(config, { lineWidth: 0 })}\`\`\``
}
