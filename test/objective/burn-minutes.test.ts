import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { compileSlos } from '../../src/objective/compile-all.ts'
import { readSpecs } from '../../src/objective/spec/read.ts'
import { runUnitTestFile } from '../../src/rule/unit-test/run.ts'
import { ruleFileText } from '../../src/wire/rule-file.ts'
import { tempFolder } from '../e2e/midwatch.ts'
import { runPeer, testWithPeer } from '../support/peers.ts'

/** The minute in which errors begin: there are as many windows' worth of good events before it as pages look at. */
const ONSET = 420

type Program = 'midwatch' | 'promtool'
type Policy = 'workbook' | 'fast-slow'

interface Burn {
  readonly errorRatio: number
  readonly minutes: number
  /** After how many minutes the page fires. */
  readonly after: Readonly<Record<Policy, Readonly<Record<Program, number>>>>
  /** For how many it does, where that was looked at. */
  readonly lasts?: Readonly<Record<Policy, Readonly<Record<Program, number>>>>
}

/** Windows of promtool 2 take the sample at their beginning in, and those of Prometheus 3 do not: some minutes are one off. */
const both = (minutes: number) => ({ midwatch: minutes, promtool: minutes })
const oneOff = (midwatch: number) => ({ midwatch, promtool: midwatch + 1 })

/** An objective of 99.9 %; a page that never fires under one policy would be a page too few. */
const BURNS: readonly Burn[] = [
  {
    errorRatio: 1,
    minutes: 1,
    after: { workbook: both(1), 'fast-slow': both(1) },
    lasts: { workbook: oneOff(4), 'fast-slow': oneOff(4) },
  },
  {
    errorRatio: 0.2,
    minutes: 10,
    after: { workbook: both(5), 'fast-slow': both(2) },
    lasts: { workbook: oneOff(9), 'fast-slow': oneOff(12) },
  },
  {
    errorRatio: 0.05,
    minutes: 30,
    after: { workbook: oneOff(17), 'fast-slow': both(8) },
    lasts: { workbook: both(16), 'fast-slow': oneOff(25) },
  },
  { errorRatio: 0.0173, minutes: 120, after: { workbook: both(50), 'fast-slow': both(21) } },
  { errorRatio: 0.01, minutes: 300, after: { workbook: both(216), 'fast-slow': both(216) } },
  { errorRatio: 0.007, minutes: 400, after: { workbook: oneOff(308), 'fast-slow': oneOff(308) } },
]

const POLICIES: readonly Policy[] = ['workbook', 'fast-slow']

function spec(policy: string): string {
  return `version: prometheus/v1
service: shop
slos:
  - name: requests
    objective: 99.9
    policy: ${policy}
    sli:
      events:
        error_query: sum(rate(errors_total[{{.window}}]))
        total_query: sum(rate(requests_total[{{.window}}]))
    alerting:
      name: ShopBurns
      annotations: { title: t, summary: s, description: d }
      ticket_alert: { disable: true }
`
}

/** A unit test of the rules in promtool's format, with what the table says. */
function unitTests(policy: Policy, program: Program, isExact: boolean): string {
  const page = {
    exp_labels: {
      sloth_id: 'shop-requests',
      sloth_service: 'shop',
      sloth_slo: 'requests',
      sloth_severity: 'page',
      ...(isExact ? {} : { severity: 'critical' }),
    },
    exp_annotations: { title: 't', summary: 's', description: 'd' },
  }
  const tests = BURNS.map(({ errorRatio, minutes, after, lasts }) => {
    const at = (minute: number, isFiring: boolean) => ({
      eval_time: `${ONSET + minute}m`,
      alertname: 'ShopBurns',
      exp_alerts: isFiring ? [page] : [],
    })
    const first = after[policy][program]
    const length = lasts?.[policy][program]
    const moments = [at(first - 1, false), at(first, true)]
    if (length !== undefined) moments.push(at(first + length - 1, true), at(first + length, false))
    const each = errorRatio * 10_000
    return {
      name: `${errorRatio} for ${minutes} min`,
      interval: '1m',
      // Counters that begin at 0 would be taken to have begun just then.
      input_series: [
        { series: 'requests_total', values: `1000000+10000x${ONSET + 500}` },
        {
          series: 'errors_total',
          values: `1000000x${ONSET} ${1_000_000 + each}+${each}x${minutes - 1} ${1_000_000 + each * minutes}x60`,
        },
      ],
      alert_rule_test: moments,
    }
  })
  const groups = ['sli-recordings', 'meta-recordings', 'alerts'].map((kind) => `sloth-slo-${kind}-shop-requests`)
  return JSON.stringify({ rule_files: ['rules.yml'], evaluation_interval: '1m', group_eval_order: groups, tests })
}

function write(folder: string, policy: Policy, program: Program, isExact: boolean): string {
  const { slos } = readSpecs([{ file: 'slo.yml', text: spec(policy) }])
  const { compiled } = compileSlos(slos, { version: '1', isSlothExact: isExact })
  writeFileSync(join(folder, 'rules.yml'), ruleFileText(compiled.flatMap(({ groups }) => groups)))
  const file = join(folder, 'test.yml')
  writeFileSync(file, unitTests(policy, program, isExact))
  return file
}

describe.each(POLICIES)('the page of the policy %s fires in the minutes that are known for it', (policy) => {
  test.each([
    ['with what midwatch adds', false],
    ['exactly as Sloth has it', true],
  ])(
    'in midwatch, %s',
    async (_, isExact) => {
      using folder = tempFolder()
      const report = await runUnitTestFile(write(folder.path, policy, 'midwatch', isExact))
      expect(report.problems).toEqual([])
      expect(report.tests.map(({ name, failures }) => ({ name, failures }))).toEqual(
        BURNS.map(({ errorRatio, minutes }) => ({ name: `${errorRatio} for ${minutes} min`, failures: [] })),
      )
    },
    300_000,
  )

  testWithPeer(
    'promtool',
    'in promtool, with what midwatch adds',
    async (promtool) => {
      using folder = tempFolder()
      const file = write(folder.path, policy, 'promtool', false)
      const { code, stdout, stderr } = await runPeer(promtool, ['test', 'rules', file], { timeoutMs: 280_000 })
      expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: expect.stringContaining('SUCCESS') })
    },
    300_000,
  )
})
