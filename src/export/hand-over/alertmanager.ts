import { printYaml } from '../../lib/yaml-text.ts'
import type { Silence } from '../../model/silence.ts'
import { defineDocument, type ReportRow } from './document.ts'
import type { HandedCheck } from './hand-over.ts'

/** alertmanager.yml, its templates, and the silences that are not over. */
export const alertmanager = defineDocument({
  key: 'alertmanager',
  summary: 'Alertmanager tells whom midwatch tells.',
  files({ alertmanager: { config, notes, templates }, checks, silences }) {
    const rules = [...((config.inhibit_rules as unknown[] | undefined) ?? []), ...checks.flatMap(dependencyRules)]
    return [
      { path: 'alertmanager/alertmanager.yml', text: printYaml({ ...config, inhibit_rules: rules }, notes) },
      ...templates.map(({ path, text }) => ({ path: `alertmanager/${path}`, text })),
      { path: 'silences.json', text: `${JSON.stringify(silences.map(silenceJson), null, 2)}\n` },
    ]
  },
  report: ({ alertmanager: { notes }, checks, silences }) => [
    { what: 'routes and receivers', outcome: notes.length === 0 ? 'unchanged' : 'changed', text: notes.join(' ') },
    ...silences.map(({ id, comment }): ReportRow => ({ what: `silence ${id}`, outcome: 'unchanged', text: comment })),
    ...checks
      .filter(({ dependsOn }) => dependsOn.length > 0)
      .map(
        ({ name, dependsOn }): ReportRow => ({
          what: `depends_on of ${name}`,
          outcome: 'changed',
          text: `an inhibit rule: alerts about ${dependsOn.join(', ')} keep those about ${name} quiet`,
        }),
      ),
    {
      what: 'acknowledgement and escalation',
      outcome: 'missing',
      text: 'an on-call service behind pagerduty_configs or a webhook; a silence on the alert is the nearest thing in Alertmanager',
    },
    {
      what: 'messages owed over restarts, fallback channels and digests',
      outcome: 'missing',
      text: 'Alertmanager tries until the next group interval and forgets; two receivers with continue: true stand in for a fallback',
    },
    {
      what: 'maintenance windows',
      outcome: 'missing',
      text: 'mute_time_intervals for recurring ones, silences for single ones; neither is left out of objectives there',
    },
  ],
  secrets: ({ alertmanager: { secrets } }) => secrets,
  checks: () => [{ programs: ['amtool'], args: ['check-config', 'alertmanager/alertmanager.yml'] }],
})

/** While an alert about one of them fires, one about the check is not told. */
function dependencyRules({ name, dependsOn }: HandedCheck): unknown[] {
  return dependsOn.map((parent) => ({
    source_matchers: [
      `check=${JSON.stringify(parent)}`,
      'alertname=~"CheckDown|DatabaseDown|IntegrationDown|HeartbeatLate"',
    ],
    target_matchers: [`check=${JSON.stringify(name)}`],
  }))
}

/** As `amtool silence import` takes it. */
function silenceJson({ matchers, startsAtMs, endsAtMs, createdBy, comment }: Silence) {
  return {
    matchers: matchers.map(({ name, op, value }) => ({
      name,
      value,
      isRegex: op === '=~' || op === '!~',
      isEqual: op === '=' || op === '=~',
    })),
    startsAt: new Date(startsAtMs).toISOString(),
    endsAt: new Date(endsAtMs).toISOString(),
    createdBy,
    comment,
  }
}
