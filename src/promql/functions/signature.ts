import type { Evaluation, Steps } from '../evaluate/evaluation.ts'
import type { Vector } from '../evaluate/vector.ts'
import type { Work } from '../evaluate/work.ts'
import type { Call, ValueType } from '../syntax/ast.ts'

/** What a function takes and gives. */
export interface Signature {
  readonly name: string
  readonly args: readonly ValueType[]
  /** How many more arguments of the last type may follow; -1: any number. The last of `args` may then be left out. */
  readonly variadic?: number
  /** True when the result changes with the evaluation time although the arguments do not. */
  readonly timeDependent?: boolean
}

export interface VectorFunction extends Signature {
  readonly returns: 'vector'
  readonly evaluate: (call: Call, steps: Steps, evaluation: Evaluation) => Work<Vector>
  /** As `evaluate`, for one step and where that takes next to no time; undefined where it takes more, or is not known yet. */
  readonly evaluateNow?: (call: Call, steps: Steps, evaluation: Evaluation) => Vector | undefined
}

export interface ScalarFunction extends Signature {
  readonly returns: 'scalar'
  readonly evaluate: (call: Call, steps: Steps, evaluation: Evaluation) => Work<Float64Array> | Float64Array
}

/** One function of the language: its signature for the checker, its work for the evaluator. */
export type PromqlFunction = VectorFunction | ScalarFunction
