import type { CommandEntry } from './command.ts'

/** Every command, in the order of the help text. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  run: {
    description: 'Watch: run checks, take pushes, judge rules, tell people.',
    load: () => import('./run.ts').then(({ run }) => run),
  },
  check: {
    description: 'Check the config and the rule files; says every problem with its place.',
    load: () => import('./check.ts').then(({ checkCommand }) => checkCommand),
  },
  test: {
    description: 'Test rules with made-up series, as promtool does.',
    load: () => import('./test.ts').then(({ test }) => test),
  },
  rules: {
    description: 'Keep rule groups in the database, beside those in files.',
    load: () => import('./rules.ts').then(({ rules }) => rules),
  },
  query: {
    description: 'Ask with PromQL, at one moment or over a range.',
    load: () => import('./query.ts').then(({ query }) => query),
  },
  slo: {
    description: 'Show how much error budget is left; compile SLO files into rules; report on a month.',
    load: () => import('./slo.ts').then(({ slo }) => slo),
  },
  export: {
    description: 'Write everything as files for Prometheus, Alertmanager, blackbox_exporter and Grafana.',
    load: () => import('./export.ts').then(({ exportCommand }) => exportCommand),
  },
  import: {
    description: 'Take in history from OpenMetrics or Prometheus text, while midwatch is stopped.',
    load: () => import('./import.ts').then(({ importCommand }) => importCommand),
  },
  init: {
    description: 'Write a commented config file to start from.',
    load: () => import('./init.ts').then(({ init }) => init),
  },
  healthcheck: {
    description: 'Ask the running midwatch whether it is alive; for containers and supervisors.',
    load: () => import('./healthcheck.ts').then(({ healthcheck }) => healthcheck),
  },
  alerts: {
    description: 'Show what fires, what fired, and why somebody was or was not told.',
    load: () => import('./alerts.ts').then(({ alerts }) => alerts),
  },
  ack: {
    description: 'Take on alerts that fire: they are neither repeated nor escalated.',
    load: () => import('./ack.ts').then(({ ack }) => ack),
  },
  unack: {
    description: 'Give alerts back that somebody has taken on.',
    load: () => import('./unack.ts').then(({ unack }) => unack),
  },
  trace: {
    description: 'Show the journey of one trace id.',
    load: () => import('./trace.ts').then(({ trace }) => trace),
  },
  verify: {
    description: 'Prove that nobody has changed the audit log.',
    load: () => import('./verify.ts').then(({ verify }) => verify),
  },
  token: {
    description: 'Make, list and revoke tokens.',
    load: () => import('./token.ts').then(({ token }) => token),
  },
  routes: {
    description: 'Show who is told of what, and try it with the labels of an alert.',
    load: () => import('./routes.ts').then(({ routes }) => routes),
  },
  kpi: {
    description: 'List, compare and draw KPIs, and print what is made of them.',
    load: () => import('./kpi.ts').then(({ kpi }) => kpi),
  },
  maintenance: {
    description: 'Begin, list and end times in which nobody is told of something.',
    load: () => import('./maintenance.ts').then(({ maintenance }) => maintenance),
  },
  notify: {
    description: 'Try whether messages arrive.',
    load: () => import('./notify.ts').then(({ notify }) => notify),
  },
}
