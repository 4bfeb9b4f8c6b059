import type { Labels } from '../../model/labels.ts'
import { PromqlError } from '../error.ts'
import { type Aggregate, type Expr, unwrapParens } from '../syntax/ast.ts'
import { formatFixed, formatGeneral } from '../syntax/number.ts'
import { isLabelName, quoteText } from '../syntax/text.ts'
import { type Accumulator, accumulators } from './accumulate.ts'
import type { Evaluation, Steps } from './evaluation.ts'
import { type Groups, groupLabels, groupsNow, groupsOf, membersOf } from './groups.ts'
import { quantile } from './quantile.ts'
import { best, nanLast } from './rank.ts'
import { Vector } from './vector.ts'
import type { Work } from './work.ts'

/** sum, avg, topk, … over the series of a vector, step by step. */
export function* aggregate(node: Aggregate, steps: Steps, evaluation: Evaluation): Work<Vector> {
  if (node.op === 'count_values') return yield* countValues(node, steps, evaluation)
  const { param } = node
  const parameters = param === undefined ? undefined : yield* evaluation.scalar(param, steps)
  const input = yield* evaluation.vector(unwrapParens(node.expr), steps)
  const create = accumulators[node.op]
  if (create !== undefined) {
    const groups = groupsNow(node, input) ?? (yield* groupsOf(node, input, evaluation))
    return yield* accumulated(create, groups, input, evaluation)
  }
  if (parameters === undefined) throw new PromqlError('execution', `${node.op} has no parameter`, node.span)
  if (node.op !== 'quantile') return yield* extremes(node, parameters, input, evaluation)
  warnOfQuantiles(parameters, param as Expr, evaluation)
  return yield* quantiles(parameters, yield* groupsOf(node, input, evaluation), input, evaluation)
}

/** As `aggregate`, for few series at one step, by a running state, and where it is known already what the groups are. */
export function aggregateNow(node: Aggregate, steps: Steps, evaluation: Evaluation): Vector | undefined {
  const create = accumulators[node.op]
  if (create === undefined) return undefined
  const input = evaluation.vectorNow(unwrapParens(node.expr), steps)
  if (input === undefined || input.size === 0) return input
  const groups = groupsNow(node, input)
  if (groups === undefined) return undefined
  const { labels, groupOf } = groups
  const accumulator = create(labels.length)
  for (let i = 0; i < input.size; i++) accumulator.take(input, i, groupOf[i] ?? 0)
  for (let group = 0; group < labels.length; group++) accumulator.finish(group, 1)
  return new Vector(1, labels as Labels[], false, accumulator.values, accumulator.present)
}

function* accumulated(
  create: (length: number) => Accumulator,
  { labels, groupOf }: Groups,
  input: Vector,
  evaluation: Evaluation,
): Work<Vector> {
  const { steps, size } = input
  if (size === 0) return input
  const accumulator = create(labels.length * steps)
  for (let i = 0; i < size; i++) {
    if (evaluation.due(1 + steps / 16)) yield
    accumulator.take(input, i, (groupOf[i] ?? 0) * steps)
  }
  for (let group = 0; group < labels.length; group++) {
    if (evaluation.due(1 + steps / 16)) yield
    accumulator.finish(group * steps, steps)
  }
  return new Vector(steps, labels as Labels[], false, accumulator.values, accumulator.present)
}

function* quantiles(parameters: Float64Array, groups: Groups, input: Vector, evaluation: Evaluation): Work<Vector> {
  const { steps, size } = input
  const output = Vector.empty(steps, groups.labels.length)
  if (size === 0) return input
  const buffer = new Float64Array(size)
  for (const [group, members] of membersOf(groups, size).entries()) {
    const at = output.room()
    for (let k = 0; k < steps; k++) {
      if (evaluation.due(members.length)) yield
      let count = 0
      for (const i of members)
        if (input.present[i * steps + k] === 1) buffer[count++] = input.values[i * steps + k] as number
      if (count === 0) continue
      output.values[at + k] = yield* quantile(parameters[k] as number, buffer, count, evaluation)
      output.present[at + k] = 1
    }
    output.keep(groups.labels[group] as Labels)
  }
  return output
}

