import { listAssets, readAsset } from '../../src/lib/asset.ts'
import { formatDuration } from '../../src/model/duration.ts'
import type { AlertingRule, RecordingRule } from '../../src/model/rule.ts'
import { readRuleFile } from '../../src/rule/load.ts'
import { code, type Page, page, table } from './page.ts'

/** Every shipped alert: when it fires, how severe it is, what to do. */
export const rules: Page = {
  file: 'docs/reference/rules.md',
  text() {
    const files = listAssets('rules').map((name) => ({ name, groups: readRuleFile(readAsset(name), name).groups }))
    return page(
      'Shipped alerts',
      'These rules come with midwatch and are on. Leave some out with `shipped_rules: { disable: [CheckSlow] }`, all with `shipped_rules: false`; your own stand in `rule_files`. See [Write rules](../how-to/write-rules.md).',
      ...files.flatMap(({ name, groups }) => {
        const all = groups.flatMap((group) => group.rules)
        const alerts = all.filter((rule) => rule.kind === 'alerting')
        const recorded = all.filter((rule) => rule.kind === 'recording')
        return [
          `## ${name}`,
          ...(alerts.length === 0 ? [] : [alertTable(alerts)]),
          ...(recorded.length === 0 ? [] : [recordTable(recorded)]),
        ]
      }),
    )
  },
}

function alertTable(alerts: readonly AlertingRule[]): string {
  return table(
    ['alert', 'fires when', 'for', 'severity', 'runbook'],
    alerts.map(({ alert, expr, forMs, labels, annotations }) => [
      code(alert),
      code(oneLine(expr)),
      forMs === 0 ? '' : formatDuration(forMs),
      labels.severity ?? '',
      runbookLink(annotations.runbook_url),
    ]),
  )
}

function recordTable(records: readonly RecordingRule[]): string {
  return table(
    ['series', 'is'],
    records.map(({ record, expr }) => [code(record), code(oneLine(expr))]),
  )
}

function runbookLink(url: string | undefined): string {
  const name = /^docs\/runbooks\/([\w-]+)\.md$/.exec(url ?? '')?.[1]
  return name === undefined ? (url ?? '') : `[${name}](../runbooks/${name}.md)`
}

function oneLine(expr: string): string {
  return expr
    .replace(/^\s*#.*$/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
}
