import type { RuleGroup } from '../../model/rule.ts'
import { PromqlError, parse } from '../../promql/index.ts'
import { queryStore } from '../query.ts'
import { RuleEngine } from '../rule-engine.ts'
import { areSameAlerts, areSameSamples, sortAlerts, sortSamples } from './compare.ts'
import { InputFeed } from './input-feed.ts'
import { MemorySeries } from './memory-series.ts'
import type { TestFailure } from './report.ts'
import type { ExpressionExpectation, FiringAlert, UnitTest, UnitTestFile } from './unit-test.ts'

type FileSettings = Pick<UnitTestFile, 'evaluationIntervalMs' | 'fuzzyCompare'>

/**
 * Runs one unit test: every group is evaluated at every evaluation interval, in this order, with the samples up to then.
 *
 * @returns what is not as expected
 */
export async function runUnitTest(
  test: UnitTest,
  groups: readonly RuleGroup[],
  settings: FileSettings,
): Promise<TestFailure[]> {
  const run = new TestRun(test, groups, settings)
  const failures = await run.evaluate()
  if (failures.some(({ kind }) => kind === 'rule')) return failures
  for (const expectation of test.expressions) {
    const failure = await run.check(expectation)
    if (failure !== undefined) failures.push(failure)
  }
  return failures
}

class TestRun {
  readonly #test: UnitTest
  readonly #stepMs: number
  readonly #isFuzzy: boolean
  readonly #store = new MemorySeries()
  readonly #feed: InputFeed
  /** One a group, since an engine has its groups side by side, and here they come one after the other. */
  readonly #engines: readonly RuleEngine[]

  constructor(test: UnitTest, groups: readonly RuleGroup[], { evaluationIntervalMs, fuzzyCompare }: FileSettings) {
    this.#test = test
    this.#stepMs = evaluationIntervalMs
    this.#isFuzzy = fuzzyCompare
    this.#feed = new InputFeed(test, this.#store)
    this.#engines = groups.map((group) => this.#engineOf(group))
  }

  #engineOf(group: RuleGroup): RuleEngine {
    const { externalLabels, externalUrl } = this.#test
    return new RuleEngine(
      {
        query: (expression, atMs, shared) =>
          queryStore(this.#store, expression, atMs, { shared, defaultSubqueryStepMs: this.#stepMs }),
        sink: this.#store,
        // What becomes of alerts is asked for; nobody is told, and errors stay with their rules.
        onResult() {},
        onError() {},
        externalUrl,
        externalLabels,
      },
      // The group's own interval does not count.
      [{ ...group, intervalMs: undefined }],
    )
  }

  /** All evaluations; after one in which a rule fails there are no more. */
  async evaluate(): Promise<TestFailure[]> {
    const { startMs, alerts, expressions } = this.#test
    const lengthMs = Math.max(0, ...alerts.map(({ atMs }) => atMs), ...expressions.map(({ atMs }) => atMs))
    const failures: TestFailure[] = []
    for (let sinceMs = 0; sinceMs <= lengthMs; sinceMs += this.#stepMs) {
      this.#feed.until(startMs + sinceMs)
      for (const engine of this.#engines) await engine.tick(startMs + sinceMs)
      const broken = this.#brokenRules(sinceMs)
      if (broken.length > 0) return [...failures, ...broken]
      failures.push(...this.#wrongAlerts(sinceMs))
    }
    return failures
  }

  #brokenRules(sinceMs: number): TestFailure[] {
    return this.#engines.flatMap(({ groups }) =>
      groups.flatMap(({ group, rules }) =>
        rules.flatMap(({ rule, lastError }): TestFailure[] => {
          if (lastError === undefined) return []
          const name = rule.kind === 'alerting' ? rule.alert : rule.record
          const place = { line: this.#test.line, atMs: sinceMs, rule: name, group: group.name, file: group.file }
          return [{ kind: 'rule', ...place, message: lastError }]
        }),
      ),
    )
  }

  /** Those of the expectations from now until the next evaluation that are not met. */
  #wrongAlerts(sinceMs: number): TestFailure[] {
    return this.#test.alerts
      .filter(({ atMs }) => sinceMs <= atMs && atMs < sinceMs + this.#stepMs)
      .sort((a, b) => a.atMs - b.atMs)
      .flatMap(({ line, atMs, alertName, alerts: expected }): TestFailure[] => {
        const got = this.#firing(alertName)
        if (areSameAlerts(expected, got)) return []
        return [{ kind: 'alerts', line, atMs, alertName, expected: sortAlerts(expected), got: sortAlerts(got) }]
      })
  }

  #firing(alertName: string): FiringAlert[] {
    return this.#engines.flatMap((engine) =>
      [...engine.alerts()]
        .filter(({ rule, alert }) => rule.alert === alertName && alert.state === 'firing')
        .map(({ alert }) => ({ labels: alert.labels.toObject(), annotations: alert.annotations })),
    )
  }

  async check({ line, atMs, expr, samples: expected }: ExpressionExpectation): Promise<TestFailure | undefined> {
    try {
      const got = await queryStore(this.#store, parse(expr), this.#test.startMs + atMs, {
        defaultSubqueryStepMs: this.#stepMs,
      })
      if (areSameSamples(expected, got, this.#isFuzzy)) return undefined
      return { kind: 'samples', line, atMs, expr, expected: sortSamples(expected), got: sortSamples(got) }
    } catch (error) {
      if (error instanceof PromqlError) return { kind: 'expression', line, atMs, expr, message: error.message }
      throw error
    }
  }
}
