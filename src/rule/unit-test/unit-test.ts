import type { Labels } from '../../model/labels.ts'
import type { Problem } from '../../model/problem.ts'
import type { SeriesLine } from './series-notation.ts'

/** A file of unit tests for rules, as `promtool test rules` takes it. */
export interface UnitTestFile {
  readonly file: string
  /** As written, relative to the folder of the file. */
  readonly ruleFiles: readonly { readonly pattern: string; readonly line: number }[]
  readonly evaluationIntervalMs: number
  /** Names of groups, in the order of their evaluation; others keep the order of the files. */
  readonly groupOrder: readonly string[]
  /** Whether values may be one step of their representation off. */
  readonly fuzzyCompare: boolean
  readonly tests: readonly UnitTest[]
}

export interface UnitTest {
  /** Empty where it has none. */
  readonly name: string
  readonly line: number
  /** Between two values of the input. */
  readonly intervalMs: number
  /** Epoch milliseconds of the first value and the first evaluation. */
  readonly startMs: number
  readonly externalLabels: Labels
  readonly externalUrl: string
  readonly input: readonly SeriesLine[]
  readonly alerts: readonly AlertExpectation[]
  readonly expressions: readonly ExpressionExpectation[]
  /** With any of these the test can't be run. */
  readonly problems: readonly Problem[]
}

/** Which alerts of a name fire at a time, counted from the start. */
export interface AlertExpectation {
  readonly line: number
  readonly atMs: number
  readonly alertName: string
  readonly alerts: readonly FiringAlert[]
}

/** Plain texts, since a label that is written as empty equals none that an alert can have. */
export interface FiringAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** What an expression gives at a time, counted from the start. */
export interface ExpressionExpectation {
  readonly line: number
  readonly atMs: number
  readonly expr: string
  readonly samples: readonly ExpectedSample[]
}

export interface ExpectedSample {
  readonly labels: Labels
  readonly value: number
}
