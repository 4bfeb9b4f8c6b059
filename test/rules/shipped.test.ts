import { describe, expect, test } from 'vitest'
import { readRuleFile } from '../../src/rule/load.ts'
import { alerts, cases, groups, queriesOf, read, ruleFiles, runbooks } from './shipped.ts'

/** What was wished for, the alert that answers, how long it has to hold, and the limit in its expression. */
const wishes: readonly [wish: string, alert: string, holdsFor: string, limit: string][] = [
  ['unhealthy or unreachable for 2 min', 'CheckDown', '2m', 'probe_success{critical="true"'],
  ['a scraped part unreachable for 2 min', 'TargetDown', '2m', 'up == 0'],
  ['database down for 1 min', 'DatabaseDown', '1m', 'category="database"'],
  ['more than 5 LLM errors in 10 min', 'LlmErrors', '0s', '[10m])) > 5.9'],
  ['daily spend over 5 $', 'LlmDailySpendHigh', '0s', '[1d])) > 5'],
  ['no worker for 5 min', 'NoWorker', '5m', '(worker_active) == 0'],
  ['over 50 queued for 10 min', 'QueueBacklog', '10m', '(queue_tasks_queued) > 50'],
  ['ERP down for 5 min', 'IntegrationDown', '5m', 'category="integration"'],
  ['failure rate over 10 % in an hour', 'AutomationFailureRateHigh', '0s', '> 0.10'],
  ['mean processing time over 60 s', 'WebhookProcessingSlow', '5m', '> 60'],
  ['approvals older than 48 h', 'ApprovalsWaiting', '10m', 'approval_oldest_age_seconds > 48 * 3600'],
  ['a standard deviation over the mean of 7 days: time', 'LlmSlowerThanUsual', '30m', ':threshold7d'],
  ['a standard deviation over the mean of 7 days: tokens', 'LlmTokenUseHigh', '30m', ':threshold7d'],
  ['p95 over 30 s', 'LlmLatencyHigh', '5m', 'histogram_quantile(0.95'],
  ['CPU over 80 %', 'HostCpuHigh', '10m', '> 0.80'],
  ['memory over 85 %', 'HostMemoryHigh', '10m', '> 0.85'],
  ['disk over 90 %', 'HostDiskFull', '5m', '> 0.90'],
  ['failed signatures', 'WebhookSignatureFailures', '0s', 'webhook_signature_failures_total'],
  ['token use', 'LlmTokenUseHigh', '30m', 'llm:tokens:increase1d'],
  ['a certificate that expires soon', 'CertificateExpiresSoon', '1h', '< 14 * 86400'],
  ['a heartbeat that is late', 'HeartbeatLate', '0s', 'probe="heartbeat"'],
  ['a check that answers slowly', 'CheckSlow', '15m', 'probe_duration_seconds'],
]

const sections = ['What it means', 'Symptom', 'Likely causes', 'How to confirm', 'Fix', 'When to ignore']

describe('the shipped rules', () => {
  test.each(wishes)('answer the wish for %s with %s', (_wish, name, holdsFor, limit) => {
    const rules = alerts.filter((alert) => alert.name === name)
    expect(rules.map((alert) => [alert.holdsFor, alert.expr])).toContainEqual([
      holdsFor,
      expect.stringContaining(limit),
    ])
  })

  test.each(ruleFiles)('of %s are read without a problem', (file) => {
    const { groups: loaded, problems } = readRuleFile(read(file), file)
    expect(problems).toEqual([])
    expect(loaded.map((group) => group.name)).toEqual(expect.arrayContaining([expect.any(String)]))
  })

  test('learn the threshold from seven days, and only where there is enough to learn from', () => {
    const learned = groups.flatMap((group) => group.rules).filter((rule) => rule.record?.endsWith(':threshold7d'))
    expect(learned).toHaveLength(2)
    for (const { expr } of learned) {
      expect(expr).toMatch(
        /avg_over_time\((\S+)\[7d\]\) \+ stddev_over_time\(\1\[7d\]\)\nand\ncount_over_time\(\1\[7d\]\) >= \d+/,
      )
    }
  })

  test('give every alert one of four severities, a summary, a description and a runbook', () => {
    for (const alert of alerts) {
      expect(alert.severity, alert.name).toMatch(/^(critical|high|medium|low)$/)
      expect(Object.keys(alert.annotations), alert.name).toEqual(['summary', 'description', 'runbook_url'])
      expect(alert.name).toMatch(/^([A-Z][a-z0-9]+)+$/)
    }
  })

  test('say the threshold or what was expected in every description', () => {
    for (const alert of alerts) {
      expect(alert.annotations.description, alert.name).toMatch(/\$value/)
      expect(alert.annotations.description, alert.name).toMatch(/threshold|expected/)
    }
  })

  test('link runbooks that exist, and leave none without an alert', () => {
    const linked = new Set(alerts.map((alert) => alert.annotations.runbook_url))
    expect([...linked].sort()).toEqual([...runbooks])
  })

  test('name no group twice, also across files', () => {
    const names = groups.map((group) => group.name)
    expect(new Set(names).size).toBe(names.length)
  })

  test('raise critical only for what the operator called critical, wherever the check decides', () => {
    for (const alert of alerts.filter((one) => one.expr.includes('critical='))) expect(alert.severity).toBe('critical')
    for (const alert of alerts.filter((one) => one.expr.includes('critical!=')))
      expect(alert.severity).not.toBe('critical')
  })
})

