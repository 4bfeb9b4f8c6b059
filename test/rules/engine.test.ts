import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { queryStore } from '../../src/app/query.ts'
import { parseDuration } from '../../src/model/duration.ts'
import { Labels } from '../../src/model/labels.ts'
import { evaluate, parse } from '../../src/promql/index.ts'
import { readRuleFile } from '../../src/rule/load.ts'
import { RuleEngine } from '../../src/rule/rule-engine.ts'
import { parseLabels, parseSeriesLine } from '../promql/series-line.ts'
import { MemorySeries } from './memory-series.ts'
import { caseFiles, read } from './shipped.ts'

const texts = z.record(z.string(), z.string())
const durationMs = z.string().transform((text) => {
  const ms = parseDuration(text)
  if (ms === undefined) throw new Error(`${text} is no duration`)
  return ms
})

const caseFile = z.strictObject({
  rule_files: z.array(z.string()),
  evaluation_interval: durationMs,
  tests: z.array(
    z.strictObject({
      name: z.string(),
      interval: durationMs,
      input_series: z.array(z.strictObject({ series: z.string(), values: z.string() })),
      alert_rule_test: z
        .array(
          z.strictObject({
            eval_time: durationMs,
            alertname: z.string(),
            exp_alerts: z.array(z.strictObject({ exp_labels: texts, exp_annotations: texts })),
          }),
        )
        .default([]),
      promql_expr_test: z
        .array(
          z.strictObject({
            expr: z.string(),
            eval_time: durationMs,
            exp_samples: z.array(z.strictObject({ labels: z.string(), value: z.number() })),
          }),
        )
        .default([]),
    }),
  ),
})

const all = caseFiles.flatMap((file) => {
  const { rule_files, evaluation_interval, tests } = caseFile.parse(parseYaml(read(file)))
  return tests.map((one) => ({
    ...one,
    stepMs: evaluation_interval,
    ruleFiles: rule_files.map((path) => join(dirname(file), path)),
  }))
})

// The same cases as beside promtool, with midwatch's own rules and expressions: its windows are those of Prometheus 3.
test.each(all)('$name', async ({ interval, stepMs, ruleFiles, input_series, alert_rule_test, promql_expr_test }) => {
  const series = new MemorySeries()
  for (const { series: labels, values } of input_series) {
    const line = parseSeriesLine(`${labels} ${values}`)
    const ref = series.ref(line.labels)
    for (const [i, value] of line.values.entries()) {
      if (value.kind === 'value') series.add(ref, i * interval, value.number, false)
    }
  }
  const errors: unknown[] = []
  const engine = new RuleEngine(
    {
      query: (expression, atMs) => queryStore(series, expression, atMs),
      sink: series,
      onResult: () => undefined,
      onError: (error) => errors.push(error),
      externalUrl: '',
    },
    // As promtool does it: every group at every step.
    ruleFiles.flatMap((file) =>
      readRuleFile(read(file), file).groups.map((group) => ({ ...group, intervalMs: stepMs })),
    ),
  )

  const endMs = Math.max(...[...alert_rule_test, ...promql_expr_test].map(({ eval_time }) => eval_time))
  for (let atMs = 0; atMs <= endMs; atMs += stepMs) {
    await engine.tick(atMs)
    for (const { eval_time, alertname, exp_alerts } of alert_rule_test) {
      if (eval_time < atMs || eval_time >= atMs + stepMs) continue
      const firing = [...engine.alerts()]
        .filter(({ rule, alert }) => rule.alert === alertname && alert.state === 'firing')
        .map(({ alert: { labels, annotations } }) => ({ labels: labels.key, annotations: { ...annotations } }))
      const expected = exp_alerts.map(({ exp_labels, exp_annotations }) => ({
        labels: Labels.of({ ...exp_labels, alertname }).key,
        annotations: exp_annotations,
      }))
      expect(sorted(firing), `${alertname} at ${eval_time / 60_000} min`).toEqual(sorted(expected))
    }
  }
  expect(errors).toEqual([])

  for (const { expr, eval_time, exp_samples } of promql_expr_test) {
    const { value } = await evaluate({ expr: parse(expr), atMs: eval_time }, series)
    if (value.type !== 'vector') throw new Error(`${expr} is a ${value.type}`)
    expect(
      value.samples.map((sample) => ({ labels: sample.labels.key, value: sample.value })),
      expr,
    ).toEqual(exp_samples.map(({ labels, value: number }) => ({ labels: parseLabels(labels).key, value: number })))
  }
})

function sorted<Item extends { readonly labels: string }>(items: readonly Item[]): Item[] {
  return [...items].sort((a, b) => (a.labels < b.labels ? -1 : 1))
}
