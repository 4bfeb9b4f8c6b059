/** The label that holds a metric's name. */
export const METRIC_NAME = '__name__'

const SEPARATOR = '\xff'

/**
 * An immutable label set: names sorted by code unit, each once, values never empty (an empty label is an absent one).
 *
 * Two sets are equal exactly when their `key`s are.
 */
export class Labels {
  static readonly empty = new Labels([])

  /** Flat: name, value, name, value, … sorted by name. */
  readonly pairs: readonly string[]
  #key: string | undefined

  private constructor(pairs: readonly string[]) {
    this.pairs = pairs
  }

  /** Takes any record or list of pairs; a later pair of the same name wins, empty values are left out. */
  static of(source: Readonly<Record<string, string>> | Iterable<readonly [string, string]>): Labels {
    const entries = Symbol.iterator in source ? source : Object.entries(source)
    const byName = new Map<string, string>()
    for (const [name, value] of entries as Iterable<readonly [string, string]>) byName.set(name, value)
    const names = [...byName.keys()].filter((name) => byName.get(name) !== '').sort(compareText)
    if (names.length === 0) return Labels.empty
    return new Labels(names.flatMap((name) => [name, byName.get(name) as string]))
  }

  /** Trusts the caller: flat pairs, sorted by name, unique, no empty value. For readers of what we wrote ourselves. */
  static fromSortedPairs(pairs: readonly string[]): Labels {
    return pairs.length === 0 ? Labels.empty : new Labels(pairs)
  }

  /** Equal for equal sets, different for different ones. */
  get key(): string {
    this.#key ??= keyOf(this.pairs)
    return this.#key
  }

  get size(): number {
    return this.pairs.length / 2
  }

  /** The metric name, or '' when the set has none. */
  get name(): string {
    return this.get(METRIC_NAME)
  }

  /** The value of `name`, or '' when it is absent. */
  get(name: string): string {
    const { pairs } = this
    for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === name) return pairs[i + 1] as string
    return ''
  }

  has(name: string): boolean {
    return this.get(name) !== ''
  }

  *[Symbol.iterator](): Generator<readonly [name: string, value: string]> {
    for (let i = 0; i < this.pairs.length; i += 2) yield [this.pairs[i] as string, this.pairs[i + 1] as string]
  }

  /** The same set with `name` set to `value`; '' removes it. */
  with(name: string, value: string): Labels {
    if (this.get(name) === value) return this
    const next: string[] = []
    let placed = value === ''
    for (let i = 0; i < this.pairs.length; i += 2) {
      const current = this.pairs[i] as string
      if (current === name) continue
      if (!placed && current > name) {
        next.push(name, value)
        placed = true
      }
      next.push(current, this.pairs[i + 1] as string)
    }
    if (!placed) next.push(name, value)
    return Labels.fromSortedPairs(next)
  }

  /** Only the labels of these names. */
  keep(names: ReadonlySet<string>): Labels {
    return this.#filter((name) => names.has(name))
  }

  /** All but the labels of these names. */
  drop(names: ReadonlySet<string>): Labels {
    return this.#filter((name) => !names.has(name))
  }

  withoutName(): Labels {
    return this.with(METRIC_NAME, '')
  }

  /** Labels of both; where both have a name, `other` wins. */
  merge(other: Labels): Labels {
    if (other.pairs.length === 0) return this
    return Labels.of([...this, ...other])
  }

  /** A record without a prototype, so that a label named `__proto__` is only a label. */
  toObject(): Record<string, string> {
    const record: Record<string, string> = Object.create(null)
    for (const [name, value] of this) record[name] = value
    return record
  }

  toJSON(): Record<string, string> {
    return this.toObject()
  }

  /** As Prometheus prints a series: `name{a="b", c="d"}`, `{}` for the empty set. */
  toString(): string {
    const inner = [...this.withoutName()].map(([name, value]) => `${name}=${quoteLabelValue(value)}`).join(', ')
    if (this.name === '') return `{${inner}}`
    return inner === '' ? this.name : `${this.name}{${inner}}`
  }

  #filter(keeps: (name: string) => boolean): Labels {
    const next: string[] = []
    for (let i = 0; i < this.pairs.length; i += 2) {
      const name = this.pairs[i] as string
      if (keeps(name)) next.push(name, this.pairs[i + 1] as string)
    }
    return next.length === this.pairs.length ? this : Labels.fromSortedPairs(next)
  }
}

/** The separator is a letter as well (ÿ): where a text holds it, the key is JSON, which begins as no plain key can. */
function keyOf(pairs: readonly string[]): string {
  for (const text of pairs) if (text.includes(SEPARATOR)) return SEPARATOR + JSON.stringify(pairs)
  return pairs.join(SEPARATOR)
}

/** Orders text by UTF-16 code unit; stable everywhere, unlike `localeCompare`. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Orders label sets as Prometheus does: name by name, value by value, the shorter first. */
export function compareLabels(a: Labels, b: Labels): number {
  const length = Math.min(a.pairs.length, b.pairs.length)
  for (let i = 0; i < length; i++) {
    const order = compareText(a.pairs[i] as string, b.pairs[i] as string)
    if (order !== 0) return order
  }
  return a.pairs.length - b.pairs.length
}

/** A value in double quotes with `\`, `"` and line breaks escaped, as in the exposition format. */
export function quoteLabelValue(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}

/**
 * Alertmanager's fingerprint of a label set: FNV-1a, 64 bits, over `name 0xff value 0xff` in name order.
 *
 * @returns 16 hex digits; `{alertname="A", inst="1"}` gives `af90b7bec0c95108`
 * @see prometheus/common model/signature.go
 */
export function fingerprint(labels: Labels): string {
  // Two halves of 32 bits: many times as fast as a BigInt. The prime is 2^40 + 435.
  let high = 0xcbf29ce4
  let low = 0x84222325
  const add = (byte: number) => {
    low = (low ^ byte) >>> 0
    const product = low * 435
    high = (high * 435 + Math.floor(product / 0x1_0000_0000) + ((low << 8) >>> 0)) % 0x1_0000_0000
    low = product >>> 0
  }
  for (const text of labels.pairs) {
    if (isAscii(text)) for (let i = 0; i < text.length; i++) add(text.charCodeAt(i))
    else for (const byte of Buffer.from(text, 'utf8')) add(byte)
    add(0xff)
  }
  return hex(high) + hex(low)
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

function hex(half: number): string {
  return half.toString(16).padStart(8, '0')
}
