import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EXAMPLE_KPIS } from '../../scripts/dashboards/files.ts'
import { root } from '../rules/shipped.ts'
import { midwatch } from '../support/cli.ts'
import { describePeers, runPeer } from '../support/peers.ts'
import { tempFolder } from '../support/test-store.ts'

/** Attention rises over the warning and then over the critical limit, stays, and falls. */
const CASES = `
rule_files: [kpis-rules.yml]
evaluation_interval: 1m
tests:
  - name: a warning waits while the critical alert of its side fires, for each team by itself
    interval: 1m
    input_series:
      - { series: 'shop_cognitive_load_percent{job="push", team="support"}', values: '80x19 95x19 80x40' }
      - { series: 'shop_cognitive_load_percent{job="push", team="warehouse"}', values: '80x80' }
    promql_expr_test:
      - expr: kpi:cognitive_load:max
        eval_time: 25m
        exp_samples:
          - { labels: 'kpi:cognitive_load:max{kpi="cognitive_load", owner="operations", team="support", unit="percent"}', value: 95 }
          - { labels: 'kpi:cognitive_load:max{kpi="cognitive_load", owner="operations", team="warehouse", unit="percent"}', value: 80 }
      - expr: avg_over_time(kpi:cognitive_load:bad{team="support"}[10m])
        eval_time: 35m
        exp_samples: [{ labels: '{kpi="cognitive_load", owner="operations", team="support", unit="percent"}', value: 1 }]
    alert_rule_test:
      - { eval_time: 10m, alertname: KpiCognitiveLoadHigh, exp_alerts: [] }
      - eval_time: 16m
        alertname: KpiCognitiveLoadHigh
        exp_alerts:
          - exp_labels: &warned { kpi: cognitive_load, owner: operations, unit: percent, team: support, severity: medium }
            exp_annotations: &calm
              summary: Cognitive load of support is too high
              description: "Cognitive load is 80 % (max; threshold over 75 %, for 15m). Share of an operator's attention that alerts and approvals take."
              runbook_url: https://wiki.example.org/cognitive-load
          - exp_labels: &others { kpi: cognitive_load, owner: operations, unit: percent, team: warehouse, severity: medium }
            exp_annotations: &otherwise
              summary: Cognitive load of warehouse is too high
              description: "Cognitive load is 80 % (max; threshold over 75 %, for 15m). Share of an operator's attention that alerts and approvals take."
              runbook_url: https://wiki.example.org/cognitive-load
      - eval_time: 30m
        alertname: KpiCognitiveLoadHigh
        exp_alerts:
          - exp_labels: { kpi: cognitive_load, owner: operations, unit: percent, team: support, severity: critical }
            exp_annotations:
              summary: Cognitive load of support is too high
              description: "Cognitive load is 95 % (max; threshold over 90 %, for 5m). Share of an operator's attention that alerts and approvals take."
              runbook_url: https://wiki.example.org/cognitive-load
          - { exp_labels: *others, exp_annotations: *otherwise }
      - eval_time: 60m
        alertname: KpiCognitiveLoadHigh
        exp_alerts:
          - { exp_labels: *warned, exp_annotations: *calm }
          - { exp_labels: *others, exp_annotations: *otherwise }
  - name: a figure may be too low
    interval: 1m
    input_series:
      - { series: 'shop_stock_level_ratio{job="push"}', values: '0.75x20' }
    alert_rule_test:
      - eval_time: 10m
        alertname: KpiStockLevelLow
        exp_alerts:
          - exp_labels: { kpi: stock_level, owner: warehouse, unit: ratio, severity: critical }
            exp_annotations:
              summary: Stock level is too low
              description: Stock level is 75% (mean; threshold under 80 %). Share of the articles that are in stock. It depends on orders.
  - name: times are those of the histogram
    interval: 1m
    input_series:
      - { series: 'shop_checkout_seconds_bucket{country="de", le="5"}', values: '0+5x30' }
      - { series: 'shop_checkout_seconds_bucket{country="de", le="10"}', values: '0+10x30' }
      - { series: 'shop_checkout_seconds_bucket{country="de", le="+Inf"}', values: '0+10x30' }
      - { series: 'shop_checkout_seconds_sum{country="de"}', values: '0+50x30' }
      - { series: 'shop_checkout_seconds_count{country="de"}', values: '0+10x30' }
    promql_expr_test:
      - expr: kpi:checkout_time:p95
        eval_time: 20m
        exp_samples: [{ labels: 'kpi:checkout_time:p95{kpi="checkout_time", owner="sales", unit="seconds"}', value: 9.5 }]
      - expr: round(kpi:checkout_time:mean, 0.001)
        eval_time: 20m
        exp_samples: [{ labels: '{kpi="checkout_time", owner="sales", unit="seconds"}', value: 5 }]
`

async function written(folder: string): Promise<string> {
  const { out, err, code } = await midwatch(['kpi', 'rules', `${root}${EXAMPLE_KPIS}`])
  expect({ err, code }).toEqual({ err: '', code: 0 })
  await writeFile(join(folder, 'kpis-rules.yml'), out)
  await writeFile(join(folder, 'cases.yml'), CASES)
  return join(folder, 'cases.yml')
}

test('the rules of the example pass their unit tests here', async () => {
  await using folder = await tempFolder()
  const { err, out, code } = await midwatch(['test', 'rules', await written(folder.path)])
  expect({ err, code, out }).toEqual({ err: '', code: 0, out: expect.stringContaining('3 tests, all fine') })
})

describePeers(['promtool'], ({ promtool }) => {
  test('promtool has nothing to say about the rules of the example, and they pass its unit tests', async () => {
    await using folder = await tempFolder()
    const cases = await written(folder.path)
    const check = await runPeer(promtool, ['check', 'rules', join(folder.path, 'kpis-rules.yml')])
    expect(check).toMatchObject({ code: 0, stderr: '' })
    const run = await runPeer(promtool, ['test', 'rules', cases])
    expect(`${run.stdout}${run.stderr}`).toContain('SUCCESS')
    expect(run.code).toBe(0)
  })
})
