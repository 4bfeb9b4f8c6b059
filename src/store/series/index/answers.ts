import { METRIC_NAME } from '../../../model/labels.ts'
import type { Matcher } from '../../../model/matcher.ts'

interface Answer {
  readonly refs: Uint32Array
  /** The metric on whose series alone the answer depends; undefined when it may depend on all. */
  readonly metric: string | undefined
  readonly change: number
}

/** Longer answers are found anew: few ask for them, and they would take more memory than they save time. */
const MAX_KEPT = 4096

/** Remembers what selectors found, for those who ask with the same list of matchers again, until series come or go. */
export class Answers {
  readonly #byMatchers = new WeakMap<readonly Matcher[], Answer>()
  #changes = 0
  readonly #lastChange = new Map<string, number>()

  get(matchers: readonly Matcher[]): Uint32Array | undefined {
    const answer = this.#byMatchers.get(matchers)
    return answer !== undefined && answer.change === this.#changeOf(answer.metric) ? answer.refs : undefined
  }

  keep(matchers: readonly Matcher[], refs: Uint32Array): void {
    if (refs.length > MAX_KEPT) return
    const metric = matchers.find(({ name, op, value }) => name === METRIC_NAME && op === '=' && value !== '')?.value
    this.#byMatchers.set(matchers, { refs, metric, change: this.#changeOf(metric) })
  }

  /** A series of the metric has come or gone. */
  changed(metric: string, isLast: boolean): void {
    this.#changes++
    if (isLast) this.#lastChange.delete(metric)
    else this.#lastChange.set(metric, this.#changes)
  }

  #changeOf(metric: string | undefined): number {
    if (metric === undefined) return this.#changes
    // Of a metric that has no series every answer is empty, whenever it was found.
    return this.#lastChange.get(metric) ?? 0
  }
}
