import { readYaml, type YamlNode } from '../lib/yaml.ts'
import { parseDuration } from '../model/duration.ts'
import { FieldReader, type FieldReaderOptions, type Path } from '../model/field-reader.ts'
import { METRIC_NAME } from '../model/labels.ts'
import type { Problem } from '../model/problem.ts'
import type { AlertingRule, Rule, RuleGroup } from '../model/rule.ts'
import { PromqlError, parse, typeOf } from '../promql/index.ts'
import { TemplateError } from '../template/error.ts'
import { parseTemplate } from './template.ts'
import { readNumber } from './yaml-scalar.ts'

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
export function readRuleFile(text: string, file: string, options?: FieldReaderOptions): RuleFile {
  const { root, problems } = readYaml(text, file)
  if (root === undefined) return { groups: [], problems }
  const reader = new FieldReader(root, file, options)
  const groups = readGroups(reader, root, file)
  return { groups, problems: [...problems, ...reader.problems] }
}

/**
 * Reads one rule group that stands by itself, as tools that keep rules elsewhere send it.
 *
 * @param file what the group's file is called
 */
export function readRuleGroup(root: YamlNode, file: string): { group: RuleGroup; problems: readonly Problem[] } {
  const reader = new FieldReader(root, file)
  const group = readGroup(reader, root, [], file)
  return { group, problems: reader.problems }
}

function readGroups(reader: FieldReader, root: YamlNode, file: string): RuleGroup[] {
  const fields = reader.map(root, [], ['groups'])
  const groups = reader
    .list(fields?.get('groups'), ['groups'])
    .map((node, i) => readGroup(reader, node, ['groups', i], file))
  const names = new Set<string>()
  for (const [i, group] of groups.entries()) {
    if (names.has(group.name)) {
      reader.problem(['groups', i, 'name'], `groupname: "${group.name}" is repeated in the same file`)
    }
    names.add(group.name)
  }
  return groups
}

function readGroup(reader: FieldReader, node: YamlNode, path: Path, file: string): RuleGroup {
  const fields = reader.map(node, path, GROUP_KEYS)
  const name = reader.text(fields?.get('name'), [...path, 'name']) ?? ''
  if (name === '') reader.problem(path, 'a group needs a name')
  const labels = reader.texts(fields?.get('labels'), [...path, 'labels'], labelNameProblem)
  const limit = readLimit(fields?.get('limit'))
  if (limit === undefined) reader.problem([...path, 'limit'], 'is not a whole number')
  const intervalMs = reader.duration(fields?.get('interval'), [...path, 'interval'])
  return {
    name,
    file,
    intervalMs: intervalMs === 0 ? undefined : intervalMs,
    queryOffsetMs: reader.duration(fields?.get('query_offset'), [...path, 'query_offset']) ?? 0,
    limit: limit ?? 0,
    rules: reader
      .list(fields?.get('rules'), [...path, 'rules'])
      .flatMap((each, i) => readRule(reader, each, [...path, 'rules', i], labels)),
  }
}

function readRule(
  reader: FieldReader,
  node: YamlNode,
  path: Path,
  groupLabels: Readonly<Record<string, string>>,
): Rule[] {
  const fields = reader.map(node, path, RULE_KEYS)
  if (fields === undefined) return []
  const textOf = (key: string) => reader.text(fields.get(key), [...path, key])
  const [record, alert, expr] = [textOf('record') ?? '', textOf('alert') ?? '', textOf('expr') ?? '']
  if (record !== '' && alert !== '') reader.problem(path, "only one of 'record' and 'alert' must be set")
  if (record === '' && alert === '') reader.problem(path, "one of 'record' or 'alert' must be set")
  if (expr === '') reader.problem(path, "field 'expr' must be set in rule")
  else checkExpression(reader, expr, [...path, 'expr'])
  const labels = { ...groupLabels, ...reader.texts(fields.get('labels'), [...path, 'labels'], labelNameProblem) }
  if (record !== '') {
    for (const key of ['annotations', 'for', 'keep_firing_for']) {
      if (isSet(fields.get(key))) reader.problem([...path, key], `invalid field '${key}' in recording rule`)
    }
    if (!METRIC.test(record)) reader.problem([...path, 'record'], recordNameProblem(record))
    return [{ kind: 'recording', record, expr, labels }]
  }
  const rule: AlertingRule = {
    kind: 'alerting',
    alert,
    expr,
    labels,
    forMs: reader.duration(fields.get('for'), [...path, 'for']) ?? 0,
    keepFiringForMs: reader.duration(fields.get('keep_firing_for'), [...path, 'keep_firing_for']) ?? 0,
    annotations: reader.texts(fields.get('annotations'), [...path, 'annotations'], annotationNameProblem),
  }
  for (const [kind, texts] of [
    ['labels', rule.labels],
    ['annotations', rule.annotations],
  ] as const) {
    for (const [name, text] of Object.entries(texts)) checkTemplate(reader, text, [...path, kind, name])
  }
  return [rule]
}

function checkExpression(reader: FieldReader, expr: string, path: Path): void {
  try {
    const type = typeOf(parse(expr))
    if (type !== 'vector' && type !== 'scalar') {
      reader.problem(path, `gives a ${type}; a rule needs an expression that gives an instant vector or a scalar`)
    }
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error
    reader.problem(path, `could not parse expression: ${error.message}`)
  }
}

function checkTemplate(reader: FieldReader, text: string, path: Path): void {
  try {
    parseTemplate(text)
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    reader.problem(path, `could not parse template: ${error.message}`)
  }
}

function labelNameProblem(name: string): string | undefined {
  return !LABEL.test(name) || name === METRIC_NAME ? `invalid label name: ${name}` : undefined
}

function annotationNameProblem(name: string): string | undefined {
  return LABEL.test(name) ? undefined : `invalid annotation name: ${name}`
}

/** Quoted digits are what programs send that know only texts. */
function readLimit(node: YamlNode | undefined): number | undefined {
  if (node === undefined) return 0
  const limit = node.kind === 'scalar' && node.isQuoted ? Number(node.text || Number.NaN) : readNumber(node)
  return Number.isInteger(limit) ? limit : undefined
}

/** Whether it is more than an empty map or no time at all, which Prometheus does not tell from nothing. */
function isSet(node: YamlNode | undefined): boolean {
  switch (node?.kind) {
    case undefined:
      return false
    case 'scalar':
      return !node.isNull && parseDuration(node.text) !== 0
    case 'map':
      return node.entries.size > 0
    case 'list':
      return true
  }
}

function recordNameProblem(record: string): string {
  return record.includes('{')
    ? `braces present in the recording rule name; should it be in expr?: ${record}`
    : `invalid recording rule name: ${record}`
}
