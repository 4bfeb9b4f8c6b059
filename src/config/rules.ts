import { globSync, readFileSync } from 'node:fs'
import { setImmediate as turnForOthers } from 'node:timers/promises'
import { listAssets, readAsset } from '../lib/asset.ts'
import type { Problem } from '../model/problem.ts'
import type { RuleGroup } from '../model/rule.ts'
import { readRuleFile } from '../rule/load.ts'
import type { Config } from './config.ts'

export interface LoadedRules {
  readonly groups: readonly RuleGroup[]
  readonly problems: readonly Problem[]
  /** The files that were read, for the watcher; shipped ones are not among them. */
  readonly files: readonly string[]
}

/**
 * Reads the shipped rules and the operator's own, with a turn for others after each file. With an error among the problems the
 * groups must not be used.
 */
export async function loadRules({
  ruleFiles,
  shippedRules,
}: Pick<Config, 'ruleFiles' | 'shippedRules'>): Promise<LoadedRules> {
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
  for (const pattern of ruleFiles) {
    const found = globSync(pattern).sort()
    if (found.length === 0) {
      problems.push({ file: pattern, field: 'rule_files', message: 'matches no file', severity: 'warning' })
    }
    for (const file of found) {
      await turnForOthers()
      files.push(file)
      try {
        const read = readRuleFile(readFileSync(file, 'utf8'), file)
        groups.push(...read.groups)
        problems.push(...read.problems)
      } catch (error) {
        problems.push({ file, message: `can't be read: ${(error as Error).message}`, severity: 'error' })
      }
    }
  }
  return { groups: groups.filter(({ rules }) => rules.length > 0), problems, files }
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
