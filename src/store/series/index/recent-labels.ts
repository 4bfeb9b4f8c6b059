import type { Labels } from '../../../model/labels.ts'

const GENERATION = 16_384

/**
 * Label sets that somebody asked for not long ago. Rules ask for the same ones in every cycle, and what they remember of
 * them depends on getting the same objects; those of all series would take more memory than the rest of the index.
 */
export class RecentLabels {
  #young = new Map<number, Labels>()
  #old = new Map<number, Labels>()

  get(ref: number): Labels | undefined {
    const young = this.#young.get(ref)
    if (young !== undefined) return young
    const old = this.#old.get(ref)
    if (old !== undefined) this.set(ref, old)
    return old
  }

  set(ref: number, labels: Labels): void {
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(ref, labels)
  }

  delete(ref: number): void {
    this.#young.delete(ref)
    this.#old.delete(ref)
  }
}
