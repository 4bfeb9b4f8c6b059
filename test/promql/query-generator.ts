import { seededRandom } from './seeded-random.ts'

const LABELS = ['job', 'zone', 'instance'] as const
const MATCHERS = ['job="a"', 'zone!="z1"', 'instance=~"i[01]"', 'job!~"b|c",zone="z0"', 'nosuch="x"', 'nosuch!="x"']

/** One query, and what its results may be compared by. */
export interface GeneratedQuery {
  readonly text: string
  /**
   * Its windows end a millisecond before any sample could stand on their edge, so that an engine that includes the left
   * edge reads the same samples, and divides by the same length.
   */
  readonly isOffGrid: boolean
  /** The result is one that has an order: `sort`, `sort_desc`, `topk`, `bottomk`. */
  readonly isOrdered: boolean
}

/**
 * Makes queries on the data of `differential-data.ts` that a Prometheus on either side of version 3 must answer alike.
 *
 * What Prometheus 2.42 is known to answer otherwise is not asked: `histogram_fraction`, `first_over_time`, type and unit
 * labels, `atan2` with its name kept, `stddev` and `stdvar` across infinities, a changing quantile of a window that `@` fixes.
 */
export class QueryGenerator {
  readonly #random: () => number
  #isOffGrid = false

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  /** @param isRange results of several steps have no order and are no range vectors */
  next(isRange = false): GeneratedQuery {
    this.#isOffGrid = this.#chance(0.3)
    if (this.#chance(0.05)) return this.#made(this.#scalar(3))
    if (!isRange && this.#chance(0.05)) return this.#made(this.#ordered(), true)
    if (!isRange && this.#chance(0.03)) return this.#made(this.#range(1))
    if (!this.#isOffGrid && this.#chance(0.05)) return this.#made(this.#broken())
    return this.#made(this.#vector(3))
  }

  #made(text: string, isOrdered = false): GeneratedQuery {
    return { text, isOffGrid: this.#isOffGrid, isOrdered }
  }

  // -- chance -----------------------------------------------------------------------------------------------------------

  #chance(share: number): boolean {
    return this.#random() < share
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)] as T
  }

  #either(...ways: readonly (() => string)[]): string {
    return this.#pick(ways)()
  }

  #some(share: number): string {
    return LABELS.filter(() => this.#chance(share)).join(', ')
  }

  // -- small parts ------------------------------------------------------------------------------------------------------

  #whole(most: number): number {
    return 1 + Math.floor(this.#random() * most)
  }

