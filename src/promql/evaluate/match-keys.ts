import { type Labels, METRIC_NAME } from '../../model/labels.ts'
import { type Binary, isComparison, type Matching } from '../syntax/ast.ts'
import { dropMetadata } from './names.ts'

// Rules match the same series again and again: what was found out about labels stays with the query.

type TextOf = (labels: Labels) => string
const keys = new WeakMap<Matching, TextOf>()

/** By what samples of two vectors find each other: gives equal texts for labels that belong together. */
export function matchKeyOf(matching: Matching): TextOf {
  let keyOf = keys.get(matching)
  if (keyOf === undefined) {
    const { on, labels } = matching
    const names = new Set(on ? labels : [...labels, METRIC_NAME])
    keyOf = remembering((compared) => (on ? compared.keep(names) : compared.drop(names)).key)
    keys.set(matching, keyOf)
  }
  return keyOf
}

type LabelsOf = (labels: Labels) => Labels
const results = new WeakMap<Binary, LabelsOf>()

/** The labels of a result, by those of the side of which there may be many; without what the other side adds. */
export function resultLabelsOf(node: Binary): LabelsOf {
  let labelsOf = results.get(node)
  if (labelsOf === undefined) {
    const { op, returnBool, matching } = node
    const names = new Set(matching.labels)
    const losesName = !isComparison(op) || returnBool
    labelsOf = remembering((many) => {
      const labels = losesName ? dropMetadata(many) : many
      if (matching.cardinality !== 'one-to-one') return labels
      return matching.on ? labels.keep(names) : labels.drop(names)
    })
    results.set(node, labelsOf)
  }
  return labelsOf
}

function remembering<T>(compute: (labels: Labels) => T): (labels: Labels) => T {
  const known = new WeakMap<Labels, T>()
  return (labels) => {
    let result = known.get(labels)
    if (result === undefined) {
      result = compute(labels)
      known.set(labels, result)
    }
    return result
  }
}
