import { locate, readYaml, type YamlNode } from '../lib/yaml.ts'
import { parseDuration } from '../model/duration.ts'
import { METRIC_NAME } from '../model/labels.ts'
import type { Problem } from '../model/problem.ts'
import type { AlertingRule, Rule, RuleGroup } from '../model/rule.ts'
import { PromqlError, parse, typeOf } from '../promql/index.ts'
import { TemplateError } from '../template/error.ts'
import { parseTemplate } from './template.ts'

const GROUP_KEYS = ['name', 'interval', 'query_offset', 'limit', 'labels', 'rules'] as const
const RULE_KEYS = ['record', 'alert', 'expr', 'for', 'keep_firing_for', 'labels', 'annotations'] as const
const METRIC = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** What a rule file holds; with any error among the problems its groups must not be used. */
export interface RuleFile {
  readonly groups: readonly RuleGroup[]
  readonly problems: readonly Problem[]
}

/** Reads a Prometheus rule file. Every scalar keeps its text: a label `0.10` stays `0.10`. */
export function readRuleFile(text: string, file: string): RuleFile {
  const { root, problems } = readYaml(text, file)
  if (root === undefined) return { groups: [], problems }
  const reader = new Reader(root, file)
  const groups = reader.file()
  return { groups, problems: [...problems, ...reader.problems] }
}

type Path = readonly (string | number)[]

class Reader {
  readonly problems: Problem[] = []
  readonly #root: YamlNode
  readonly #file: string

  constructor(root: YamlNode, file: string) {
    this.#root = root
    this.#file = file
  }

  file(): RuleGroup[] {
    const fields = this.#map(this.#root, [], ['groups'])
    const groups = this.#list(fields?.get('groups'), ['groups']).map((node, i) => this.#group(node, ['groups', i]))
    const names = new Set<string>()
    for (const [i, group] of groups.entries()) {
      if (names.has(group.name))
        this.#problem(['groups', i, 'name'], `groupname: "${group.name}" is repeated in the same file`)
      names.add(group.name)
    }
    return groups
  }

