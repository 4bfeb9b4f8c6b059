import { Labels, METRIC_NAME } from '../../model/labels.ts'
import { PromqlError } from '../error.ts'
import { type Binary, isComparison } from '../syntax/ast.ts'
import { quoteText } from '../syntax/text.ts'
import { operate, signatureOf } from './binary.ts'
import type { Evaluation, StepSeries } from './evaluation.ts'
import { dropMetadata, hasValues, sameLabels } from './series.ts'

interface MutableSeries {
  readonly labels: Labels
  readonly values: Float64Array
  readonly present: Uint8Array
}

/** The series of both sides that agree in the matching labels. */
interface Group {
  readonly many: StepSeries[]
  readonly one: StepSeries[]
}

/**
 * Arithmetic and comparisons between two vectors. The right side is the `one` side unless `group_right` says otherwise;
 * of that side there may be one sample a group and step.
 *
 * @throws PromqlError of kind `execution` when samples do not match uniquely, even where a filter would remove them
 */
export async function vectorWithVector(
  node: Binary,
  left: readonly StepSeries[],
  right: readonly StepSeries[],
  evaluation: Evaluation,
): Promise<StepSeries[]> {
  if (left.length === 0 || right.length === 0) return []
  const swapped = node.matching.cardinality === 'one-to-many'
  const [manySide, oneSide] = swapped ? [right, left] : [left, right]
  const signature = signatureOf(node.matching)
  const groups = new Map<string, Group>()
  for (const series of oneSide) {
    if (evaluation.due()) await evaluation.pause()
    groupOf(groups, signature(series)).one.push(series)
  }
  for (const series of manySide) {
    if (evaluation.due()) await evaluation.pause()
    groups.get(signature(series))?.many.push(series)
  }
  const join = new Join(node, swapped, manySide)
  for (const group of groups.values()) {
    if (evaluation.due()) await evaluation.pause()
    const ones = join.unique(group.one)
    for (const many of group.many) {
      if (evaluation.due()) await evaluation.pause()
      join.add(many, ones, group)
    }
    join.endGroup()
  }
  return join.result()
}

function groupOf(groups: Map<string, Group>, signature: string): Group {
  let group = groups.get(signature)
  if (group === undefined) {
    group = { many: [], one: [] }
    groups.set(signature, group)
  }
  return group
}

class Join {
  readonly #node: Binary
  readonly #swapped: boolean
  readonly #manySide: readonly StepSeries[]
  readonly #output = new Map<string, MutableSeries>()
  /** By result labels: the steps at which this group has matched already. */
  readonly #matched = new Map<string, Uint8Array>()
  readonly #kept: ReadonlySet<string>
  readonly #changesMeaning: boolean
  readonly #filters: boolean

  constructor(node: Binary, swapped: boolean, manySide: readonly StepSeries[]) {
    this.#node = node
    this.#swapped = swapped
    this.#manySide = manySide
    this.#kept = new Set(node.matching.labels)
    this.#changesMeaning = !isComparison(node.op)
    this.#filters = isComparison(node.op) && !node.returnBool
  }

  /**
   * For every step which of a group's `one` series is present: its index, or -1.
   *
   * @throws PromqlError when there are two, unless the other side has nothing at all at that step
   */
  unique(one: readonly StepSeries[]): Int32Array | undefined {
    const [first] = one
    if (first === undefined || one.length === 1) return undefined
    const at = new Int32Array(first.present.length).fill(-1)
    for (const [index, { present }] of one.entries()) {
      for (let i = 0; i < present.length; i++) {
        if (present[i] === 0) continue
        if (at[i] !== -1 && this.#manySide.some((series) => series.present[i] === 1)) {
          throw this.#ambiguous(one[index] as StepSeries, one[at[i] as number] as StepSeries)
        }
        at[i] = index
      }
    }
    return at
  }

  #ambiguous(a: StepSeries, b: StepSeries): PromqlError {
    const { on, labels } = this.#node.matching
    const group = on ? a.labels.keep(new Set(labels)) : a.labels.drop(new Set([...labels, METRIC_NAME]))
    const side = this.#swapped ? 'left' : 'right'
    return new PromqlError(
      'execution',
      `found duplicate series for the match group ${braced(group)} on the ${side} hand-side of the operation: ` +
        `[${braced(a.labels)}, ${braced(b.labels)}];many-to-many matching not allowed: matching labels must be unique on one side`,
      this.#node.span,
    )
  }

  add(many: StepSeries, ones: Int32Array | undefined, { one, many: all }: Group): void {
    const { op, returnBool, matching } = this.#node
    const several = all.length > 1
    let partner: StepSeries | undefined
    let labels = Labels.empty
    let matched: Uint8Array | undefined
    let target: MutableSeries | undefined
    for (let i = 0; i < many.present.length; i++) {
      if (many.present[i] === 0) continue
      const index = ones === undefined ? 0 : (ones[i] as number)
      const candidate = index < 0 ? undefined : one[index]
      if (candidate === undefined || candidate.present[i] === 0) continue
      if (candidate !== partner) {
        partner = candidate
        labels = this.#resultLabels(many.labels, candidate.labels)
        const key = matching.cardinality === 'one-to-one' ? '' : labels.key
        matched = several ? this.#matchedSteps(key, many.present.length) : undefined
        target = undefined
      }
      if (matched !== undefined) {
        if (matched[i] === 1) throw this.#notUnique()
        matched[i] = 1
      }
      const value = many.values[i] as number
      const other = candidate.values[i] as number
      const [a, b] = this.#swapped ? [other, value] : [value, other]
      const outcome = operate(op, a, b)
      if (this.#filters && outcome === 0) continue
      target ??= this.#target(labels, many.present.length)
      if (target.present[i] === 1) throw sameLabels()
      target.present[i] = 1
      // A filter keeps the left value.
      target.values[i] = this.#filters && !returnBool ? a : outcome
    }
  }

  #matchedSteps(key: string, count: number): Uint8Array {
    let steps = this.#matched.get(key)
    if (steps === undefined) {
      steps = new Uint8Array(count)
      this.#matched.set(key, steps)
    }
    return steps
  }

  endGroup(): void {
    this.#matched.clear()
  }

  #notUnique(): PromqlError {
    const why =
      this.#node.matching.cardinality === 'one-to-one'
        ? 'many-to-one matching must be explicit (group_left/group_right)'
        : 'grouping labels must ensure unique matches'
    return new PromqlError('execution', `multiple matches for labels: ${why}`, this.#node.span)
  }

  #target(labels: Labels, count: number): MutableSeries {
    let target = this.#output.get(labels.key)
    if (target === undefined) {
      target = { labels, values: new Float64Array(count), present: new Uint8Array(count) }
      this.#output.set(labels.key, target)
    }
    return target
  }

  #resultLabels(many: Labels, one: Labels): Labels {
    const { matching, returnBool } = this.#node
    let labels = this.#changesMeaning ? dropMetadata(many) : many
    if (matching.cardinality === 'one-to-one') {
      labels = matching.on ? labels.keep(this.#kept) : labels.drop(this.#kept)
    }
    for (const name of matching.include) labels = labels.with(name, one.get(name))
    return returnBool ? dropMetadata(labels) : labels
  }

  result(): StepSeries[] {
    return [...this.#output.values()].filter(hasValues)
  }
}

/** All labels in braces, the name like any other, as in Prometheus' messages. */
function braced(labels: Labels): string {
  return `{${[...labels].map(([name, value]) => `${name}=${quoteText(value)}`).join(', ')}}`
}
