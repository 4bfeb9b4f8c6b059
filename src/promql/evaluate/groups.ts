import { Labels, METRIC_NAME } from '../../model/labels.ts'
import type { Aggregate } from '../syntax/ast.ts'
import type { Evaluation } from './evaluation.ts'
import type { Vector } from './vector.ts'
import type { Work } from './work.ts'

/** Which group each series of a vector belongs to; groups are in the order of their first members. */
export interface Groups {
  readonly labels: readonly Labels[]
  readonly groupOf: Uint32Array
}

const ALL: Groups = { labels: [Labels.empty], groupOf: new Uint32Array(0) }

/** The groups of an aggregation; where there is but one, `groupOf` may be shorter than the vector: a missing group is 0. */
export function* groupsOf(node: Aggregate, input: Vector, evaluation: Evaluation): Work<Groups> {
  if (!node.without && node.grouping.length === 0) return ALL
  const labelsOf = groupLabelsOf(node)
  // Without its name a series keeps all that counts here, unless it is grouped by its name.
  const isPlain = !input.isNameless || !groupsByMetadata(node)
  const labels: Labels[] = []
  const groupOf = new Uint32Array(input.size)
  const known = new Map<string, number>()
  for (let i = 0; i < input.size; i++) {
    if (evaluation.due(2)) yield
    const group = labelsOf(isPlain ? (input.labels[i] as Labels) : input.labelsAt(i))
    const number = known.get(group.key)
    if (number !== undefined) groupOf[i] = number
    else {
      groupOf[i] = labels.length
      known.set(group.key, labels.length)
      labels.push(group)
    }
  }
  return { labels, groupOf }
}

/** Numbers of the series of each group. */
export function membersOf({ labels, groupOf }: Groups, size: number): number[][] {
  const members = labels.map((): number[] => [])
  for (let i = 0; i < size; i++) (members[groupOf[i] ?? 0] as number[]).push(i)
  return members
}

function groupsByMetadata({ without, grouping }: Aggregate): boolean {
  // `without` drops the name itself, but type and unit would stay.
  return without || grouping.includes(METRIC_NAME) || grouping.includes('__type__') || grouping.includes('__unit__')
}

const remembered = new WeakMap<Aggregate, (labels: Labels) => Labels>()

/** Rules ask for the same groups of the same series again and again. */
function groupLabelsOf(node: Aggregate): (labels: Labels) => Labels {
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

/** What a group keeps of its members' labels. */
export function groupLabels({ without, grouping }: Aggregate, alsoBy?: string): (labels: Labels) => Labels {
  if (without) {
    const dropped = new Set([...grouping, METRIC_NAME])
    return (labels) => labels.drop(dropped)
  }
  const kept = new Set(alsoBy === undefined ? grouping : [...grouping, alsoBy])
  return kept.size === 0 ? () => Labels.empty : (labels) => labels.keep(kept)
}
