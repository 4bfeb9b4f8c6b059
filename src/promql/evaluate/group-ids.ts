import type { Labels } from '../../model/labels.ts'

/** More values of a label than series there may be. */
const MOST_VALUES = 2 ** 26

/** Numbers label sets by the values of some labels: equal values, equal number; from 0 in the order of their coming. */
export class GroupIds {
  readonly #names: readonly string[]
  /** By label: its values. */
  readonly #values: Map<string, number>[]
  /** By label: pairs of what the labels before it gave and its own value. */
  readonly #pairs: Map<number, number>[]

  constructor(names: readonly string[]) {
    this.#names = names
    this.#values = names.map(() => new Map())
    this.#pairs = names.map(() => new Map())
  }

  idOf(labels: Labels): number {
    let id = 0
    for (let i = 0; i < this.#names.length; i++) {
      const value = numberOf(this.#values[i] as Map<string, number>, labels.get(this.#names[i] as string))
      id = i === 0 ? value : numberOf(this.#pairs[i] as Map<number, number>, id * MOST_VALUES + value)
    }
    return id
  }
}

function numberOf<Key>(known: Map<Key, number>, key: Key): number {
  let number = known.get(key)
  if (number === undefined) {
    number = known.size
    known.set(key, number)
  }
  return number
}
