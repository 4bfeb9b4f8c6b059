import { readYaml, type YamlNode } from '../lib/yaml.ts'
import type { Problem } from '../model/problem.ts'
import type { RuleGroup } from '../model/rule.ts'
import type { WrittenRule, WrittenRuleGroup } from '../model/stored-rule-group.ts'
import { readRuleGroup } from './load.ts'

/** A group that somebody sends; with any error among the problems it must not be used. */
export interface ReadGroup {
  readonly written: WrittenRuleGroup
  readonly group: RuleGroup
  readonly problems: readonly Problem[]
}

/**
 * Reads one rule group, as YAML or JSON, with the problems that it would have in a file.
 *
 * @param namespace what stands for its file
 * @returns the group; only problems when there is none
 */
export function readWrittenGroup(
  text: string,
  namespace: string,
): ReadGroup | { readonly written: undefined; readonly problems: readonly Problem[] } {
  const { root, problems } = readYaml(text, namespace)
  if (root === undefined) {
    const none: Problem = { file: namespace, message: 'there is no rule group', severity: 'error' }
    return { written: undefined, problems: problems.length === 0 ? [none] : problems }
  }
  const read = readRuleGroup(root, namespace)
  return { written: writtenOf(root), group: read.group, problems: [...problems, ...read.problems] }
}

/** The group that a written one is, for one that has been read before. */
export function groupOf(written: WrittenRuleGroup, namespace: string): Omit<ReadGroup, 'written'> {
  const { root } = readYaml(JSON.stringify(written), namespace)
  return readRuleGroup(root as YamlNode, namespace)
}

/** The groups of a rule file that has been read without errors. */
export function writtenGroups(root: YamlNode): WrittenRuleGroup[] {
  return new Fields(root).list('groups').map(writtenOf)
}

/** What is said in it, without what is left empty, its keys in their usual order. */
function writtenOf(root: YamlNode): WrittenRuleGroup {
  const fields = new Fields(root)
  const limit = Number(fields.text('limit') ?? '0')
  return {
    name: fields.text('name') ?? '',
    ...fields.some('interval', 'query_offset'),
    ...(limit === 0 ? {} : { limit }),
    ...fields.maps('labels'),
    rules: fields.list('rules').map(ruleOf),
  }
}

function ruleOf(node: YamlNode): WrittenRule {
  const fields = new Fields(node)
  return {
    ...fields.some('record', 'alert'),
    expr: fields.text('expr') ?? '',
    ...fields.some('for', 'keep_firing_for'),
    ...fields.maps('labels', 'annotations'),
  }
}

class Fields {
  readonly #node: YamlNode

  constructor(node: YamlNode) {
    this.#node = node
  }

  text(key: string): string | undefined {
    const node = this.#get(key)
    return node?.kind === 'scalar' && !node.isNull ? node.text : undefined
  }

  list(key: string): readonly YamlNode[] {
    const node = this.#get(key)
    return node?.kind === 'list' ? node.items : []
  }

  /** Those of the keys that have a text. */
  some(...keys: readonly string[]): Record<string, string> {
    const entries = keys.map((key) => [key, this.text(key) ?? ''] as const)
    return Object.fromEntries(entries.filter(([, text]) => text !== ''))
  }

  /** Those of the keys that have names and texts. */
  maps(...keys: readonly string[]): Record<string, Record<string, string>> {
    const entries = keys.map((key) => [key, this.#map(key)] as const)
    return Object.fromEntries(entries.filter(([, map]) => Object.keys(map).length > 0))
  }

  #map(key: string): Record<string, string> {
    const node = this.#get(key)
    if (node?.kind !== 'map') return {}
    const texts: Record<string, string> = Object.create(null)
    for (const [name, { value }] of node.entries) {
      texts[name] = value.kind === 'scalar' && !value.isNull ? value.text : ''
    }
    return texts
  }

  #get(key: string): YamlNode | undefined {
    return this.#node.kind === 'map' ? this.#node.entries.get(key)?.value : undefined
  }
}
