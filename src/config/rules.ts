import { setImmediate as turnForOthers } from 'node:timers/promises'
import { listAssets, readAsset } from '../lib/asset.ts'
import type { Problem } from '../model/problem.ts'
import type { RuleGroup } from '../model/rule.ts'
import { readRuleFile } from '../rule/load.ts'
import type { Config } from './config.ts'
import { readMatching } from './matching-files.ts'
import { type LoadedSlos, loadSlos } from './slos.ts'

export interface LoadedRules {
  /** Those of rule files; SLOs have theirs with them. */
  readonly groups: readonly RuleGroup[]
  readonly slos: LoadedSlos
  readonly problems: readonly Problem[]
  /** The files that were read, for the watcher; shipped ones are not among them. */
  readonly files: readonly string[]
}

/**
 * Reads the shipped rules, the operator's own and the SLO files, with a turn for others after each file. With an error among the problems the
 * groups must not be used.
 */
export async function loadRules(config: Config): Promise<LoadedRules> {
  const { ruleFiles, shippedRules } = config
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
  const slos = await loadSlos(config)
  return {
    groups: groups.filter(({ rules }) => rules.length > 0),
    slos,
    problems: [...problems, ...slos.problems],
    files: [...files, ...slos.files],
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
