import { type Labels, METRIC_NAME } from '../../model/labels.ts'
import type { Expr } from '../syntax/ast.ts'
import type { Evaluation } from './evaluation.ts'
import { hasSeries, listOf, type SeriesList } from './remember.ts'
import type { Vector } from './vector.ts'
import type { Work } from './work.ts'

const METADATA = new Set([METRIC_NAME, '__type__', '__unit__'])

interface Nameless {
  readonly labels: Labels
  /** Where `__type__` or `__unit__` was dropped: the labels with them. */
  readonly typed: Labels | undefined
}

const known = new WeakMap<Labels, Nameless>()

/** The labels without name, type and unit: what is left when a calculation turns a metric into something else. */
export function dropMetadata(labels: Labels): Labels {
  return nameless(labels).labels
}

/** As `dropMetadata`, but with type and unit. */
export function labelsCompared(labels: Labels): Labels {
  const { labels: rest, typed } = nameless(labels)
  return typed ?? rest
}

function nameless(labels: Labels): Nameless {
  let rest = known.get(labels)
  if (rest === undefined) {
    rest = { labels: labels.drop(METADATA), typed: isTyped(labels) ? labels.withoutName() : undefined }
    known.set(labels, rest)
  }
  return rest
}

/** What the series of a vector are called. */
export interface Names {
  /** The metric names, each once. */
  readonly all: readonly string[]
  /** Series that differ do so without their names, too: they have one name, and neither type nor unit. */
  readonly canBeDropped: boolean
}

const namesByNode = new WeakMap<Expr, { readonly of: SeriesList; readonly names: Names }>()

/** What `namesOf` gives, where nothing has to be looked at for it; undefined otherwise. */
export function namesNow(node: Expr, vector: Vector): Names | undefined {
  const [only] = vector.labels
  if (only !== undefined && vector.size === 1) return { all: [only.name], canBeDropped: true }
  const remembered = namesByNode.get(node)
  return remembered !== undefined && hasSeries(vector, remembered.of) ? remembered.names : undefined
}

/** @param node whose series these are */
export function* namesOf(node: Expr, vector: Vector, evaluation: Evaluation): Work<Names> {
  const now = namesNow(node, vector)
  if (now !== undefined) return now
  const all = new Set<string>()
  let anyTyped = false
  let last: string | undefined
  for (const labels of vector.labels) {
    if (evaluation.due(2)) yield
    const { name } = labels
    if (name !== last) all.add(name)
    last = name
    anyTyped ||= isTyped(labels)
  }
  const names = { all: [...all], canBeDropped: all.size <= 1 && !anyTyped }
  namesByNode.set(node, { of: listOf(vector), names })
  return names
}

const resultsByNode = new WeakMap<Expr, { readonly of: SeriesList; readonly labels: readonly Labels[] }>()

/** What `finalLabels` gives, where nothing has to be looked at for it; undefined otherwise. */
export function finalLabelsNow(node: Expr, vector: Vector): readonly Labels[] | undefined {
  if (!vector.isNameless) return vector.labels
  const remembered = resultsByNode.get(node)
  return remembered !== undefined && hasSeries(vector, remembered.of) ? remembered.labels : undefined
}

/** The labels of a query's result. */
export function* finalLabels(node: Expr, vector: Vector, evaluation: Evaluation): Work<readonly Labels[]> {
  const now = finalLabelsNow(node, vector)
  if (now !== undefined) return now
  const labels: Labels[] = []
  for (let i = 0; i < vector.size; i++) {
    if (evaluation.due(16)) yield
    labels.push(vector.labelsAt(i))
  }
  resultsByNode.set(node, { of: listOf(vector), labels })
  return labels
}

/** Names are sorted, and those of most labels are letters, which come behind the underscore. */
function isTyped({ pairs }: Labels): boolean {
  for (let i = 0; i < pairs.length; i += 2) {
    const name = pairs[i] as string
    if (name.charCodeAt(0) > UNDERSCORE) return false
    if (name === '__type__' || name === '__unit__') return true
  }
  return false
}

const UNDERSCORE = 95
