import type { Labels } from '../../model/labels.ts'
import { PromqlError } from '../error.ts'
import type { Expr } from '../syntax/ast.ts'
import { flagColumn, numberColumn, sharedOnes } from './columns.ts'
import type { Evaluation } from './evaluation.ts'
import { dropMetadata, labelsCompared, namesNow, namesOf } from './names.ts'
import type { Work } from './work.ts'

/**
 * An instant vector over all steps, in columns: series `i` has its value of step `k` at `i * steps + k`. Whoever makes it
 * fills it; once handed out nobody writes to it, so that columns may be shared.
 */
export class Vector {
  readonly steps: number
  /** Of each series; without name, type and unit only once `labelsAt` has taken them off. */
  readonly labels: Labels[]
  /** A calculation has dropped name, type and unit. The labels are made when they are wanted, which in a sum is never. */
  readonly isNameless: boolean
  /** Where `labels` have been cut already: those by which a series is matched; see `comparedAt`. */
  typed: (Labels | undefined)[] | undefined
  values: Float64Array
  /** 1 where the series has a value; with one step every series has one. */
  present: Uint8Array

  constructor(steps: number, labels: Labels[], isNameless: boolean, values: Float64Array, present: Uint8Array) {
    this.steps = steps
    this.labels = labels
    this.isNameless = isNameless
    this.typed = undefined
    this.values = values
    this.present = present
  }

  /** To be filled; grows beyond `capacity` series. */
  static empty(steps: number, capacity: number, isNameless = false): Vector {
    const length = steps * capacity
    const present = steps === 1 ? sharedOnes(length) : flagColumn(length)
    return new Vector(steps, [], isNameless, numberColumn(length), present)
  }

  /** One series with a value at every step. */
  static of(labels: Labels, values: Float64Array): Vector {
    return new Vector(values.length, [labels], false, values, sharedOnes(values.length))
  }

  /** How many series it has. */
  get size(): number {
    return this.labels.length
  }

  /** Where the values of the next series go. Values and presence are to be read after this call: it may move them. */
  room(): number {
    const at = this.labels.length * this.steps
    if (at + this.steps > this.values.length) this.#grow()
    return at
  }

  /** Makes what was written to `room()` a series. */
  keep(labels: Labels, typed?: Labels): void {
    if (typed !== undefined) {
      this.typed ??= []
      this.typed[this.labels.length] = typed
    }
    this.labels.push(labels)
  }

  labelsAt(i: number): Labels {
    const labels = this.labels[i] as Labels
    return this.isNameless ? dropMetadata(labels) : labels
  }

  /**
   * The labels by which series `i` is matched with another vector's: with `__type__` and `__unit__` where a calculation
   * dropped them, so that a changed sample finds the unchanged one it came from.
   */
  comparedAt(i: number): Labels {
    const labels = this.labels[i] as Labels
    return this.isNameless ? labelsCompared(labels) : (this.typed?.[i] ?? labels)
  }

  #grow(): void {
    const grown = Vector.empty(this.steps, Math.max(4, 2 * this.labels.length))
    grown.values.set(this.values)
    if (this.steps > 1) grown.present.set(this.present)
    this.values = grown.values
    this.present = grown.present
  }
}

/**
 * The results of a calculation on the series of a vector, which lose their names.
 *
 * @throws PromqlError of kind `execution` when two series thereby become equal and have a value at the same step
 */
export function* calculated(
  node: Expr,
  input: Vector,
  values: Float64Array,
  present: Uint8Array,
  evaluation: Evaluation,
): Work<Vector> {
  const output = resultOf(input, values, present)
  if (input.isNameless || (yield* namesOf(node, input, evaluation)).canBeDropped) return output
  return yield* mergeEqual(output, evaluation)
}

/** As `calculated`, where it is known already that the names can go; undefined otherwise. */
export function calculatedNow(
  node: Expr,
  input: Vector,
  values: Float64Array,
  present: Uint8Array,
): Vector | undefined {
  const canBeDropped = input.isNameless || namesNow(node, input)?.canBeDropped === true
  return canBeDropped ? resultOf(input, values, present) : undefined
}

function resultOf(input: Vector, values: Float64Array, present: Uint8Array): Vector {
  const output = new Vector(input.steps, input.labels, true, values, present)
  output.typed = input.typed
  return output
}

/**
 * Joins series of equal labels that do not meet in time.
 *
 * @throws PromqlError of kind `execution` when two of them have a value at the same step
 */
export function* mergeEqual(vector: Vector, evaluation: Evaluation): Work<Vector> {
  const { size, steps, labels } = vector
  if (size < 2) return vector
  const rows = new Map<string, number>()
  const targets = new Uint32Array(size)
  for (let i = 0; i < size; i++) {
    if (evaluation.due(16)) yield
    const { key } = vector.labelsAt(i)
    const row = rows.get(key) ?? rows.size
    if (row === rows.size) rows.set(key, row)
    targets[i] = row
  }
  if (rows.size === size) return vector
  if (steps === 1) throw sameLabels()
  const merged = Vector.empty(steps, rows.size, vector.isNameless)
  for (let i = 0; i < size; i++) {
    if (evaluation.due(steps)) yield
    const row = targets[i] as number
    if (row === merged.size) merged.keep(labels[i] as Labels, vector.typed?.[i])
    for (let k = 0; k < steps; k++) {
      const from = i * steps + k
      if (vector.present[from] === 0) continue
      const to = row * steps + k
      if (merged.present[to] === 1) throw sameLabels()
      merged.present[to] = 1
      merged.values[to] = vector.values[from] as number
    }
  }
  return merged
}

/**
 * As after a function of a range vector: two output series may not share their labels at all.
 *
 * @throws PromqlError of kind `execution`
 */
export function* refuseEqual(vector: Vector, evaluation: Evaluation): Work<Vector> {
  const keys = new Set<string>()
  for (let i = 0; i < vector.size; i++) {
    if (evaluation.due(16)) yield
    keys.add(vector.labelsAt(i).key)
  }
  if (keys.size < vector.size) throw sameLabels()
  return vector
}

export function sameLabels(): PromqlError {
  return new PromqlError('execution', 'vector cannot contain metrics with the same labelset')
}
