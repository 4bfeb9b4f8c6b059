import { type Labels, METRIC_NAME } from '../../model/labels.ts'
import { PromqlError } from '../error.ts'
import { type Binary, isComparison } from '../syntax/ast.ts'
import { quoteLabelName, quoteText } from '../syntax/text.ts'
import type { Evaluation } from './evaluation.ts'
import { type Operation, operationOf } from './operators.ts'
import { type Pairs, pairsNow, pairsOf, resultLabelsOf } from './pairs.ts'
import { sameLabels, Vector } from './vector.ts'
import type { Work } from './work.ts'

/**
 * Arithmetic and comparisons between two vectors. The right side is the `one` side unless `group_right` says otherwise;
 * of that side there may be one sample a group and step.
 *
 * @throws PromqlError of kind `execution` when samples do not match uniquely, even where a filter would remove them
 */
export function* vectorWithVector(node: Binary, left: Vector, right: Vector, evaluation: Evaluation): Work<Vector> {
  const { steps } = left
  if (left.size === 0 || right.size === 0) return Vector.empty(steps, 0)
  const swapped = node.matching.cardinality === 'one-to-many'
  const [many, one] = swapped ? [right, left] : [left, right]
  const pairs = yield* pairsOf(node, many, one, evaluation)
  const join = new Join(node, many, one, pairs)
  for (const group of pairs.ambiguous.keys()) yield* join.findOnes(group, evaluation)
  for (let i = 0; i < many.size; i++) {
    if (evaluation.due(1 + steps / 4)) yield
    const group = pairs.groupOf[i] as number
    if (group >= 0) join.add(i, group)
  }
  return join.output
}

/** As `vectorWithVector`, for few series at one step, and where it is known already which belong together. */
export function vectorWithVectorNow(node: Binary, left: Vector, right: Vector): Vector | undefined {
  if (left.size === 0 || right.size === 0) return Vector.empty(1, 0)
  const [many, one] = node.matching.cardinality === 'one-to-many' ? [right, left] : [left, right]
  const pairs = pairsNow(node, many, one)
  if (pairs === undefined || pairs.ambiguous.size > 0) return undefined
  const join = new Join(node, many, one, pairs)
  for (let i = 0; i < many.size; i++) {
    const group = pairs.groupOf[i] as number
    if (group >= 0) join.add(i, group)
  }
  return join.output
}

class Join {
  readonly output: Vector
  readonly #node: Binary
  readonly #swapped: boolean
  readonly #many: Vector
  readonly #one: Vector
  /** By result labels; needed where several series may give the same. */
  #rows: Map<string, number> | undefined
  readonly #filters: boolean
  readonly #operation: Operation
  readonly #pairs: Pairs
  /** By ambiguous group and step: which of its `one` series is there, or -1. */
  #oneAt: Map<number, Int32Array> | undefined
  /** By group and result labels: the steps at which it has matched already. */
  #matched: Map<number, Map<string, Uint8Array>> | undefined
  #anyMany: Uint8Array | undefined

  constructor(node: Binary, many: Vector, one: Vector, pairs: Pairs) {
    this.#pairs = pairs
    this.#node = node
    this.#swapped = node.matching.cardinality === 'one-to-many'
    this.#many = many
    this.#one = one
    this.#filters = isComparison(node.op) && !node.returnBool
    this.#operation = operationOf(node.op)
    this.output = Vector.empty(many.steps, Math.min(many.size, 8))
  }

  /**
   * Finds for every step which of an ambiguous group's `one` series is present.
   *
   * @throws PromqlError when there are two, unless the other side has nothing at all at that step
   */
  *findOnes(group: number, evaluation: Evaluation): Work<void> {
    const { steps, present } = this.#one
    this.#anyMany ??= yield* presenceOf(this.#many, evaluation)
    const oneAt = new Int32Array(steps).fill(-1)
    for (const i of this.#pairs.ambiguous.get(group) ?? []) {
      if (evaluation.due(steps / 4)) yield
      for (let k = 0; k < steps; k++) {
        if (present[i * steps + k] === 0) continue
        if (oneAt[k] !== -1 && this.#anyMany[k] === 1) throw this.#ambiguous(i, oneAt[k] as number)
        oneAt[k] = i
      }
    }
    this.#oneAt ??= new Map()
    this.#oneAt.set(group, oneAt)
  }

  #ambiguous(a: number, b: number): PromqlError {
    const { on, labels } = this.#node.matching
    const first = this.#one.labelsAt(a)
    const group = on ? first.keep(new Set(labels)) : first.drop(new Set([...labels, METRIC_NAME]))
    const side = this.#swapped ? 'left' : 'right'
    return new PromqlError(
      'execution',
      `found duplicate series for the match group ${braced(group)} on the ${side} hand-side of the operation: ` +
        `[${braced(first)}, ${braced(this.#one.labelsAt(b))}];many-to-many matching not allowed: matching labels must be unique on one side`,
      this.#node.span,
    )
  }

