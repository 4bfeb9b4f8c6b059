/** Where something stands in a file; both count from 1. */
export interface YamlPlace {
  readonly line: number
  readonly column: number
}

/** A single value, with the text as it was written: `0.10`, `007`, `yes` and `1e3` stay what they are. */
export interface YamlScalar extends YamlPlace {
  readonly kind: 'scalar'
  /** Without quotes, escapes resolved; '' where nothing is written. */
  readonly text: string
  /** Nothing, `~` or `null`, unquoted. */
  readonly isNull: boolean
  /** Quoted, a block (`|`, `>`) or tagged `!!str`: text whatever it looks like. */
  readonly isQuoted: boolean
}

export interface YamlList extends YamlPlace {
  readonly kind: 'list'
  readonly items: readonly YamlNode[]
}

/** One `key: value`; line and column are the key's. */
export interface YamlEntry extends YamlPlace {
  readonly key: string
  readonly value: YamlNode
}

export interface YamlMap extends YamlPlace {
  readonly kind: 'map'
  /** In file order, each key once; what `<<` brings comes last and never wins over a key that is written out. */
  readonly entries: ReadonlyMap<string, YamlEntry>
}

/** What an alias refers to is the same node again, at the place where it was written out. */
export type YamlNode = YamlMap | YamlList | YamlScalar

/** A plain value of a node: text, lists, and records without a prototype, so that `__proto__` is only a key. */
export type YamlValue = string | number | boolean | null | YamlValue[] | { [key: string]: YamlValue }

/**
 * Turns a node into plain values.
 *
 * @param options.typed true: unquoted scalars become numbers, booleans and null by the core schema of YAML 1.2 (`yes`
 *   and dates stay text); false: every scalar is its text, '' for null
 */
export function toValue(node: YamlNode, options: { readonly typed: boolean }): YamlValue {
  switch (node.kind) {
    case 'scalar':
      return options.typed ? typedScalar(node) : node.isNull ? '' : node.text
    case 'list':
      return node.items.map((item) => toValue(item, options))
    case 'map': {
      const record: { [key: string]: YamlValue } = Object.create(null)
      for (const { key, value } of node.entries.values()) record[key] = toValue(value, options)
      return record
    }
  }
}

/**
 * The place to name for a path such as `['checks', 0, 'every']`, or for the nearest part of it that exists.
 *
 * @param part `value` is the value where it stands on the key's line and else its key; `key` is the last key itself
 */
export function locate(
  root: YamlNode | undefined,
  path: readonly PropertyKey[],
  part: 'value' | 'key' = 'value',
): YamlPlace {
  if (root === undefined) return { line: 1, column: 1 }
  let node = root
  let place: YamlPlace = root
  for (const [i, step] of path.entries()) {
    const next = child(node, step)
    if (next === undefined) break
    const { entry, value } = next
    const wantsKey = part === 'key' && i === path.length - 1
    const beside = value.kind === 'scalar' && !value.isNull && value.line === entry?.line
    place = entry !== undefined && (wantsKey || !beside) ? entry : value
    node = value
  }
  return { line: place.line, column: place.column }
}

function child(node: YamlNode, step: PropertyKey): { entry?: YamlEntry; value: YamlNode } | undefined {
  if (node.kind === 'map') {
    const entry = node.entries.get(String(step))
    return entry && { entry, value: entry.value }
  }
  const item = node.kind === 'list' ? node.items[Number(step)] : undefined
  return item && { value: item }
}

const INTEGER = /^[-+]?[0-9]+$/
const RADIX = /^0(?:o[0-7]+|x[0-9a-fA-F]+)$/
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const INFINITE = /^([-+]?)\.(?:inf|Inf|INF)$/

function typedScalar({ text, isNull, isQuoted }: YamlScalar): string | number | boolean | null {
  if (isNull) return null
  if (isQuoted) return text
  if (/^(?:true|True|TRUE)$/.test(text)) return true
  if (/^(?:false|False|FALSE)$/.test(text)) return false
  if (INTEGER.test(text) || RADIX.test(text) || FLOAT.test(text)) return Number(text)
  const infinite = INFINITE.exec(text)
  if (infinite !== null) return infinite[1] === '-' ? -Infinity : Infinity
  return /^\.(?:nan|NaN|NAN)$/.test(text) ? Number.NaN : text
}
