import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { z } from 'zod'

/** The root of the project, with a slash at its end. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

const rule = z.strictObject({
  alert: z.string().optional(),
  record: z.string().optional(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
})

const ruleFile = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), interval: z.string().optional(), rules: z.array(rule) })),
})

const caseFile = z.object({
  rule_files: z.array(z.string()),
  tests: z.array(
    z.object({
      name: z.string(),
      interval: z.string(),
      alert_rule_test: z
        .array(
          z.object({
            alertname: z.string(),
            exp_alerts: z.array(
              z.object({
                exp_labels: z.record(z.string(), z.string()),
                exp_annotations: z.record(z.string(), z.string()),
              }),
            ),
          }),
        )
        .default([]),
    }),
  ),
})

/** An alerting rule as it stands in one of the shipped files. */
export interface ShippedAlert {
  readonly file: string
  readonly name: string
  readonly severity: string
  readonly holdsFor: string
  readonly expr: string
  readonly annotations: Readonly<Record<string, string>>
}

/** Paths of the shipped rule files, from the root. */
export const ruleFiles = namesIn('rules', '.yml')

/** Paths of the unit tests of the shipped rules, from the root. */
export const caseFiles = namesIn('rule-tests', '.test.yml')

/** Paths of the runbooks, from the root, without their table of contents. */
export const runbooks = namesIn('docs/runbooks', '.md').filter((path) => !path.endsWith('/README.md'))

/** Every group of every shipped file. */
export const groups = ruleFiles.flatMap((file) => ruleFile.parse(parse(read(file))).groups)

/** Every alerting rule of every shipped file; the same name stands twice where the severity depends on the check. */
export const alerts: readonly ShippedAlert[] = ruleFiles.flatMap((file) =>
  ruleFile.parse(parse(read(file))).groups.flatMap((group) =>
    group.rules.flatMap((one) =>
      one.alert === undefined
        ? []
        : {
            file,
            name: one.alert,
            severity: one.labels.severity ?? '',
            holdsFor: one.for ?? '0s',
            expr: one.expr,
            annotations: one.annotations,
          },
    ),
  ),
)

/** What the unit tests expect: for one alert name, the alerts that fire at one time. */
export const cases = caseFiles
  .flatMap((file) => caseFile.parse(parse(read(file))).tests)
  .flatMap((one) => one.alert_rule_test)

/** A file's text, by its path from the root. */
export function read(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8')
}

/** The PromQL expressions that a runbook asks midwatch for. */
export function queriesOf(runbook: string): string[] {
  return [...read(runbook).matchAll(/--data-urlencode 'query=([^']+)'/g)].map((match) => match[1] as string)
}

function namesIn(folder: string, ending: string): string[] {
  return readdirSync(`${root}${folder}`)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => `${folder}/${name}`)
}