  /** Matches series `i` of the `many` side. */
  add(i: number, group: number): void {
    const { values, present, steps } = this.#many
    const from = i * steps
    const oneAt = this.#oneAt?.get(group)
    const hasSeveral = (this.#pairs.manyCounts[group] as number) > 1
    let partner = -1
    let labels: Labels | undefined
    let matched: Uint8Array | undefined
    let row = -1
    for (let k = 0; k < steps; k++) {
      if (present[from + k] === 0) continue
      const one = oneAt === undefined ? group : (oneAt[k] as number)
      if (one < 0 || this.#one.present[one * steps + k] === 0) continue
      if (one !== partner) {
        partner = one
        labels = this.#pairs.results[i] ?? resultLabelsOf(this.#node, this.#many, this.#one)(i, one)
        matched = hasSeveral ? this.#matchedSteps(group, labels) : undefined
        row = -1
      }
      if (matched !== undefined) {
        if (matched[k] === 1) throw this.#notUnique()
        matched[k] = 1
      }
      const value = values[from + k] as number
      const other = this.#one.values[one * steps + k] as number
      const a = this.#swapped ? other : value
      const outcome = this.#swapped ? this.#operation(other, value) : this.#operation(value, other)
      if (this.#filters && outcome === 0) continue
      if (row < 0) row = this.#row(labels as Labels)
      const to = row * steps + k
      if (steps > 1) {
        if (this.output.present[to] === 1) throw sameLabels()
        this.output.present[to] = 1
      }
      // A filter keeps the left value.
      this.output.values[to] = this.#filters ? a : outcome
    }
  }

  #matchedSteps(group: number, labels: Labels): Uint8Array {
    const key = this.#node.matching.cardinality === 'one-to-one' ? '' : labels.key
    this.#matched ??= new Map()
    let byKey = this.#matched.get(group)
    if (byKey === undefined) {
      byKey = new Map()
      this.#matched.set(group, byKey)
    }
    let steps = byKey.get(key)
    if (steps === undefined) {
      steps = new Uint8Array(this.#many.steps)
      byKey.set(key, steps)
    }
    return steps
  }

  #notUnique(): PromqlError {
    const why =
      this.#node.matching.cardinality === 'one-to-one'
        ? 'many-to-one matching must be explicit (group_left/group_right)'
        : 'grouping labels must ensure unique matches'
    return new PromqlError('execution', `multiple matches for labels: ${why}`, this.#node.span)
  }

  /** The output series of these labels. */
  #row(labels: Labels): number {
    const { output } = this
    const row = output.size
    if (!this.#pairs.areDistinct) {
      this.#rows ??= new Map()
      const known = this.#rows.get(labels.key)
      if (known !== undefined) {
        if (output.steps === 1) throw sameLabels()
        return known
      }
      this.#rows.set(labels.key, row)
    }
    output.room()
    output.keep(labels)
    return row
  }
}

/** The steps at which any series of a vector has a value. */
function* presenceOf({ size, steps, present }: Vector, evaluation: Evaluation): Work<Uint8Array> {
  const any = new Uint8Array(steps)
  for (let i = 0; i < size; i++) {
    if (evaluation.due(steps / 8)) yield
    for (let k = 0; k < steps; k++) if (present[i * steps + k] === 1) any[k] = 1
  }
  return any
}

/** All labels in braces, the name like any other, as in Prometheus' messages. */
function braced(labels: Labels): string {
  return `{${[...labels].map(([name, value]) => `${quoteLabelName(name)}=${quoteText(value)}`).join(', ')}}`
}
