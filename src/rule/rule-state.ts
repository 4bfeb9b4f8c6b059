import type { AlertInstance } from '../model/alert.ts'
import type { Labels } from '../model/labels.ts'
import type { Condition } from '../model/measure.ts'
import type { Rule } from '../model/rule.ts'
import type { Expr } from '../promql/index.ts'
import type { Template } from './template.ts'

export type RuleHealth = 'unknown' | 'ok' | 'err'

/** A rule with what it has to remember from one evaluation to the next. */
export interface RuleState {
  readonly rule: Rule
  /** Names the rule's rows in the store; stays the same over restarts and unrelated edits of the file. */
  readonly key: string
  readonly expression: Expr
  /** What values are held against, where the expression says so plainly. */
  readonly condition: Condition | undefined
  /** It judges what is not there, so that nothing it asks about can be too little known. */
  readonly asksAbsence: boolean
  readonly labelTemplates: ReadonlyMap<string, Template>
  readonly annotationTemplates: ReadonlyMap<string, Template>
  alerts: ReadonlyMap<string, AlertInstance>
  /** Labels of a recording rule's samples, by those of the expression's. */
  readonly recorded: WeakMap<Labels, Labels>
  /** Series that the last evaluation gave, so that those that vanish get a staleness marker. */
  series: ReadonlyMap<string, Labels>
  health: RuleHealth
  lastError: string | undefined
  lastEvaluationMs: number | undefined
  evaluationSeconds: number
}
