import { formatDuration } from '../model/duration.ts'
import type { Rule, RuleGroup } from '../model/rule.ts'

/**
 * Groups as one Prometheus rule file. Written by hand rather than by a YAML library: the shape is always this one, and a
 * thousand SLOs are 17,000 rules.
 */
export function ruleFileText(groups: readonly RuleGroup[], comments: readonly string[] = []): string {
  if (groups.length === 0) return `${commentText(comments)}groups: []\n`
  return `${ruleFileHead(comments)}${groups.map(groupText).join('')}`
}

/** What a file begins with; the texts of its groups follow, of which there has to be one. */
export function ruleFileHead(comments: readonly string[]): string {
  return `${commentText(comments)}groups:\n`
}

function commentText(comments: readonly string[]): string {
  return comments.map((line) => `# ${line}\n`).join('')
}

/** A group as it stands in a rule file. */
export function groupText({ name, intervalMs, queryOffsetMs, limit, rules }: RuleGroup): string {
  const lines = [`- name: ${scalar(name)}\n`]
  if (intervalMs !== undefined) lines.push(`  interval: ${formatDuration(intervalMs)}\n`)
  if (queryOffsetMs !== 0) lines.push(`  query_offset: ${formatDuration(queryOffsetMs)}\n`)
  if (limit !== 0) lines.push(`  limit: ${limit}\n`)
  lines.push('  rules:\n')
  for (const rule of rules) lines.push(ruleText(rule))
  return lines.join('')
}

function ruleText(rule: Rule): string {
  const name = rule.kind === 'recording' ? `record: ${scalar(rule.record)}` : `alert: ${scalar(rule.alert)}`
  const text = `  - ${name}\n    expr: ${block(rule.expr)}\n`
  if (rule.kind === 'recording') return text + texts('labels', rule.labels)
  const wait = rule.forMs === 0 ? '' : `    for: ${formatDuration(rule.forMs)}\n`
  const keep = rule.keepFiringForMs === 0 ? '' : `    keep_firing_for: ${formatDuration(rule.keepFiringForMs)}\n`
  return text + wait + keep + texts('labels', rule.labels) + texts('annotations', rule.annotations)
}

function texts(key: string, record: Readonly<Record<string, string>>): string {
  const names = Object.keys(record).sort()
  if (names.length === 0) return ''
  return `    ${key}:\n${names.map((name) => `      ${scalar(name)}: ${block(record[name] as string, '        ')}\n`).join('')}`
}

/** What is text in every version of YAML without quotes. */
const PLAIN = /^[A-Za-z_][A-Za-z0-9_./-]*(?::[A-Za-z0-9_./-]+)*$/
const OTHER_THAN_TEXT = /^(?:y|n|yes|no|on|off|true|false|null)$/i
/** What a block can't hold as it is: control characters, and spaces that a reader would take for an indent. */
const NO_BLOCK = /[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd]|^[\s]/

function scalar(text: string): string {
  if (PLAIN.test(text) && !OTHER_THAN_TEXT.test(text)) return text
  // YAML takes JSON's quotes, and fewer characters between them.
  return JSON.stringify(text).replace(/[\x7f-\x9f\u2028\u2029\ufeff]/g, (sign) => {
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function block(text: string, indent = '      '): string {
  if (!text.includes('\n') || NO_BLOCK.test(text)) return scalar(text)
  const chomp = text.endsWith('\n\n') ? '+' : text.endsWith('\n') ? '' : '-'
  const body = text.endsWith('\n') ? text.slice(0, -1) : text
  return `|${chomp}\n${body.replace(/^(?=.)/gm, indent)}`
}
