import type { Labels } from '../../model/labels.ts'
import { type Binary, type BinaryOperator, isComparison } from '../syntax/ast.ts'
import { flagColumn, numberColumn } from './columns.ts'
import type { Evaluation } from './evaluation.ts'
import { type Operation, operationOf } from './operators.ts'
import { matchKeyOf } from './pairs.ts'
import { calculated, calculatedNow, mergeEqual, Vector } from './vector.ts'
import type { Work } from './work.ts'

export function scalarWithScalar(op: BinaryOperator, left: Float64Array, right: Float64Array): Float64Array {
  const operation = operationOf(op)
  const output = numberColumn(left.length)
  for (let i = 0; i < left.length; i++) output[i] = operation(left[i] as number, right[i] as number)
  return output
}

/** A vector and a scalar, whichever is on the left. A filtering comparison keeps the vector's value. */
export function* vectorWithScalar(
  node: Binary,
  vector: Vector,
  scalar: Float64Array,
  scalarIsLeft: boolean,
  evaluation: Evaluation,
): Work<Vector> {
  const { op, returnBool } = node
  const operation = operationOf(op)
  const outcome: Operation = scalarIsLeft ? (value, other) => operation(other, value) : operation
  if (isComparison(op) && !returnBool) return yield* filtered(vector, scalar, outcome, evaluation)
  const { steps, size, values, present } = vector
  const output = numberColumn(size * steps)
  for (let i = 0; i < size; i++) {
    if (evaluation.due(steps / 4)) yield
    const from = i * steps
    for (let k = 0; k < steps; k++) output[from + k] = outcome(values[from + k] as number, scalar[k] as number)
  }
  return calculatedNow(node, vector, output, present) ?? (yield* calculated(node, vector, output, present, evaluation))
}

/** As `vectorWithScalar`, for one step and few series, and where it is known already that the names can go. */
export function vectorWithScalarNow(
  node: Binary,
  vector: Vector,
  [scalar = Number.NaN]: Float64Array,
  scalarIsLeft: boolean,
): Vector | undefined {
  const { op, returnBool } = node
  const operation = operationOf(op)
  const outcome = (value: number) => (scalarIsLeft ? operation(scalar, value) : operation(value, scalar))
  const { size, values, present, labels, typed, isNameless } = vector
  if (!isComparison(op) || returnBool) {
    const output = numberColumn(size)
    for (let i = 0; i < size; i++) output[i] = outcome(values[i] as number)
    return calculatedNow(node, vector, output, present)
  }
  const output = Vector.empty(1, 0, isNameless)
  for (let i = 0; i < size; i++) {
    const value = values[i] as number
    if (outcome(value) === 0) continue
    const at = output.room()
    output.values[at] = value
    output.keep(labels[i] as Labels, typed?.[i])
  }
  return output
}

function* filtered(
  { steps, size, values, present, labels, typed, isNameless }: Vector,
  scalar: Float64Array,
  outcome: Operation,
  evaluation: Evaluation,
): Work<Vector> {
  const output = Vector.empty(steps, 0, isNameless)
  for (let i = 0; i < size; i++) {
    if (evaluation.due(steps / 4)) yield
    let found = false
    for (let k = 0; k < steps; k++) {
      const from = i * steps + k
      if (present[from] === 0) continue
      const value = values[from] as number
      if (outcome(value, scalar[k] as number) === 0) continue
      const to = output.room() + k
      output.values[to] = value
      output.present[to] = 1
      found = true
    }
    if (found) output.keep(labels[i] as Labels, typed?.[i])
  }
  return output
}

/** `and`, `or`, `unless`: whole samples of either side, chosen step by step. */
export function* setOperation(
  { op, matching }: Binary,
  left: Vector,
  right: Vector,
  evaluation: Evaluation,
): Work<Vector> {
  const keyOf = matchKeyOf(matching)
  const [chosen, deciding] = op === 'or' ? [right, left] : [left, right]
  const { steps, values, present } = chosen
  const decided = yield* presenceByKey(deciding, (i) => keyOf(deciding.comparedAt(i)), evaluation)
  // Sides of which only one has lost its names: those of the other go with their labels as they are.
  const isNameless = left.isNameless && (op !== 'or' || right.isNameless)
  const output = Vector.empty(steps, op === 'or' ? left.size + right.size : left.size, isNameless)
  if (op === 'or') yield* append(left, output, evaluation)
  for (let i = 0; i < chosen.size; i++) {
    if (evaluation.due(16 + steps / 4)) yield
    const there = decided.get(keyOf(chosen.comparedAt(i)))
    if (there === undefined && op === 'and') continue
    const at = output.room()
    const wanted = op === 'and' ? 1 : 0
    let found = false
    for (let k = 0; k < steps; k++) {
      const from = i * steps + k
      if (present[from] === 0 || (there !== undefined && there[k] !== wanted)) continue
      output.values[at + k] = values[from] as number
      output.present[at + k] = 1
      found = true
    }
    if (found) keepAs(output, chosen, i)
  }
  return op === 'or' ? yield* mergeEqual(output, evaluation) : output
}

function* append(vector: Vector, output: Vector, evaluation: Evaluation): Work<void> {
  const { steps } = vector
  for (let i = 0; i < vector.size; i++) {
    if (evaluation.due(2 + steps / 8)) yield
    const at = output.room()
    const from = i * steps
    for (let k = 0; k < steps; k++) output.values[at + k] = vector.values[from + k] as number
    if (steps > 1) for (let k = 0; k < steps; k++) output.present[at + k] = vector.present[from + k] as number
    keepAs(output, vector, i)
  }
}

function keepAs(output: Vector, source: Vector, i: number): void {
  if (output.isNameless === source.isNameless) {
    output.keep(source.labels[i] as Labels, source.typed?.[i])
    return
  }
  const labels = source.labelsAt(i)
  const compared = source.comparedAt(i)
  output.keep(labels, compared === labels ? undefined : compared)
}

function* presenceByKey(
  vector: Vector,
  keyAt: (i: number) => string | number,
  evaluation: Evaluation,
): Work<Map<string | number, Uint8Array>> {
  const { size, steps, present } = vector
  const byKey = new Map<string | number, Uint8Array>()
  for (let i = 0; i < size; i++) {
    if (evaluation.due(16 + steps / 8)) yield
    const key = keyAt(i)
    const from = i * steps
    let there = byKey.get(key)
    if (there === undefined) {
      there = flagColumn(steps)
      byKey.set(key, there)
    }
    for (let k = 0; k < steps; k++) if (present[from + k] === 1) there[k] = 1
  }
  return byKey
}