function warnOfQuantiles(parameters: Float64Array, param: Expr, evaluation: Evaluation): void {
  const at = unwrapParens(param).span
  const warn = (q: number) => evaluation.warn(`quantile value should be between 0 and 1, got ${formatGeneral(q)}`, at)
  let largest = Number.NEGATIVE_INFINITY
  let smallest = Number.POSITIVE_INFINITY
  let anyNaN = false
  for (const q of parameters) {
    if (Number.isNaN(q)) anyNaN = true
    if (q > largest) largest = q
    if (q < smallest) smallest = q
  }
  if (anyNaN) {
    warn(Number.NaN)
    return
  }
  if (largest > 1) warn(largest)
  if (smallest < 0) warn(smallest)
}

const INT64 = 2 ** 63

/** topk and bottomk: whole series, of which at every step only the k largest or smallest of a group stay. */
function* extremes(node: Aggregate, parameters: Float64Array, input: Vector, evaluation: Evaluation): Work<Vector> {
  const { steps, size, values, present } = input
  if (parameters.every((k) => k < 1)) return Vector.empty(steps, 0)
  checkCounts(parameters, node)
  const sign = node.op === 'topk' ? -1 : 1
  const chosen = new Uint8Array(size * steps)
  const order: number[] = []
  for (const members of membersOf(yield* groupsOf(node, input, evaluation), size)) {
    for (let k = 0; k < steps; k++) {
      const count = Math.min(Math.trunc(parameters[k] as number), members.length)
      if (count < 1) continue
      if (evaluation.due(members.length / 8)) yield
      const there = steps === 1 ? members : members.filter((i) => present[i * steps + k] === 1)
      const valueAt = (i: number) => values[i * steps + k] as number
      const compare = (a: number, b: number) => nanLast(valueAt(a), valueAt(b), sign)
      const ranking = yield* best(there, count, compare, evaluation)
      for (const i of ranking) chosen[i * steps + k] = 1
      if (steps === 1) order.push(...ranking)
    }
    // Only a single step keeps the order of the ranking.
    if (steps > 1) order.push(...members)
  }
  return yield* subset(input, order, chosen, evaluation)
}

/** These series, where they are chosen. */
function* subset(input: Vector, order: readonly number[], chosen: Uint8Array, evaluation: Evaluation): Work<Vector> {
  const { steps, values, labels, typed, isNameless } = input
  const output = Vector.empty(steps, order.length, isNameless)
  for (const i of order) {
    if (evaluation.due(1 + steps / 8)) yield
    const at = output.room()
    let found = false
    for (let k = 0; k < steps; k++) {
      if (chosen[i * steps + k] === 0) continue
      output.values[at + k] = values[i * steps + k] as number
      output.present[at + k] = 1
      found = true
    }
    if (found) output.keep(labels[i] as Labels, typed?.[i])
  }
  return output
}

function checkCounts(parameters: Float64Array, { param }: Aggregate): void {
  const at = param?.span
  for (const k of parameters) {
    if (Number.isNaN(k)) throw new PromqlError('execution', 'Parameter value is NaN', at)
    if (k >= INT64) throw new PromqlError('execution', `Scalar value ${formatGeneral(k)} overflows int64`, at)
    if (k <= -INT64) throw new PromqlError('execution', `Scalar value ${formatGeneral(k)} underflows int64`, at)
  }
}

/** count_values("label", v): one series per value, which stands in the label. */
function* countValues(node: Aggregate, steps: Steps, evaluation: Evaluation): Work<Vector> {
  const param = node.param === undefined ? undefined : unwrapParens(node.param)
  const label = param?.kind === 'string' ? param.value : ''
  if (!isLabelName(label)) throw new PromqlError('execution', `invalid label name ${quoteText(label)}`, param?.span)
  const labelsOf = groupLabels(node, label)
  const input = yield* evaluation.vector(unwrapParens(node.expr), steps)
  const { count } = steps
  const output = Vector.empty(count, 0)
  const rows = new Map<string, number>()
  for (let i = 0; i < input.size; i++) {
    const members = input.labelsAt(i)
    let lastValue = 0
    let row = -1
    for (let k = 0; k < count; k++) {
      if (evaluation.due(1)) yield
      const from = i * count + k
      if (input.present[from] === 0) continue
      const value = input.values[from] as number
      if (row < 0 || !Object.is(value, lastValue)) {
        if (evaluation.due(32)) yield
        const labels = labelsOf(members.with(label, formatFixed(value)))
        row = rows.get(labels.key) ?? -1
        if (row < 0) {
          evaluation.charge(count)
          row = output.size
          output.room()
          output.keep(labels)
          rows.set(labels.key, row)
        }
        lastValue = value
      }
      const to = row * count + k
      output.values[to] = (output.values[to] as number) + 1
      output.present[to] = 1
    }
  }
  return output
}