  #number(): string {
    return this.#pick(['0.5', '2', '7.25', '-3', '100', '1e3', '0', '-0.1', '0x10', '1.5e-3', 'NaN', 'Inf', '-Inf'])
  }

  /** Seconds that samples of counters stand on, but never the edge of a window with its millisecond taken away. */
  #window(most = 12): string {
    const minutes = this.#whole(most)
    if (this.#isOffGrid) return this.#pick([`${minutes * 60_000 - 1}ms`, `${minutes - 1}m59s999ms`].slice(0, minutes))
    return this.#pick([`${minutes}m`, `${minutes}m`, `${minutes * 17}s`, `${minutes * 60_000 + 123}ms`])
  }

  #resolution(): string {
    return this.#pick(['', '1m', '2m', '30s', '90s', '17s'])
  }

  #moved(): string {
    const offset = this.#chance(0.2)
      ? ` offset ${this.#chance(0.25) ? '-' : ''}${this.#whole(12)}${this.#pick(['m', 's'])}`
      : ''
    const at = this.#chance(0.12)
      ? ` @ ${this.#pick(['end()', 'start()', '1700004000', '1700003333', '1.7000028e9'])}`
      : ''
    return this.#chance(0.5) ? offset + at : at + offset
  }

  /** Prometheus 2 forgets the offset of what `timestamp` takes from a fixed time. */
  #timed(): string {
    const moved = this.#moved()
    return this.#selector() + (moved.includes('@') ? moved.replace(/ offset \S+/, '') : moved)
  }

  #gauge(): string {
    return this.#isOffGrid ? 'even' : this.#pick(['g1', 'g2', 'gone', 'rare'])
  }

  #counter(): string {
    return this.#pick(['c1_total', 'c2_total', 'c0_total'])
  }

  #name(): string {
    return this.#chance(0.6) ? this.#gauge() : this.#counter()
  }

  #matchers(): string {
    return this.#chance(0.5) ? `{${this.#pick(MATCHERS)}}` : ''
  }

  #selector(name = this.#name()): string {
    return name + this.#matchers()
  }

  #grouping(): string {
    if (this.#chance(0.25)) return ''
    const labels = this.#some(0.4)
    const name = this.#chance(0.1) ? (labels === '' ? '__name__' : ', __name__') : ''
    return ` ${this.#pick(['by', 'without'])} (${labels}${name})`
  }

  /** Prometheus 2 sorts the value's label into the place of one of three others. */
  #shortGrouping(): string {
    return this.#pick(['', ' by ()', ' by (job)', ' without (zone)', ' by (zone, instance)', ' without (job, zone)'])
  }

  // -- scalars ----------------------------------------------------------------------------------------------------------

  #scalar(depth: number): string {
    if (depth === 0) return this.#number()
    const inner = () => this.#scalar(depth - 1)
    return this.#either(
      () => this.#number(),
      () => `scalar(${this.#chance(0.7) ? `sum(${this.#selector()})` : this.#selector('one')})`,
      () => this.#pick(['(time() - 1700001111)', 'pi()', 'scalar(nosuch)', 'scalar(vector(3))']),
      () => `(${inner()}) ${this.#pick(['+', '-', '*', '/', '^'])} (${inner()})`,
      () => `(${this.#number()}) % (${this.#number()})`,
      () => `(${inner()}) ${this.#pick(['==', '!=', '<', '>', '<=', '>='])} bool (${inner()})`,
      () => `${this.#pick(['-', '+'])}${inner()}`,
    )
  }

  // -- range vectors ----------------------------------------------------------------------------------------------------

  #range(depth: number, name = this.#name()): string {
    if (depth > 0 && this.#chance(0.25)) {
      const inner = this.#chance(0.5) ? this.#selector(name) : `(${this.#vector(depth - 1)})`
      return `${inner}[${this.#window(17)}:${this.#resolution()}]${this.#moved()}`
    }
    return `${this.#selector(name)}[${this.#window()}]${this.#moved()}`
  }

  #overTime(depth: number): string {
    return this.#either(
      () => `${this.#pick(['avg', 'sum', 'min', 'max', 'count'])}_over_time(${this.#range(depth)})`,
      () => `${this.#pick(['last', 'present', 'stddev', 'stdvar'])}_over_time(${this.#range(depth)})`,
      () => `quantile_over_time(${this.#pick(['0', '0.25', '0.9', '1', '-1', '1.1'])}, ${this.#range(depth)})`,
      () => `${this.#pick(['irate', 'idelta', 'resets', 'changes', 'deriv'])}(${this.#range(depth)})`,
      () => `absent_over_time(${this.#range(depth)})`,
      () => this.#prediction(depth),
      () => this.#extrapolated(depth),
      () => this.#extrapolated(depth),
    )
  }

  /** Prometheus 2 looks at the first step's clock only, where `@` fixes the window. */
  #prediction(depth: number): string {
    const free = this.#range(depth).replaceAll(/ @ (?:end\(\)|start\(\)|[\d.e]+)/g, '')
    return `predict_linear(${free}, ${this.#pick(['60', '3600', '-600', '0'])})`
  }

  /** Results depend on the length of the window, so both engines must be given the same. */
  #extrapolated(depth: number): string {
    if (!this.#isOffGrid) return `irate(${this.#selector(this.#counter())}[${this.#window()}]${this.#moved()})`
    const counter = () => this.#range(0, this.#counter())
    return this.#either(
      () => `${this.#pick(['rate', 'increase'])}(${counter()})`,
      () => `${this.#pick(['rate', 'increase'])}(${counter()})`,
      () => `delta(${this.#range(depth, 'even')})`,
      () =>
        `${this.#pick(['avg', 'max', 'min', 'sum'])}_over_time(rate(${counter()})[${this.#window(17)}:${this.#resolution()}])`,
      () => `rate(${this.#counter()}[${this.#window(17)}:${this.#pick(['30s', '15s'])}])`,
      () =>
        `histogram_quantile(${this.#quantile()}, sum by (le${this.#chance(0.5) ? ', job' : ''}) (rate(h_bucket[${this.#window()}]${this.#moved()})))`,
      () => `sum by (job) (rate(${counter()})) / on (job) sum by (job) (rate(${counter()}))`,
    )
  }

  #quantile(): string {
    return this.#pick(['0', '0.5', '0.9', '0.99', '1', '-0.1', '1.1', 'NaN'])
  }

  // -- vectors ----------------------------------------------------------------------------------------------------------

  /** Values that both engines compute to the last bit, for functions that jump. */
  #steady(depth: number): string {
    if (depth === 0) return this.#selector() + this.#moved()
    const inner = () => this.#steady(depth - 1)
    return this.#either(
      () => this.#selector() + this.#moved(),
      () => `${this.#pick(['min', 'max', 'count', 'group'])}${this.#grouping()} (${inner()})`,
      () => `${this.#pick(['min', 'max', 'count', 'last', 'present'])}_over_time(${this.#range(0)})`,
      () => `${this.#pick(['abs', 'ceil', 'floor', 'sgn', 'round', 'sort', 'sort_desc'])}(${inner()})`,
      () => `clamp(${inner()}, ${this.#pick(['-5', '0', '60'])}, ${this.#pick(['50', 'scalar(one)'])})`,
      () => `clamp_${this.#pick(['min', 'max'])}(${inner()}, ${this.#number()})`,
      () =>
        `(${inner()}) ${this.#pick(['>', '<', '>=', '<=', '==', '!=', '> bool', '== bool', '%'])} ${this.#number()}`,
      () => this.#set(inner(), inner()),
    )
  }

  #vector(depth: number): string {
    if (depth === 0) return this.#selector() + this.#moved()
    const inner = () => this.#vector(depth - 1)
    const steady = () => this.#steady(depth - 1)
    return this.#either(
      () => this.#selector() + this.#moved(),
      () => this.#overTime(depth - 1),
      () => this.#overTime(depth - 1),
      () => this.#overTime(depth - 1),
      () => `${this.#pick(['sum', 'avg', 'min', 'max', 'count', 'group'])}${this.#grouping()} (${inner()})`,
      () => `${this.#pick(['stddev', 'stdvar'])}${this.#grouping()} (${this.#selector()}${this.#moved()})`,
      () => `${this.#pick(['sum', 'avg', 'SUM', 'Avg'])}(${inner()})${this.#grouping()}`,
      () => `quantile${this.#grouping()} (${this.#quantile()}, ${inner()})`,
      () =>
        `${this.#pick(['topk', 'bottomk'])}${this.#grouping()} (${this.#pick(['1', '2', '5', '0', '-1'])}, ${this.#distinct()})`,
      () =>
        `count_values${this.#shortGrouping()} ("${this.#pick(['v', 'job'])}", ${this.#chance(0.5) ? `floor(${steady()} / 40)` : steady()})`,
      () => this.#steady(depth),
      () => this.#mathematics(inner()),
      () => this.#dates(),
      () => this.#labelled(inner()),
      () => `absent(${this.#chance(0.5) ? this.#selector() + this.#moved() : inner()})`,
      () => this.#withScalar(inner(), depth),
      () => this.#withScalar(inner(), depth),
      () => this.#joined(depth - 1),
      () => this.#joined(depth - 1),
      () => this.#set(inner(), inner()),
      () => `${this.#pick(['-', '+'])}(${inner()})`,
      () => `vector(${this.#scalar(2)})`,
      () => `(timestamp(${this.#chance(0.7) ? this.#timed() : `${steady()} + 0`}) - 1700002222)`,
    )
  }

  #distinct(): string {
    return `${this.#selector(this.#isOffGrid ? 'even' : this.#pick(['g1', 'g2']))}${this.#moved()}`
  }

  #ordered(): string {
    return this.#either(
      () => `${this.#pick(['sort', 'sort_desc'])}(${this.#chance(0.5) && !this.#isOffGrid ? 'gx' : this.#steady(1)})`,
      () => `${this.#pick(['topk', 'bottomk'])}(${this.#pick(['1', '3', '100'])}, ${this.#distinct()})`,
    )
  }

  #mathematics(vector: string): string {
    return this.#either(
      () => `${this.#pick(['sqrt', 'ln', 'log2', 'log10', 'rad', 'deg', 'atan', 'asinh', 'tanh'])}(${vector})`,
      () =>
        `${this.#pick(['sin', 'cos', 'tan', 'sinh', 'cosh', 'asin', 'acos', 'atanh', 'acosh', 'exp'])}(${this.#selector(this.#gauge())} / 100)`,
      () => `round(${this.#selector()}, ${this.#pick(['5', '0.5', '0.1', '-2'])})`,
      () => `abs(${this.#selector('c1_total')} atan2 ${this.#selector('c2_total')})`,
      () => `${this.#selector()} ^ ${this.#pick(['2', '0.5', '-1'])}`,
    )
  }

  #dates(): string {
    const part = this.#pick([
      'minute',
      'hour',
      'day_of_week',
      'day_of_month',
      'day_of_year',
      'days_in_month',
      'month',
      'year',
    ])
    return this.#chance(0.2)
      ? `${part}()`
      : `${part}(${this.#selector('c1_total')} * ${this.#pick(['1', '3600', '86400', '-1e5'])})`
  }

  #labelled(vector: string): string {
    return this.#either(
      () => `label_replace(${vector}, "new", "$1-x", "job", "(a|b)")`,
      () => `label_replace(${vector}, "${this.#pick(['job', 'zone'])}", "$2\${1}", "instance", "(i)(.)")`,
      () => `label_replace(${vector}, "instance", "", "zone", "${this.#pick(['z1', 'z.', '.*'])}")`,
      () => `label_replace(${vector}, "copy", "$name", "zone", "(?P<name>z)[0-9]")`,
      () => `label_join(${vector}, "both", "/", "job", "zone", "nosuch")`,
      () => `label_join(${vector}, "${this.#pick(['zone', 'instance'])}", "", "job")`,
    )
  }

  #withScalar(vector: string, depth: number): string {
    const scalar = this.#chance(0.7) ? this.#number() : `(${this.#scalar(Math.min(depth, 2))})`
    const op = this.#pick(['+', '-', '*', '/', '>', '<', '>=', '<=', '> bool', '<= bool', '!= bool'])
    return this.#chance(0.7) ? `(${vector}) ${op} ${scalar}` : `${scalar} ${op} (${vector})`
  }

  #set(left: string, right: string): string {
    const matching = this.#chance(0.5) ? '' : ` ${this.#pick(['on', 'ignoring'])} (${this.#some(0.5)})`
    return `(${left}) ${this.#pick(['and', 'or', 'unless'])}${matching} (${right})`
  }

  #joined(depth: number): string {
    const [one, other] = this.#isOffGrid ? ['even', 'c1_total'] : ['g1', 'g2']
    const op = this.#pick(['+', '-', '*', '/', '>', '<=', '>= bool', '< bool'])
    const label = this.#pick(LABELS)
    const include = () => this.#pick(['', ' ()', ' (zone)', ' (job, nosuch)'])
    return this.#either(
      () => `${this.#selector(one)} ${op} ${this.#selector(other)}`,
      () => `${this.#selector(one)} ${op} on (job, zone, instance) ${this.#selector('c2_total')}`,
      () => `${this.#selector(one)} ${op} ignoring (${this.#some(0.3)}) ${this.#selector(other)}`,
      () => `sum by (${label}) (${this.#vector(depth)}) ${op} avg by (${label}) (${this.#selector()})`,
      () =>
        `${this.#selector()} ${op} on (${label}) group_left${include()} max by (${label}, zone) (${this.#selector()})`,
      () =>
        `${this.#selector()} ${op} ignoring (${this.#pick(['zone', 'instance, zone'])}) group_left${include()} max without (instance, zone) (${this.#selector()})`,
      () => `max by (${label}) (${this.#selector()}) ${op} on (${label}) group_right${include()} ${this.#selector()}`,
      () => `${this.#selector()} ${op} on () group_left () ${this.#pick(['one', 'sum(g1)', 'vector(2)'])}`,
    )
  }

  /** Values and buckets as they should not be. */
  #broken(): string {
    const gx = () => `gx${this.#matchers()}`
    return this.#either(
      () => `histogram_quantile(${this.#quantile()}, bad_bucket)`,
      () => `histogram_quantile(${this.#quantile()}, ${this.#pick(['sum', 'max'])} by (job, le) (bad_bucket))`,
      () => `histogram_quantile(${this.#quantile()}, ${this.#pick(['g1', 'h_bucket', 'irate(bad_bucket[3m])'])})`,
      () => `${this.#pick(['sum', 'avg', 'min', 'max', 'count'])}${this.#grouping()} (${gx()})`,
      () => `quantile${this.#grouping()} (${this.#quantile()}, ${gx()})`,
      () =>
        `${this.#pick(['avg', 'sum', 'min', 'max', 'count', 'stddev', 'last'])}_over_time(${gx()}[${this.#window()}])`,
      () => `${this.#pick(['changes', 'resets', 'idelta', 'irate', 'deriv'])}(${gx()}[${this.#window()}])`,
      () => `quantile_over_time(${this.#quantile()}, ${gx()}[${this.#window()}])`,
      () => `${this.#pick(['abs', 'ceil', 'floor', 'sgn', 'sqrt', 'exp', 'ln', '-'])}(${gx()})`,
      () =>
        `${gx()} ${this.#pick(['+', '*', '%', '>', '==', '!=', '== bool', '<= bool'])} ${this.#pick([this.#number(), gx()])}`,
      () => `clamp(${gx()}, ${this.#number()}, ${this.#number()})`,
      () => `count_values("v", ${gx()})`,
      () => `sort(${gx()})`,
      () => `{__name__=~"g1|g2"} ${this.#pick(['* 2', '> 50', '> bool 50'])}`,
      () => `rate({__name__=~"c[12]_total"}[3m])`,
      () => `sum(${this.#selector()}) by (job) / on (zone) ${this.#selector()}`,
    )
  }
}
