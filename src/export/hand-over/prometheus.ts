import { printYaml } from '../../lib/yaml-text.ts'
import { formatDuration } from '../../model/duration.ts'
import { ruleFileText } from '../../wire/rule-file.ts'
import { type BlackboxCheck, isBlackbox } from './blackbox.ts'
import { defineDocument, type ReportRow } from './document.ts'
import type { HandedRuleFile, HandOver, RuleOrigin } from './hand-over.ts'
import { printStage, scrapeJob, scrapeSecrets } from './scrape-job.ts'

/** prometheus.yml and the rule files. */
export const prometheus = defineDocument({
  key: 'prometheus',
  summary: 'Prometheus scrapes and judges as midwatch does.',
  files(handOver) {
    const { ruleFiles } = handOver
    return [
      { path: 'prometheus/prometheus.yml', text: printYaml(prometheusConfig(handOver)) },
      ...ruleFiles.map(({ path, groups, origin }) => ({
        path: `prometheus/rules/${path}`,
        text: ruleFileText(groups, [HEAD[origin]]),
      })),
    ]
  },
  report: ({ ruleFiles, scrapeConfigs, alerting }) => [
    ...ruleFiles.map(ruleRow),
    ...alerting.targets.map(
      (target): ReportRow => ({
        what: `the Alertmanager ${target} of alerting`,
        outcome: 'changed',
        text: 'Prometheus hands alerts to the Alertmanager of the stack; write this one beside it in prometheus.yml',
      }),
    ),
    ...scrapeConfigs.map(
      ({ jobName }): ReportRow => ({ what: `scrape job ${jobName}`, outcome: 'unchanged', text: '' }),
    ),
    {
      what: 'history',
      outcome: 'changed',
      text: 'every sample moves as it is (export --history); that a series ended is not told, so that it lasts five minutes longer there; of what retention has rolled up, the first and the last value of each piece',
    },
    {
      what: 'pushed metrics',
      outcome: 'changed',
      text: 'while midwatch runs, the job midwatch scrapes them from it; later the application is scraped itself, or pushes to Pushgateway',
    },
  ],
  secrets: ({ scrapeConfigs }) => scrapeConfigs.flatMap(scrapeSecrets),
  checks: ({ ruleFiles }) => [
    { programs: ['promtool'], args: ['check', 'config', '--syntax-only', 'prometheus/prometheus.yml'] },
    ...(ruleFiles.length === 0
      ? []
      : [
          {
            programs: ['promtool'],
            args: ['check', 'rules', ...ruleFiles.map(({ path }) => `prometheus/rules/${path}`)],
          },
        ]),
  ],
})

const HEAD: Readonly<Record<RuleOrigin, string>> = {
  shipped: 'Shipped with midwatch.',
  own: 'As it was in rule_files.',
  objectives: 'Made of slo_files.',
  kpis: 'Made of kpi_files.',
  database: 'As it was set by the API.',
}

function prometheusConfig(handOver: HandOver): Record<string, unknown> {
  const { evaluationIntervalMs, addresses, externalLabels, alerting, checks, scrapeConfigs, ruleFiles } = handOver
  return {
    global: {
      evaluation_interval: formatDuration(evaluationIntervalMs),
      ...(Object.keys(externalLabels).length === 0 ? {} : { external_labels: externalLabels }),
    },
    ...(ruleFiles.length === 0 ? {} : { rule_files: ruleFiles.map(({ path }) => `rules/${path}`) }),
    alerting: {
      ...printStage('alert_relabel_configs', alerting.relabel),
      alertmanagers: [{ static_configs: [{ targets: [addresses.alertmanager] }] }],
    },
    scrape_configs: [
      ...checks.filter(isBlackbox).map((check) => probeJob(check, addresses.blackbox)),
      ...scrapeConfigs.map(scrapeJob),
      ...midwatchJobs(handOver),
    ],
  }
}

/** The job whose name stands for none: it is taken off again. */
const PUSHED_JOB = 'midwatch-pushed'

/**
 * What midwatch alone has is scraped from it while both run: metrics of itself, and what was pushed to it. Pushed series have
 * no job and no instance unless somebody gave them one; what rules record is recorded there as well.
 */
export function midwatchJobs({
  evaluationIntervalMs,
  midwatchAddress,
  ruleFiles,
}: HandOver): Record<string, unknown>[] {
  const recorded = ruleFiles.flatMap(({ groups }) =>
    groups.flatMap(({ rules }) => rules.flatMap((rule) => (rule.kind === 'recording' ? [rule.record] : []))),
  )
  const others = ['midwatch_.*', ...new Set(recorded)].join('|')
  const common = {
    scrape_interval: formatDuration(evaluationIntervalMs),
    scrape_timeout: formatDuration(Math.min(evaluationIntervalMs, 10_000)),
    honor_labels: true,
    static_configs: [{ targets: [midwatchAddress] }],
  }
  return [
    { job_name: 'midwatch', ...common, params: { 'match[]': ['{__name__=~"midwatch_.*"}'] } },
    {
      job_name: PUSHED_JOB,
      ...common,
      // A selector has to have one condition that no missing label meets.
      params: { 'match[]': [`{__name__=~".+",__name__!~"${others}",job!~"probe|node"}`] },
      metric_relabel_configs: [
        { source_labels: ['job'], regex: PUSHED_JOB, target_label: 'job', replacement: '' },
        {
          source_labels: ['instance'],
          regex: escapePattern(midwatchAddress),
          target_label: 'instance',
          replacement: '',
        },
      ],
    },
  ]
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** blackbox_exporter takes half a second off the time that Prometheus gives it. */
const OVERHEAD_MS = 1000

/** One job for each check, since each has its own interval; its series are called as midwatch's. */
function probeJob({ name, labels, everyMs, timeoutMs, standIn }: BlackboxCheck, exporter: string) {
  const { job, instance, ...others } = labels
  return {
    job_name: `probe/${name}`,
    scrape_interval: formatDuration(everyMs),
    scrape_timeout: formatDuration(Math.min(everyMs, timeoutMs + OVERHEAD_MS)),
    metrics_path: '/probe',
    params: { module: [name] },
    static_configs: [{ targets: [standIn.target], labels: others }],
    relabel_configs: [
      { source_labels: ['__address__'], target_label: '__param_target' },
      { target_label: 'instance', replacement: escapeReplacement(instance ?? standIn.target) },
      { target_label: 'job', replacement: escapeReplacement(job ?? 'probe') },
      { target_label: '__address__', replacement: exporter },
    ],
  }
}

function escapeReplacement(text: string): string {
  return text.replaceAll('$', '$$$$')
}

function ruleRow({ path, origin, groups }: HandedRuleFile): ReportRow {
  const rules = groups.reduce((sum, group) => sum + group.rules.length, 0)
  const isAboutUs = groups.some((group) => group.rules.every(({ expr }) => /\bmidwatch_/.test(expr)))
  return {
    what: `rules ${path}`,
    outcome: origin === 'shipped' && isAboutUs ? 'changed' : 'unchanged',
    text: isAboutUs ? `${rules} rules; those about midwatch itself end with it` : `${rules} rules`,
  }
}
