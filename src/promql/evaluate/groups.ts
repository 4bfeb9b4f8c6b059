import { Labels, METRIC_NAME } from '../../model/labels.ts'
import type { Aggregate } from '../syntax/ast.ts'
import type { Evaluation } from './evaluation.ts'
import { GroupIds } from './group-ids.ts'
import { hasSeries, listOf, type SeriesList } from './remember.ts'
import type { Vector } from './vector.ts'
import type { Work } from './work.ts'

/** Which group each series of a vector belongs to; groups are in the order of their first members. */
export interface Groups {
  readonly labels: readonly Labels[]
  readonly groupOf: Uint32Array
}

const ALL: Groups = { labels: [Labels.empty], groupOf: new Uint32Array(0) }
const known = new WeakMap<Aggregate, { readonly of: SeriesList; readonly groups: Groups }>()

/** What `groupsOf` gives, where nothing has to be looked at for it; undefined otherwise. */
export function groupsNow(node: Aggregate, input: Vector): Groups | undefined {
  if (!node.without && node.grouping.length === 0) return ALL
  const remembered = known.get(node)
  return remembered !== undefined && hasSeries(input, remembered.of) ? remembered.groups : undefined
}

/** The groups of an aggregation; where there is but one, `groupOf` may be shorter than the vector: a missing group is 0. */
export function* groupsOf(node: Aggregate, input: Vector, evaluation: Evaluation): Work<Groups> {
  const now = groupsNow(node, input)
  if (now !== undefined) return now
  const groups = yield* node.without ? groupsWithout(node, input, evaluation) : groupsBy(node, input, evaluation)
  known.set(node, { of: listOf(input), groups })
  return groups
}

function* groupsBy(node: Aggregate, input: Vector, evaluation: Evaluation): Work<Groups> {
  const { grouping } = node
  // A series that has lost its name still has all that counts here, unless it is the name that counts.
  const needsName = grouping.includes(METRIC_NAME) || grouping.includes('__type__') || grouping.includes('__unit__')
  const ids = new GroupIds(grouping)
  const labelsOf = groupLabels(node)
  const labels: Labels[] = []
  const groupOf = new Uint32Array(input.size)
  for (let i = 0; i < input.size; i++) {
    if (evaluation.due(1 + grouping.length)) yield
    const member = needsName ? input.labelsAt(i) : (input.labels[i] as Labels)
    const id = ids.idOf(member)
    groupOf[i] = id
    if (id === labels.length) labels.push(labelsOf(member))
  }
  return { labels, groupOf }
}

function* groupsWithout(node: Aggregate, input: Vector, evaluation: Evaluation): Work<Groups> {
  const labelsOf = groupLabels(node)
  const labels: Labels[] = []
  const groupOf = new Uint32Array(input.size)
  const numbers = new Map<string, number>()
  for (let i = 0; i < input.size; i++) {
    if (evaluation.due(20)) yield
    const group = labelsOf(input.labelsAt(i))
    const number = numbers.get(group.key)
    groupOf[i] = number ?? labels.length
    if (number !== undefined) continue
    numbers.set(group.key, labels.length)
    labels.push(group)
  }
  return { labels, groupOf }
}

/** Numbers of the series of each group. */
export function membersOf({ labels, groupOf }: Groups, size: number): number[][] {
  const members = labels.map((): number[] => [])
  for (let i = 0; i < size; i++) (members[groupOf[i] ?? 0] as number[]).push(i)
  return members
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
