import { createHash } from 'node:crypto'
import type { Labels } from '../../model/labels.ts'
import { createMatcher } from '../../model/matcher.ts'
import { compileAnchoredRegex } from '../../model/regex.ts'
import { expandTemplate, hasReference } from './regex-template.ts'

export const RELABEL_ACTIONS = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const

export type RelabelAction = (typeof RELABEL_ACTIONS)[number]

/** One entry of `relabel_configs`, as Prometheus means it, with its defaults filled in. */
export interface RelabelRule {
  readonly action: RelabelAction
  readonly sourceLabels: readonly string[]
  readonly separator: string
  /** As written, before it is anchored. */
  readonly regex: string
  readonly modulus: bigint
  readonly targetLabel: string
  readonly replacement: string
}

export const RELABEL_DEFAULTS: RelabelRule = {
  action: 'replace',
  sourceLabels: [],
  separator: ';',
  regex: '(.*)',
  modulus: 0n,
  targetLabel: '',
  replacement: '$1',
}

/** Changes labels, or drops them all: undefined. */
export type Relabel = (labels: Labels) => Labels | undefined

/**
 * Compiles rules into one function that applies them in order.
 *
 * @throws RegexError when RE2 refuses a pattern
 */
export function compileRelabel(rules: readonly RelabelRule[]): Relabel {
  const steps = rules.map(compileStep)
  return (labels) => {
    let current: Labels | undefined = labels
    for (const step of steps) {
      current = step(current)
      if (current === undefined) return undefined
    }
    return current
  }
}

function compileStep(rule: RelabelRule): Relabel {
  const { sourceLabels, separator, targetLabel } = rule
  const source = (labels: Labels) =>
    sourceLabels.length === 1
      ? labels.get(sourceLabels[0] as string)
      : sourceLabels.map((name) => labels.get(name)).join(separator)
  switch (rule.action) {
    case 'replace':
      return replaceStep(rule, source)
    case 'keep': {
      const matches = tester(rule.regex)
      return (labels) => (matches(source(labels)) ? labels : undefined)
    }
    case 'drop': {
      const matches = tester(rule.regex)
      return (labels) => (matches(source(labels)) ? undefined : labels)
    }
    case 'keepequal':
      return (labels) => (labels.get(targetLabel) === source(labels) ? labels : undefined)
    case 'dropequal':
      return (labels) => (labels.get(targetLabel) === source(labels) ? undefined : labels)
    case 'hashmod':
      return (labels) => labels.with(targetLabel, hashModulo(source(labels), rule.modulus))
    case 'lowercase':
      return (labels) => labels.with(targetLabel, source(labels).toLowerCase())
    case 'uppercase':
      return (labels) => labels.with(targetLabel, source(labels).toUpperCase())
    case 'labelmap':
      return labelMapStep(rule)
    case 'labeldrop': {
      const matches = tester(rule.regex)
      return (labels) => filterNames(labels, (name) => !matches(name))
    }
    case 'labelkeep': {
      const matches = tester(rule.regex)
      return (labels) => filterNames(labels, matches)
    }
  }
}

function replaceStep({ regex: pattern, targetLabel, replacement }: RelabelRule, source: (labels: Labels) => string) {
  const matchesAll = pattern === RELABEL_DEFAULTS.regex
  const regex = compileAnchoredRegex(pattern)
  const targetIsFixed = !hasReference(targetLabel)
  return (labels: Labels): Labels => {
    const value = source(labels)
    const groups = matchesAll ? [value, value] : regex.exec(value)
    if (groups === undefined) return labels
    const target = targetIsFixed ? targetLabel : expandTemplate(targetLabel, groups, regex)
    if (target === '') return labels
    const result = replacement === '$1' && matchesAll ? value : expandTemplate(replacement, groups, regex)
    return labels.with(target, result)
  }
}

function labelMapStep({ regex: pattern, replacement }: RelabelRule): Relabel {
  const regex = compileAnchoredRegex(pattern)
  return (labels) => {
    let result = labels
    for (const [name, value] of labels) {
      const groups = regex.exec(name)
      const target = groups === undefined ? '' : expandTemplate(replacement, groups, regex)
      if (target !== '') result = result.with(target, value)
    }
    return result
  }
}

function filterNames(labels: Labels, keeps: (name: string) => boolean): Labels {
  return labels.keep(new Set([...labels].map(([name]) => name).filter(keeps)))
}

function tester(pattern: string): (text: string) => boolean {
  const matcher = createMatcher('', '=~', pattern)
  return (text) => matcher.matches(text)
}

/** As Prometheus: the last 8 bytes of the MD5, big endian. */
function hashModulo(text: string, modulus: bigint): string {
  const hash = createHash('md5').update(text, 'utf8').digest()
  return (hash.readBigUInt64BE(8) % modulus).toString()
}
