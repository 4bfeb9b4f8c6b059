import { Labels, METRIC_NAME } from '../../model/labels.ts'
import { PromqlError } from '../error.ts'
import { type Aggregate, type Expr, unwrapParens } from '../syntax/ast.ts'
import { formatFixed, formatGeneral } from '../syntax/number.ts'
import { isLabelName, quoteText } from '../syntax/text.ts'
import { accumulators } from './accumulate.ts'
import type { Evaluation, StepSeries, Steps } from './evaluation.ts'
import { quantile } from './float.ts'
import { hasValues } from './series.ts'

interface Group {
  readonly labels: Labels
  readonly members: StepSeries[]
}

/** sum, avg, topk, … over the series of a vector, step by step. */
export async function aggregate(node: Aggregate, steps: Steps, evaluation: Evaluation): Promise<StepSeries[]> {
  if (node.op === 'count_values') return countValues(node, steps, evaluation)
  const { param } = node
  const parameters = param === undefined ? undefined : await evaluation.scalar(param, steps)
  const input = await evaluation.vector(unwrapParens(node.expr), steps)
  if (parameters !== undefined && (node.op === 'topk' || node.op === 'bottomk')) {
    return extremes(node, parameters, input, steps, evaluation)
  }
  if (parameters !== undefined && node.op === 'quantile') warnOfQuantiles(parameters, param as Expr, evaluation)
  const output: StepSeries[] = []
  for (const { labels, members } of await groupsOf(node, input, evaluation)) {
    const next =
      parameters === undefined
        ? await accumulated(node, members, steps, evaluation)
        : await quantiles(parameters, members, steps, evaluation)
    output.push({ labels, ...next })
  }
  return output.filter(hasValues)
}

/** Groups in the order of their first members; what a group keeps of its members' labels are its labels. */
async function groupsOf(node: Aggregate, input: readonly StepSeries[], evaluation: Evaluation): Promise<Group[]> {
  const labelsOf = rememberedGroupLabels(node)
  const groups = new Map<string, Group>()
  for (const series of input) {
    if (evaluation.due()) await evaluation.pause()
    const labels = labelsOf(series.labels)
    const group = groups.get(labels.key)
    if (group === undefined) groups.set(labels.key, { labels, members: [series] })
    else group.members.push(series)
  }
  return [...groups.values()]
}

const remembered = new WeakMap<Aggregate, (labels: Labels) => Labels>()

/** Rules ask for the same groups of the same series again and again. */
function rememberedGroupLabels(node: Aggregate): (labels: Labels) => Labels {
  let labelsOf = remembered.get(node)
  if (labelsOf === undefined) {
    const compute = groupLabels(node)
    const known = new WeakMap<Labels, Labels>()
    labelsOf = (labels) => {
      let group = known.get(labels)
      if (group === undefined) {
        group = compute(labels)
        known.set(labels, group)
      }
      return group
    }
    remembered.set(node, labelsOf)
  }
  return labelsOf
}

function groupLabels({ without, grouping }: Aggregate, alsoBy?: string): (labels: Labels) => Labels {
  if (without) {
    const dropped = new Set([...grouping, METRIC_NAME])
    return (labels) => labels.drop(dropped)
  }
  const kept = new Set(alsoBy === undefined ? grouping : [...grouping, alsoBy])
  return kept.size === 0 ? () => Labels.empty : (labels) => labels.keep(kept)
}

type Columns = Pick<StepSeries, 'values' | 'present'>

async function accumulated(
  { op }: Aggregate,
  members: readonly StepSeries[],
  steps: Steps,
  evaluation: Evaluation,
): Promise<Columns> {
  const accumulator = accumulators[op as keyof typeof accumulators](steps.count)
  const present = new Uint8Array(steps.count)
  for (const series of members) {
    if (evaluation.due()) await evaluation.pause()
    for (let i = 0; i < steps.count; i++) {
      if (series.present[i] === 0) continue
      accumulator.add(i, series.values[i] as number, present[i] === 0)
      present[i] = 1
    }
  }
  return { values: accumulator.result(), present }
}

