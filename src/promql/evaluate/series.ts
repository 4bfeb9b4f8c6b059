import { type Labels, METRIC_NAME } from '../../model/labels.ts'
import { PromqlError } from '../error.ts'
import type { Evaluation, StepSeries } from './evaluation.ts'

const METADATA = new Set([METRIC_NAME, '__type__', '__unit__'])

type Turns = Pick<Evaluation, 'due' | 'pause'>
type Named = Pick<StepSeries, 'labels' | 'typed'>
const dropped = new WeakMap<Labels, Named>()

/** The labels without name, type and unit: what is left when a calculation turns a metric into something else. */
export function dropMetadata(labels: Labels): Labels {
  return namesDropped(labels).labels
}

/** As `dropMetadata` for a series; see `StepSeries.typed`. */
export function withoutMetadata({ labels, typed }: Named): Named {
  const now = namesDropped(labels)
  return typed === undefined ? now : { labels: now.labels, typed }
}

function namesDropped(labels: Labels): Named {
  let known = dropped.get(labels)
  if (known === undefined) {
    const rest = labels.drop(METADATA)
    const isTyped = labels.has('__type__') || labels.has('__unit__')
    known = { labels: rest, typed: isTyped ? labels.withoutName() : undefined }
    dropped.set(labels, known)
  }
  return known
}

/** True when at least one step has a value. */
export function hasValues({ present }: StepSeries): boolean {
  return present.includes(1)
}

/**
 * Joins series of equal labels that do not meet in time.
 *
 * @throws PromqlError of kind `execution` when two of them have a value at the same step
 */
export async function mergeEqual(series: StepSeries[], evaluation: Turns): Promise<StepSeries[]> {
  if (series.length < 2) return series
  const byKey = new Map<string, number>()
  const merged: StepSeries[] = []
  let owned: Set<number> | undefined
  for (const next of series) {
    if (evaluation.due()) await evaluation.pause()
    const { key } = next.labels
    const at = byKey.get(key)
    if (at === undefined) {
      byKey.set(key, merged.length)
      merged.push(next)
      continue
    }
    owned ??= new Set()
    let target = merged[at] as StepSeries
    if (!owned.has(at)) {
      target = { ...target, values: target.values.slice(), present: target.present.slice() }
      merged[at] = target
      owned.add(at)
    }
    for (let i = 0; i < next.present.length; i++) {
      if (next.present[i] === 0) continue
      if (target.present[i] === 1) throw sameLabels()
      target.present[i] = 1
      target.values[i] = next.values[i] as number
    }
  }
  return merged
}

/**
 * As after a function of a range vector: two output series may not share their labels at all.
 *
 * @throws PromqlError of kind `execution`
 */
export async function refuseEqual(series: StepSeries[], evaluation: Turns): Promise<StepSeries[]> {
  if (series.length < 2) return series
  const keys = new Set<string>()
  for (const { labels } of series) {
    if (evaluation.due()) await evaluation.pause()
    if (keys.has(labels.key)) throw sameLabels()
    keys.add(labels.key)
  }
  return series
}

export function sameLabels(): PromqlError {
  return new PromqlError('execution', 'vector cannot contain metrics with the same labelset')
}

/** A series that has a value at every step. */
export function constantlyPresent(labels: Labels, values: Float64Array): StepSeries {
  return { labels, values, present: new Uint8Array(values.length).fill(1) }
}
