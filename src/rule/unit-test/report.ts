import type { Labels } from '../../model/labels.ts'
import type { Problem } from '../../model/problem.ts'
import type { FiringAlert } from './unit-test.ts'

/** How the unit tests of one file went. */
export interface UnitTestReport {
  readonly file: string
  /** What is wrong with the file itself, and remarks. With an error among them nothing was run. */
  readonly problems: readonly Problem[]
  /** Those that were to be run. */
  readonly tests: readonly TestReport[]
}

export interface TestReport {
  /** `unnamed#2` where it has none. */
  readonly name: string
  readonly line: number
  readonly seconds: number
  readonly failures: readonly TestFailure[]
}

export interface ResultSample {
  readonly labels: Labels
  readonly value: number
}

export type TestFailure =
  /** Other alerts fire than expected. */
  | {
      readonly kind: 'alerts'
      readonly line: number
      readonly atMs: number
      readonly alertName: string
      readonly expected: readonly FiringAlert[]
      readonly got: readonly FiringAlert[]
    }
  /** An expression gives something else than expected. */
  | {
      readonly kind: 'samples'
      readonly line: number
      readonly atMs: number
      readonly expr: string
      readonly expected: readonly ResultSample[]
      readonly got: readonly ResultSample[]
    }
  /** An expression can't be evaluated. */
  | {
      readonly kind: 'expression'
      readonly line: number
      readonly atMs: number
      readonly expr: string
      readonly message: string
    }
  /** A rule fails, which ends the test. */
  | {
      readonly kind: 'rule'
      readonly line: number
      readonly atMs: number
      readonly rule: string
      readonly group: string
      readonly file: string
      readonly message: string
    }
  /** The test or a rule file is written wrongly. */
  | { readonly kind: 'problem'; readonly problem: Problem }

export function hasFailed({ problems, tests }: UnitTestReport): boolean {
  return problems.some(({ severity }) => severity === 'error') || tests.some(({ failures }) => failures.length > 0)
}
