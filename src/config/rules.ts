import { setImmediate as turnForOthers } from 'node:timers/promises'
import { listAssets, readAsset } from '../lib/asset.ts'
import type { Problem } from '../model/problem.ts'
import type { RuleGroup } from '../model/rule.ts'
import type { Kpi } from '../objective/kpi.ts'
import { readRuleFile } from '../rule/load.ts'
import type { Config } from './config.ts'
import { readMatching } from './matching-files.ts'
import { type LoadedSlos, loadSlos } from './slos.ts'

export interface LoadedRules {
  /** Those of rule files and of KPIs; SLOs have theirs with them. */
  readonly groups: readonly RuleGroup[]
  /** Those of SLO files and of KPIs. */
  readonly slos: LoadedSlos
  readonly kpis: readonly Kpi[]
  readonly problems: readonly Problem[]
  /** The files that were read, for the watcher; shipped ones are not among them. */
  readonly files: readonly string[]
}

/**
 * Reads the shipped rules, the operator's own, SLO files and files of KPIs, with a turn for others after each file. With an error
 * among the problems nothing of it must be used.
 */
export async function loadRules(config: Config): Promise<LoadedRules> {
  const { ruleFiles, shippedRules, kpiFiles } = config
  const groups: RuleGroup[] = []
  const problems: Problem[] = []
  const files: string[] = []
  if (shippedRules.enabled) {
    const disabled = new Set(shippedRules.disabled)
    const known = new Set<string>()
    for (const name of listAssets('rules')) {
      await turnForOthers()
      const shipped = readRuleFile(readAsset(name), name)
      problems.push(...shipped.problems)
      groups.push(...shipped.groups.map((group) => without(group, disabled, known)))
    }
    for (const name of disabled) {
      if (known.has(name)) continue
      const message = `"${name}" is no shipped alert; there are ${[...known].sort().join(', ')}`
      problems.push({ file: 'shipped_rules', field: 'shipped_rules.disable', message, severity: 'warning' })
    }
  }
  for await (const { file, text } of readMatching(ruleFiles, 'rule_files', { problems, files })) {
    const read = readRuleFile(text, file)
    groups.push(...read.groups)
    problems.push(...read.problems)
  }
  // The compiler is only loaded where there is something to compile.
  const kpis = kpiFiles.length === 0 ? undefined : await (await import('./kpis.ts')).loadKpis(config)
  const slos = await loadSlos(config, kpis?.slos)
  return {
    groups: [...groups, ...(kpis?.groups ?? [])].filter(({ rules }) => rules.length > 0),
    slos,
    kpis: kpis?.kpis ?? [],
    problems: [...problems, ...(kpis?.problems ?? []), ...slos.problems],
    files: [...files, ...(kpis?.files ?? []), ...slos.files],
  }
}

function without(group: RuleGroup, disabled: ReadonlySet<string>, known: Set<string>): RuleGroup {
  return {
    ...group,
    rules: group.rules.filter((rule) => {
      if (rule.kind !== 'alerting') return true
      known.add(rule.alert)
      return !disabled.has(rule.alert)
    }),
  }
}
