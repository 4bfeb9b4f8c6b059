import { hostname } from 'node:os'
import { basename } from 'node:path'
import type {
  ExportedFile,
  HandedCheck,
  HandedRuleFile,
  HandOver,
  RuleOrigin,
  StackAddresses,
} from '../export/hand-over/hand-over.ts'
import { listAssets, readAsset } from '../lib/asset.ts'
import { cronSpacingMs } from '../lib/cron-spacing.ts'
import type { RuleGroup } from '../model/rule.ts'
import type { Silence } from '../model/silence.ts'
import { standsIn } from '../probe/stand-in.ts'
import { handedAlertmanager } from './alertmanager/hand-over.ts'
import type { CheckConfig, Config } from './config.ts'

export interface HandOverInput {
  readonly config: Config
  readonly groups: readonly RuleGroup[]
  /** Where a group of rules comes from, by its file. */
  readonly originOf: (file: string) => RuleOrigin
  readonly silences: readonly Silence[]
  readonly dashboards: readonly ExportedFile[]
  readonly addresses: StackAddresses
  /** Where Prometheus finds this midwatch while both run, `host:port`. */
  readonly midwatchAddress: string
  readonly externalUrl: string
  readonly nowMs: number
}

/** What the operator asked for and what was set since, in the words of the hand-over. */
export function handOverOf(input: HandOverInput): HandOver {
  const { config, groups, originOf, nowMs } = input
  const { cron, timezone } = config.evaluation
  return {
    nowMs,
    evaluationIntervalMs: cronSpacingMs(cron, timezone, nowMs),
    externalUrl: input.externalUrl,
    midwatchAddress: input.midwatchAddress,
    addresses: input.addresses,
    externalLabels: config.externalLabels.toObject(),
    alerting: {
      relabel: config.alerting?.relabel.rules ?? [],
      targets: (config.alerting?.targets ?? []).map(({ name }) => name),
    },
    checks: config.checks.map(handedCheck),
    scrapeConfigs: config.scrape,
    ruleFiles: ruleFilesOf(groups, originOf),
    alertmanager: handedAlertmanager(config),
    silences: input.silences.filter(({ endsAtMs }) => endsAtMs > nowMs),
    dashboards: input.dashboards,
    runbooks: listAssets('runbooks').map((path) => ({ path: `docs/${path}`, text: readAsset(path) })),
  }
}

function handedCheck(check: CheckConfig): HandedCheck {
  const { name, critical, category, labels, dependsOn } = check
  const common = { job: 'probe', check: name, category, critical: critical ? 'true' : 'false' }
  if (check.kind === 'heartbeat') {
    return {
      name,
      labels: { ...labels.toObject(), ...common, instance: name, probe: 'heartbeat' },
      everyMs: 0,
      timeoutMs: 0,
      dependsOn,
      standIn: standsIn(
        'Pushgateway, with an alert on time() - push_time_seconds; or a service that waits for pings, such as Healthchecks, whose addresses midwatch has',
      ),
    }
  }
  const { probe, settings, instance, everyMs, timeoutMs, written } = check
  return {
    name,
    labels: { ...labels.toObject(), ...common, instance, probe: probe.key },
    everyMs,
    timeoutMs,
    dependsOn,
    standIn: probe.standIn(settings, written),
  }
}

/** A file for each that there was; two of one name in different folders stay two. */
function ruleFilesOf(groups: readonly RuleGroup[], originOf: (file: string) => RuleOrigin): HandedRuleFile[] {
  const byFile = new Map<string, RuleGroup[]>()
  for (const group of groups) byFile.set(group.file, [...(byFile.get(group.file) ?? []), group])
  const taken = new Set<string>()
  return [...byFile].map(([file, those]) => {
    const origin = originOf(file)
    const name = basename(file).replace(/\.ya?ml$/, '')
    let path = `${origin}/${name}.yml`
    for (let i = 2; taken.has(path); i++) path = `${origin}/${name}-${i}.yml`
    taken.add(path)
    return { path, origin, groups: those }
  })
}

/** The name of this machine, where Prometheus on another one would find midwatch. */
export function addressOfMidwatch({ server }: Config): string {
  const { host, port } = server.listen
  const isEverywhere = host === undefined || host === '0.0.0.0' || host === '::'
  return `${isEverywhere ? hostname() : host.includes(':') ? `[${host}]` : host}:${port}`
}
