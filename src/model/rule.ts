import type { Labels } from './labels.ts'

interface RuleBase {
  readonly expr: string
  /** As written; those of alerts may be templates. */
  readonly labels: Readonly<Record<string, string>>
}

/** Keeps an expression's result as a new series. */
export interface RecordingRule extends RuleBase {
  readonly kind: 'recording'
  readonly record: string
}

/** Gives one alert for every series of an expression's result. */
export interface AlertingRule extends RuleBase {
  readonly kind: 'alerting'
  readonly alert: string
  readonly forMs: number
  readonly keepFiringForMs: number
  /** Templates. */
  readonly annotations: Readonly<Record<string, string>>
}

export type Rule = RecordingRule | AlertingRule

/** Rules that are evaluated one after the other at the same time, as in a Prometheus rule file. */
export interface RuleGroup {
  /** Unique within its file. */
  readonly name: string
  readonly file: string
  /** Undefined: every tick of the evaluation schedule. */
  readonly intervalMs: number | undefined
  readonly queryOffsetMs: number
  /** Most series or alerts a rule may give; 0 is no limit. */
  readonly limit: number
  readonly rules: readonly Rule[]
}

/** One series of an instant result. */
export interface VectorSample {
  readonly labels: Labels
  readonly value: number
}
