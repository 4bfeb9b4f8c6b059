import { type Labels, METRIC_NAME } from '../../model/labels.ts'
import { PromqlError } from '../error.ts'
import { type Binary, type BinaryOperator, isComparison, type Matching } from '../syntax/ast.ts'
import type { Evaluation, StepSeries } from './evaluation.ts'
import { power } from './float.ts'
import { hasValues, mergeEqual, withoutMetadata } from './series.ts'

/** The result of an arithmetic operator; of a comparison 1 or 0. */
export function operate(op: BinaryOperator, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    case '%':
      return a % b
    case '^':
      return power(a, b)
    case 'atan2':
      return Math.atan2(a, b)
    case '==':
      return a === b ? 1 : 0
    case '!=':
      return a !== b ? 1 : 0
    case '<':
      return a < b ? 1 : 0
    case '<=':
      return a <= b ? 1 : 0
    case '>':
      return a > b ? 1 : 0
    case '>=':
      return a >= b ? 1 : 0
    case 'and':
    case 'or':
    case 'unless':
      throw new PromqlError('execution', `operator ${op} does not work on numbers`)
  }
}

export function scalarWithScalar(op: BinaryOperator, left: Float64Array, right: Float64Array): Float64Array {
  return left.map((value, i) => operate(op, value, right[i] as number))
}

/** A vector and a scalar, whichever is on the left. A filtering comparison keeps the vector's value. */
export async function vectorWithScalar(
  { op, returnBool }: Binary,
  vector: readonly StepSeries[],
  scalar: Float64Array,
  scalarIsLeft: boolean,
  evaluation: Evaluation,
): Promise<StepSeries[]> {
  const filters = isComparison(op) && !returnBool
  const output: StepSeries[] = []
  for (const series of vector) {
    if (evaluation.due()) await evaluation.pause()
    const { values, present } = series
    const result = new Float64Array(values.length)
    const stays = filters ? new Uint8Array(values.length) : present
    for (let i = 0; i < values.length; i++) {
      if (present[i] === 0) continue
      const value = values[i] as number
      const other = scalar[i] as number
      const outcome = scalarIsLeft ? operate(op, other, value) : operate(op, value, other)
      if (!filters) result[i] = outcome
      else if (outcome === 1) {
        result[i] = value
        stays[i] = 1
      }
    }
    const next = { ...(filters ? series : withoutMetadata(series)), values: result, present: stays }
    if (!filters || hasValues(next)) output.push(next)
  }
  return filters ? output : mergeEqual(output, evaluation)
}

/** The labels by which samples of two vectors find each other. */
export function signatureOf(matching: Matching): (series: StepSeries) => string {
  let signature = signatures.get(matching)
  if (signature === undefined) {
    const { on, labels } = matching
    const names = new Set(on ? labels : [...labels, METRIC_NAME])
    const known = new WeakMap<Labels, string>()
    signature = (series) => {
      const compared = series.typed ?? series.labels
      let key = known.get(compared)
      if (key === undefined) {
        key = (on ? compared.keep(names) : compared.drop(names)).key
        known.set(compared, key)
      }
      return key
    }
    signatures.set(matching, signature)
  }
  return signature
}

/** Rules match the same series again and again. */
const signatures = new WeakMap<Matching, (series: StepSeries) => string>()

/** `and`, `or`, `unless`: whole samples of either side, chosen step by step. */
export async function setOperation(
  { op, matching }: Binary,
  left: readonly StepSeries[],
  right: readonly StepSeries[],
  evaluation: Evaluation,
): Promise<StepSeries[]> {
  const signature = signatureOf(matching)
  const [chosen, deciding] = op === 'or' ? [right, left] : [left, right]
  const decided = await presenceBySignature(deciding, signature, evaluation)
  const output: StepSeries[] = op === 'or' ? [...left] : []
  for (const series of chosen) {
    if (evaluation.due()) await evaluation.pause()
    const there = decided.get(signature(series))
    if (there === undefined) {
      if (op !== 'and') output.push(series)
      continue
    }
    const wanted = op === 'and' ? 1 : 0
    const present = series.present.map((is, i) => (is === 1 && there[i] === wanted ? 1 : 0))
    const next = { ...series, present }
    if (hasValues(next)) output.push(next)
  }
  return mergeEqual(output, evaluation)
}

async function presenceBySignature(
  series: readonly StepSeries[],
  signature: (series: StepSeries) => string,
  evaluation: Evaluation,
): Promise<Map<string, Uint8Array>> {
  const bySignature = new Map<string, Uint8Array>()
  for (const next of series) {
    if (evaluation.due()) await evaluation.pause()
    const { present } = next
    const key = signature(next)
    const there = bySignature.get(key)
    if (there === undefined) bySignature.set(key, present.slice())
    else for (let i = 0; i < present.length; i++) if (present[i] === 1) there[i] = 1
  }
  return bySignature
}
