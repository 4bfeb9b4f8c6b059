/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const LABELS = ['job', 'zone', 'instance'] as const

/**
 * Makes queries that a Prometheus of either side of version 3 must answer alike once its windows are made left-open.
 * Gauges `g1`, `g2`, counters `c1_total`, `c2_total` and a histogram `h_bucket` have the labels job, zone and instance.
 */
export class QueryGenerator {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  /** `isExtrapolated`: rate, increase or delta are in it, whose results depend on the length of the range a little. */
  next(): { readonly text: string; readonly isExtrapolated: boolean } {
    const isExtrapolated = this.#chance(0.3)
    return { text: isExtrapolated ? this.#extrapolated(2) : this.#vector(3), isExtrapolated }
  }

  #chance(share: number): boolean {
    return this.#random() < share
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)] as T
  }

  #minutes(): number {
    return 1 + Math.floor(this.#random() * 12)
  }

  #number(): string {
    return this.#pick(['0.5', '2', '7.25', '-3', '100', '1e3', '0'])
  }

  #selector(names: readonly string[] = ['g1', 'g2', 'c1_total', 'c2_total']): string {
    const matcher = this.#chance(0.5)
      ? `{${this.#pick(['job="a"', 'zone!="z1"', 'instance=~"i[01]"', 'job!~"b|c",zone="z0"', 'nosuch="x"'])}}`
      : ''
    return this.#pick(names) + matcher
  }

  #moved(): string {
    const offset = this.#chance(0.2) ? ` offset ${this.#chance(0.2) ? '-' : ''}${this.#minutes()}m` : ''
    const at = this.#chance(0.12) ? ` @ ${this.#pick(['end()', 'start()', '1700004000', '1700003333.5'])}` : ''
    return offset + at
  }

  #grouping(): string {
    if (this.#chance(0.25)) return ''
    const labels = LABELS.filter(() => this.#chance(0.4)).join(', ')
    return ` ${this.#pick(['by', 'without'])} (${labels})`
  }

  #range(depth: number): string {
    if (depth > 0 && this.#chance(0.25)) {
      return `${this.#subqueryInner(depth - 1)}[${5 + this.#minutes()}m:${this.#pick(['', '1m', '2m', '30s', '90s'])}]${this.#moved()}`
    }
    return `${this.#selector()}[${this.#minutes()}m]${this.#moved()}`
  }

  #subqueryInner(depth: number): string {
    return this.#chance(0.5) ? this.#selector() : `(${this.#vector(depth)})`
  }

  #vector(depth: number): string {
    if (depth === 0) return this.#selector() + this.#moved()
    const inner = () => this.#vector(depth - 1)
    return this.#pick<() => string>([
      () => this.#selector() + this.#moved(),
      () => `${this.#pick(['abs', 'ceil', 'floor', 'sgn', 'sqrt', 'ln', 'cos', 'deg', '-', '+', 'round'])}(${inner()})`,
      () =>
        `clamp(${inner()}, ${this.#pick(['-5', '0'])}, ${this.#pick(['50', 'scalar(g1{job="a",instance="i0",zone="z0"})'])})`,
      () => `round(${inner()}, ${this.#pick(['5', '0.5', '0.1'])})`,
      () => `${this.#pick(['hour', 'minute', 'day_of_year', 'timestamp', 'days_in_month'])}(${this.#selector()})`,
      () => this.#window(depth),
      () => this.#window(depth),
      () => this.#window(depth),
      () =>
        `${this.#pick(['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar'])}${this.#grouping()} (${inner()})`,
      () => `${this.#pick(['sum', 'avg', 'min', 'max', 'count'])}${this.#grouping()} (${inner()})`,
      () => `quantile${this.#grouping()} (${this.#pick(['0', '0.3', '0.95', '1', '2'])}, ${inner()})`,
      () =>
        `${this.#pick(['topk', 'bottomk'])}${this.#grouping()} (${this.#pick(['1', '2', '5'])}, ${this.#selector(['g1', 'g2'])})`,
      () => `count_values("v"${', '}floor(${this.#selector(['g1'])} / 40))`,
      () => `label_replace(${inner()}, "new", "$1-x", "job", "(a|b)")`,
      () => `label_join(${inner()}, "both", "/", "job", "zone")`,
      () => `absent(${this.#selector()}${this.#moved()})`,
      () => this.#withScalar(inner()),
      () => this.#withScalar(inner()),
      () => this.#joined(depth - 1),
      () => this.#joined(depth - 1),
      () => `${inner()} ${this.#pick(['and', 'or', 'unless'])}${this.#matching()} ${inner()}`,
      () => `(${inner()}) ${this.#pick(['and', 'or', 'unless'])} on(${this.#pick(LABELS)}) (${inner()})`,
    ])()
  }

  #window(depth: number): string {
    const range = this.#range(depth - 1)
    return this.#pick<() => string>([
      () =>
        `${this.#pick(['avg', 'sum', 'min', 'max', 'count', 'last', 'present', 'stddev', 'stdvar'])}_over_time(${range})`,
      () => `${this.#pick(['avg', 'sum', 'min', 'max', 'count', 'last'])}_over_time(${range})`,
      () => `quantile_over_time(${this.#pick(['0', '0.25', '0.9'])}, ${range})`,
      () => `${this.#pick(['irate', 'idelta', 'resets', 'changes', 'deriv'])}(${range})`,
      // Prometheus 2 does not repeat a window that @ fixes for functions that look at the clock.
      () =>
        `predict_linear(${range.replace(/ @ (?:end\(\)|start\(\)|[\d.]+)/g, '')}, ${this.#pick(['60', '3600', '-600'])})`,
      () => `absent_over_time(${range})`,
    ])()
  }

  #withScalar(vector: string): string {
    const scalar = this.#chance(0.8) ? this.#number() : this.#pick(['scalar(sum(g2))', 'time() / 1e9', '(1 + 2 ^ 2)'])
    const op = this.#pick(['+', '-', '*', '/', '%', '>', '<', '>=', '!=', '> bool', '== bool'])
    return this.#chance(0.7) ? `(${vector}) ${op} ${scalar}` : `${scalar} ${op} (${vector})`
  }

  #matching(): string {
    if (this.#chance(0.5)) return ''
    return ` ${this.#pick(['on', 'ignoring'])}(${LABELS.filter(() => this.#chance(0.5)).join(',')})`
  }

  #joined(depth: number): string {
    const op = this.#pick(['+', '-', '*', '/', '>', '<=', '>= bool'])
    const label = this.#pick(LABELS)
    return this.#pick<() => string>([
      () => `${this.#selector(['g1'])} ${op} ${this.#selector(['g2'])}`,
      () => `${this.#selector(['g1'])} ${op} on(job, zone, instance) ${this.#selector(['c1_total'])}`,
      () => `sum by (${label}) (${this.#vector(depth)}) ${op} avg by (${label}) (${this.#selector()})`,
      () => `${this.#selector()} ${op} on(${label}) group_left sum by (${label}) (${this.#selector()})`,
      () => `max by (${label}) (${this.#selector()}) ${op} on(${label}) group_right() ${this.#selector()}`,
      () => `${this.#selector(['g1'])} ${op} ignoring(instance) ${this.#selector(['g2'])}`,
    ])()
  }

  /** Nothing in here may turn a small difference into a large one. */
  #extrapolated(depth: number): string {
    const counters = ['c1_total', 'c2_total']
    const range = () => `[${2 + this.#minutes()}m]${this.#moved()}`
    const inner = () => this.#extrapolated(depth - 1)
    const rate = () => `${this.#pick(['rate', 'increase'])}(${this.#selector(counters)}${range()})`
    if (depth === 0) return rate()
    return this.#pick<() => string>([
      rate,
      rate,
      () => `delta(${this.#selector(['g1', 'g2'])}${range()})`,
      () => `${this.#pick(['sum', 'avg', 'min', 'max', 'count'])}${this.#grouping()} (${rate()})`,
      () => `(${inner()}) ${this.#pick(['+', '*'])} ${this.#pick(['2', '100'])}`,
      () => `sum by (job) (${rate()}) / on(job) sum by (job) (${rate()})`,
      () =>
        `histogram_quantile(${this.#pick(['0.5', '0.9', '1'])}, sum by (le${this.#chance(0.5) ? ', job' : ''}) (rate(h_bucket${range()})))`,
      () => `${this.#pick(['avg', 'max', 'min', 'sum'])}_over_time(rate(c1_total[${2 + this.#minutes()}m])[10m:1m])`,
      () => `rate(c1_total[${2 + this.#minutes()}m:30s])`,
    ])()
  }
}
