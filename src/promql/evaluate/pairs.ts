import { type Labels, METRIC_NAME } from '../../model/labels.ts'
import { type Binary, isComparison, type Matching } from '../syntax/ast.ts'
import type { Evaluation } from './evaluation.ts'
import { GroupIds } from './group-ids.ts'
import { dropMetadata, labelsCompared } from './names.ts'
import { hasSeries, listOf, type SeriesList } from './remember.ts'
import type { Vector } from './vector.ts'
import type { Work } from './work.ts'

/**
 * Which series of two vectors belong together. On one side of a binary operator there may be many in a group, on the other
 * one at a time. A group has the number of its first `one` series.
 */
export interface Pairs {
  /** By series of the `many` side: its group, or -1. */
  readonly groupOf: Int32Array
  /** By group: how many series of the `many` side it has. */
  readonly manyCounts: Uint32Array
  /** Groups with several series of the `one` side: all of them. */
  readonly ambiguous: ReadonlyMap<number, readonly number[]>
  /** By series of the `many` side: what its result is called, unless its group is ambiguous. */
  readonly results: readonly (Labels | undefined)[]
  /** No group is ambiguous, and no two results have equal labels. */
  readonly areDistinct: boolean
}

interface Remembered {
  readonly many: SeriesList
  readonly one: SeriesList
  readonly pairs: Pairs
}

const known = new WeakMap<Binary, Remembered>()

/** What `pairsOf` gives, where nothing has to be looked at for it; undefined otherwise. */
export function pairsNow(node: Binary, many: Vector, one: Vector): Pairs | undefined {
  const remembered = known.get(node)
  const isKnown = remembered !== undefined && hasSeries(many, remembered.many) && hasSeries(one, remembered.one)
  return isKnown ? remembered.pairs : undefined
}

export function* pairsOf(node: Binary, many: Vector, one: Vector, evaluation: Evaluation): Work<Pairs> {
  const now = pairsNow(node, many, one)
  if (now !== undefined) return now
  const pairs = yield* findPairs(node, many, one, evaluation)
  known.set(node, { many: listOf(many), one: listOf(one), pairs })
  return pairs
}

function* findPairs(node: Binary, many: Vector, one: Vector, evaluation: Evaluation): Work<Pairs> {
  const keyOf = matchKeyOf(node.matching)
  const groups = new Map<string | number, number>()
  const ambiguous = new Map<number, number[]>()
  for (let i = 0; i < one.size; i++) {
    if (evaluation.due(16)) yield
    const key = keyOf(one.comparedAt(i))
    const group = groups.get(key)
    if (group === undefined) groups.set(key, i)
    else if (ambiguous.has(group)) ambiguous.get(group)?.push(i)
    else ambiguous.set(group, [group, i])
  }
  const groupOf = new Int32Array(many.size)
  const manyCounts = new Uint32Array(one.size)
  const results: (Labels | undefined)[] = []
  const labelsOf = resultLabelsOf(node, many, one)
  const keys = new Set<string>()
  let count = 0
  for (let i = 0; i < many.size; i++) {
    if (evaluation.due(48)) yield
    const group = groups.get(keyOf(many.comparedAt(i))) ?? -1
    groupOf[i] = group
    if (group < 0 || ambiguous.has(group)) {
      results.push(undefined)
      if (group < 0) continue
    } else {
      const labels = labelsOf(i, group)
      results.push(labels)
      keys.add(labels.key)
      count++
    }
    manyCounts[group] = (manyCounts[group] as number) + 1
  }
  return { groupOf, manyCounts, ambiguous, results, areDistinct: ambiguous.size === 0 && keys.size === count }
}

/** Gives equal keys for labels that belong together; one of these serves both vectors. */
export function matchKeyOf({ on, labels }: Matching): (compared: Labels) => string | number {
  if (on) {
    const ids = new GroupIds(labels)
    return (compared) => ids.idOf(compared)
  }
  if (labels.length === 0) return (compared) => labelsCompared(compared).key
  const names = new Set([...labels, METRIC_NAME])
  return (compared) => compared.drop(names).key
}

/** What the result of series `i` of the `many` side with series `k` of the other is called. */
export function resultLabelsOf(node: Binary, many: Vector, one: Vector): (i: number, k: number) => Labels {
  const { op, returnBool, matching } = node
  const names = new Set(matching.labels)
  const losesName = !isComparison(op) || returnBool
  return (i, k) => {
    let labels = many.labelsAt(i)
    if (losesName) labels = dropMetadata(labels)
    if (matching.cardinality === 'one-to-one') labels = matching.on ? labels.keep(names) : labels.drop(names)
    if (matching.include.length === 0) return labels
    const other = one.labelsAt(k)
    for (const name of matching.include) labels = labels.with(name, other.get(name))
    return returnBool ? dropMetadata(labels) : labels
  }
}
