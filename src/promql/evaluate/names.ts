import { type Labels, METRIC_NAME } from '../../model/labels.ts'
import type { Evaluation } from './evaluation.ts'
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

/**
 * True when all label sets have the same metric name and neither type nor unit: then sets that differ do so without their
 * names too.
 */
export function* haveOneName(sets: readonly Labels[], evaluation: Evaluation): Work<boolean> {
  const name = sets[0]?.name
  for (const labels of sets) {
    if (evaluation.due(1)) yield
    if (labels.name !== name || isTyped(labels)) return false
  }
  return true
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