async function quantiles(
  parameters: Float64Array,
  members: readonly StepSeries[],
  steps: Steps,
  evaluation: Evaluation,
): Promise<Columns> {
  const values = new Float64Array(steps.count)
  const present = new Uint8Array(steps.count)
  const buffer = new Float64Array(members.length)
  for (let i = 0; i < steps.count; i++) {
    if (evaluation.due()) await evaluation.pause()
    let count = 0
    for (const series of members) if (series.present[i] === 1) buffer[count++] = series.values[i] as number
    if (count === 0) continue
    values[i] = quantile(parameters[i] as number, buffer.subarray(0, count))
    present[i] = 1
  }
  return { values, present }
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
async function extremes(
  node: Aggregate,
  parameters: Float64Array,
  input: readonly StepSeries[],
  steps: Steps,
  evaluation: Evaluation,
): Promise<StepSeries[]> {
  if (parameters.every((k) => k < 1)) return []
  checkCounts(parameters, node)
  const sign = node.op === 'topk' ? -1 : 1
  const output: StepSeries[] = []
  for (const { members } of await groupsOf(node, input, evaluation)) {
    const chosen = members.map(() => undefined as Uint8Array | undefined)
    let ranking: number[] = []
    for (let i = 0; i < steps.count; i++) {
      if (evaluation.due()) await evaluation.pause()
      const k = Math.min(Math.trunc(parameters[i] as number), members.length)
      if (k < 1) continue
      ranking = []
      for (const [index, { present }] of members.entries()) if (present[i] === 1) ranking.push(index)
      const valueAt = (index: number) => (members[index] as StepSeries).values[i] as number
      ranking.sort((x, y) => nanLast(valueAt(x), valueAt(y), sign))
      ranking.length = Math.min(k, ranking.length)
      for (const index of ranking) {
        chosen[index] ??= new Uint8Array(steps.count)
        ;(chosen[index] as Uint8Array)[i] = 1
      }
    }
    // A single step keeps the order of the ranking.
    const order = steps.count === 1 ? ranking : members.keys()
    for (const index of order) {
      const present = chosen[index]
      if (present !== undefined) output.push({ ...(members[index] as StepSeries), present })
    }
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

function nanLast(a: number, b: number, sign: 1 | -1): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  if (Number.isNaN(b)) return -1
  return a < b ? -sign : a > b ? sign : 0
}

/** count_values("label", v): one series per value, which stands in the label. */
async function countValues(node: Aggregate, steps: Steps, evaluation: Evaluation): Promise<StepSeries[]> {
  const param = node.param === undefined ? undefined : unwrapParens(node.param)
  const label = param?.kind === 'string' ? param.value : ''
  if (!isLabelName(label)) throw new PromqlError('execution', `invalid label name ${quoteText(label)}`, param?.span)
  const labelsOf = groupLabels(node, label)
  const counts = new Map<string, StepSeries>()
  for (const series of await evaluation.vector(unwrapParens(node.expr), steps)) {
    if (evaluation.due()) await evaluation.pause()
    let lastValue = 0
    let target: StepSeries | undefined
    for (let i = 0; i < steps.count; i++) {
      if (series.present[i] === 0) continue
      const value = series.values[i] as number
      if (target === undefined || !Object.is(value, lastValue)) {
        const labels = labelsOf(series.labels.with(label, formatFixed(value)))
        target = counts.get(labels.key)
        if (target === undefined) {
          evaluation.charge(steps.count)
          target = { labels, values: new Float64Array(steps.count), present: new Uint8Array(steps.count) }
          counts.set(labels.key, target)
        }
        lastValue = value
      }
      target.values[i] = (target.values[i] as number) + 1
      target.present[i] = 1
    }
  }
  return [...counts.values()]
}