  #group(node: YamlNode, path: Path): RuleGroup {
    const fields = this.#map(node, path, GROUP_KEYS)
    const name = this.#text(fields?.get('name'), [...path, 'name']) ?? ''
    if (name === '') this.#problem(path, 'a group needs a name')
    const labels = this.#texts(fields?.get('labels'), [...path, 'labels'])
    const limit = Number(this.#text(fields?.get('limit'), [...path, 'limit']) ?? '0')
    if (!Number.isInteger(limit)) this.#problem([...path, 'limit'], 'is not a whole number')
    const intervalMs = this.#duration(fields?.get('interval'), [...path, 'interval'])
    return {
      name,
      file: this.#file,
      intervalMs: intervalMs === 0 ? undefined : intervalMs,
      queryOffsetMs: this.#duration(fields?.get('query_offset'), [...path, 'query_offset']) ?? 0,
      limit,
      rules: this.#list(fields?.get('rules'), [...path, 'rules']).flatMap((each, i) =>
        this.#rule(each, [...path, 'rules', i], labels),
      ),
    }
  }

  #rule(node: YamlNode, path: Path, groupLabels: Readonly<Record<string, string>>): Rule[] {
    const fields = this.#map(node, path, RULE_KEYS)
    if (fields === undefined) return []
    const textOf = (key: string) => this.#text(fields.get(key), [...path, key])
    const [record, alert, expr] = [textOf('record') ?? '', textOf('alert') ?? '', textOf('expr') ?? '']
    if (record !== '' && alert !== '') this.#problem(path, "only one of 'record' and 'alert' must be set")
    if (record === '' && alert === '') this.#problem(path, "one of 'record' or 'alert' must be set")
    if (expr === '') this.#problem(path, "field 'expr' must be set in rule")
    else this.#checkExpression(expr, [...path, 'expr'])
    const labels = { ...groupLabels, ...this.#texts(fields.get('labels'), [...path, 'labels']) }
    if (record !== '') {
      for (const key of ['annotations', 'for', 'keep_firing_for']) {
        if (fields.has(key)) this.#problem([...path, key], `invalid field '${key}' in recording rule`)
      }
      if (!METRIC.test(record)) this.#problem([...path, 'record'], recordNameProblem(record))
      return [{ kind: 'recording', record, expr, labels }]
    }
    const rule: AlertingRule = {
      kind: 'alerting',
      alert,
      expr,
      labels,
      forMs: this.#duration(fields.get('for'), [...path, 'for']) ?? 0,
      keepFiringForMs: this.#duration(fields.get('keep_firing_for'), [...path, 'keep_firing_for']) ?? 0,
      annotations: this.#texts(fields.get('annotations'), [...path, 'annotations']),
    }
    for (const [kind, texts] of [
      ['labels', rule.labels],
      ['annotations', rule.annotations],
    ] as const) {
      for (const [name, text] of Object.entries(texts)) this.#checkTemplate(text, [...path, kind, name])
    }
    return [rule]
  }

  #checkExpression(expr: string, path: Path): void {
    try {
      const type = typeOf(parse(expr))
      if (type !== 'vector' && type !== 'scalar') {
        this.#problem(path, `gives a ${type}; a rule needs an expression that gives an instant vector or a scalar`)
      }
    } catch (error) {
      if (!(error instanceof PromqlError)) throw error
      this.#problem(path, `could not parse expression: ${error.message}`)
    }
  }

  #checkTemplate(text: string, path: Path): void {
    try {
      parseTemplate(text)
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      this.#problem(path, `could not parse template: ${error.message}`)
    }
  }

  #map(node: YamlNode | undefined, path: Path, keys: readonly string[]): Map<string, YamlNode> | undefined {
    if (node === undefined) return undefined
    if (node.kind !== 'map') {
      this.#problem(path, `has to be a map with the keys ${keys.join(', ')}`)
      return undefined
    }
    const fields = new Map<string, YamlNode>()
    for (const entry of node.entries.values()) {
      if (keys.includes(entry.key)) fields.set(entry.key, entry.value)
      else this.#problemAt(entry, [...path, entry.key], `is not known here; the keys are ${keys.join(', ')}`)
    }
    return fields
  }

  #list(node: YamlNode | undefined, path: Path): readonly YamlNode[] {
    if (node === undefined || (node.kind === 'scalar' && node.isNull)) return []
    if (node.kind === 'list') return node.items
    this.#problem(path, 'has to be a list')
    return []
  }

  #text(node: YamlNode | undefined, path: Path): string | undefined {
    if (node === undefined) return undefined
    if (node.kind === 'scalar') return node.isNull ? '' : node.text
    this.#problem(path, `has to be a text, not a ${node.kind}`)
    return undefined
  }

  #texts(node: YamlNode | undefined, path: Path): Record<string, string> {
    const texts: Record<string, string> = Object.create(null)
    if (node === undefined || (node.kind === 'scalar' && node.isNull)) return texts
    if (node.kind !== 'map') {
      this.#problem(path, 'has to be a map of names to texts')
      return texts
    }
    for (const entry of node.entries.values()) {
      if (!LABEL.test(entry.key) || entry.key === METRIC_NAME) {
        this.#problemAt(entry, [...path, entry.key], `invalid label name: ${entry.key}`)
      }
      texts[entry.key] = this.#text(entry.value, [...path, entry.key]) ?? ''
    }
    return texts
  }

  #duration(node: YamlNode | undefined, path: Path): number | undefined {
    const text = this.#text(node, path)
    if (text === undefined || text === '') return undefined
    const ms = parseDuration(text)
    if (ms === undefined) this.#problem(path, `"${text}" is not a duration; write it like 30s, 5m or 1h30m`)
    return ms
  }

  #problem(path: Path, message: string): void {
    const { line, column } = locate(this.#root, path)
    this.#problemAt({ line, column }, path, message)
  }

  #problemAt({ line, column }: { line: number; column: number }, path: Path, message: string): void {
    const field = path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('')
    this.problems.push({ file: this.#file, line, column, field, message, severity: 'error' })
  }
}

function recordNameProblem(record: string): string {
  return record.includes('{')
    ? `braces present in the recording rule name; should it be in expr?: ${record}`
    : `invalid recording rule name: ${record}`
}
