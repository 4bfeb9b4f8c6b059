import { seededRandom } from '../promql/seeded-random.ts'

/** Choices that are the same for the same seed. */
export class Draw {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = seededRandom(seed)
  }

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + Math.floor(this.#next() * (most - least + 1))
  }

  chance(share: number): boolean {
    return this.#next() < share
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new Error('there is nothing to choose from')
    return list[this.int(0, list.length - 1)] as T
  }

  /** `count` different members in the order of the list; all of them where there are fewer. */
  some<T>(list: readonly T[], count: number): T[] {
    const left = list.map((_, i) => i)
    const taken: number[] = []
    while (taken.length < count && left.length > 0) taken.push(...left.splice(this.int(0, left.length - 1), 1))
    return taken.sort((a, b) => a - b).map((i) => list[i] as T)
  }
}
