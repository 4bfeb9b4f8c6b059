import type { Labels } from '../../model/labels.ts'
import { type Matcher, matchesAll } from '../../model/matcher.ts'

/** Finds series by labels: an inverted index, held in memory, from each label's values to series numbers. */
export class SeriesIndex {
  readonly #byKey = new Map<string, number>()
  readonly #labels: (Labels | undefined)[] = []
  readonly #postings = new Map<string, Map<string, number[]>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  refOf(labels: Labels): number | undefined {
    return this.#byKey.get(labels.key)
  }

  labelsOf(ref: number): Labels | undefined {
    return this.#labels[ref]
  }

  /** How many series a metric name has. */
  countOf(metricName: string): number {
    return this.#postings.get('__name__')?.get(metricName)?.length ?? 0
  }

  /** Series have to be added in ascending order of `ref`, so that every list of the index is in order. */
  add(ref: number, labels: Labels): void {
    this.#byKey.set(labels.key, ref)
    this.#labels[ref] = labels
    this.#size++
    for (const [name, value] of labels) {
      let values = this.#postings.get(name)
      if (values === undefined) {
        values = new Map()
        this.#postings.set(name, values)
      }
      const refs = values.get(value)
      if (refs === undefined) values.set(value, [ref])
      else refs.push(ref)
    }
  }

  /** Numbers of the series that satisfy every matcher, ascending. */
  find(matchers: readonly Matcher[]): number[] {
    const narrowest = this.#narrowest(matchers)
    const rest = matchers.filter((matcher) => matcher !== narrowest.matcher)
    const found: number[] = []
    for (const ref of narrowest.refs) {
      const labels = this.#labels[ref]
      if (labels !== undefined && matchesAll(rest, labels)) found.push(ref)
    }
    return found
  }

  labelNames(): string[] {
    return [...this.#postings.keys()].sort()
  }

  labelValues(name: string): string[] {
    return [...(this.#postings.get(name)?.keys() ?? [])].sort()
  }

  *refs(): Generator<number> {
    for (const ref of this.#byKey.values()) yield ref
  }

  /** The matcher that leaves the fewest candidates; one that an absent label satisfies can't narrow anything. */
  #narrowest(matchers: readonly Matcher[]): { matcher: Matcher | undefined; refs: Iterable<number> } {
    let best: { matcher: Matcher; lists: readonly number[][]; count: number } | undefined
    for (const matcher of matchers) {
      if (matcher.matches('')) continue
      const lists = this.#lists(matcher)
      const count = lists.reduce((sum, list) => sum + list.length, 0)
      if (best === undefined || count < best.count) best = { matcher, lists, count }
    }
    if (best === undefined) return { matcher: undefined, refs: this.#byKey.values() }
    const [only] = best.lists
    if (best.lists.length <= 1) return { matcher: best.matcher, refs: only ?? [] }
    return { matcher: best.matcher, refs: best.lists.flat().sort((a, b) => a - b) }
  }

  #lists({ name, op, value, matches }: Matcher): number[][] {
    const values = this.#postings.get(name)
    if (values === undefined) return []
    if (op === '=') {
      const refs = values.get(value)
      return refs === undefined ? [] : [refs]
    }
    return [...values].filter(([text]) => matches(text)).map(([, refs]) => refs)
  }
}
