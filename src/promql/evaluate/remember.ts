import type { Labels } from '../../model/labels.ts'
import type { Vector } from './vector.ts'

/** The series of a vector as long as their labels are the same. */
export interface SeriesList {
  readonly labels: readonly Labels[]
  readonly isNameless: boolean
}

export function listOf({ labels, isNameless }: Vector): SeriesList {
  return { labels, isNameless }
}

/**
 * Whether a vector has the very series of a list, in the same order. Rules look at the same series again and again: what was
 * found out about their labels holds until one comes or goes, and to see that costs next to nothing.
 */
export function hasSeries({ labels, isNameless, typed }: Vector, known: SeriesList): boolean {
  if (isNameless !== known.isNameless || typed !== undefined || labels.length !== known.labels.length) return false
  for (let i = 0; i < labels.length; i++) if (labels[i] !== known.labels[i]) return false
  return true
}