describe('the unit tests of the shipped rules', () => {
  test.each(alerts.map((alert) => [alert.name, alert.severity]))(
    'have %s (%s) fire and stay quiet',
    (name, severity) => {
      const mine = cases.filter((one) => one.alertname === name)
      const fires = mine.map((one) => one.exp_alerts.some((alert) => alert.exp_labels.severity === severity))
      expect(fires).toContain(true)
      expect(fires).toContain(false)
    },
  )

  test('name only alerts that exist', () => {
    const names = new Set(alerts.map((alert) => alert.name))
    for (const one of cases) expect(names).toContain(one.alertname)
  })

  test('expect no text that a template failed to write', () => {
    for (const text of cases.flatMap((one) =>
      one.exp_alerts.flatMap((alert) => Object.values(alert.exp_annotations)),
    )) {
      expect(text).not.toMatch(/<error|<no value>|%!|\{\{/)
    }
  })
})

describe('the runbooks', () => {
  test.each(runbooks)('%s leads from the symptom to the fix', (runbook) => {
    const headings = [...read(runbook).matchAll(/^## (.+)$/gm)].map((match) => match[1])
    expect(headings).toEqual(sections)
    for (const part of read(runbook)
      .split(/^## .+$/m)
      .slice(1))
      expect(part.trim()).not.toBe('')
  })

  test.each(runbooks)('%s names its alerts with their severities', (runbook) => {
    const mine = alerts.filter((alert) => alert.annotations.runbook_url === runbook)
    const table = read(runbook).split('## ')[0] ?? ''
    for (const alert of mine) {
      const rows = table.split('\n').filter((line) => line.startsWith(`| \`${alert.name}\` |`))
      expect(rows.join('\n'), alert.name).toContain(alert.severity)
    }
    const named = [...table.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1])
    expect(new Set(named)).toEqual(new Set(mine.map((alert) => alert.name)))
  })

  test.each(runbooks)('%s confirms with commands against midwatch', (runbook) => {
    const confirm = read(runbook).split('## How to confirm')[1]?.split('\n## ')[0] ?? ''
    expect(confirm).toContain('http://127.0.0.1:8420/')
    expect(queriesOf(runbook)).not.toEqual([])
  })

  test('link only pages that exist', () => {
    for (const page of [...runbooks, 'docs/runbooks/README.md']) {
      for (const [, target] of read(page).matchAll(/\]\(([^)]+)\)/g))
        expect(runbooks).toContain(`docs/runbooks/${target}`)
    }
  })

  test('are all listed in their table of contents, beside every alert of theirs', () => {
    const contents = read('docs/runbooks/README.md')
    for (const runbook of runbooks) {
      const row = contents.split('\n').find((line) => line.includes(`(${runbook.replace('docs/runbooks/', '')})`)) ?? ''
      for (const alert of alerts.filter((one) => one.annotations.runbook_url === runbook)) {
        expect(row, runbook).toContain(`\`${alert.name}\``)
      }
    }
    for (const file of ruleFiles) expect(contents).toContain(file)
  })
})
