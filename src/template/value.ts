import type { GoMap, GoValue } from '../lib/go-value.ts'
import type { Labels } from '../model/labels.ts'

/** A label set as the map that templates see; a missing label is ''. */
export function labelsMap(labels: Labels): GoMap {
  return {
    kind: 'map',
    elements: 'string',
    size: labels.size,
    keys: () => Array.from(labels, ([name]) => name),
    get: (key) => (labels.has(key) ? labels.get(key) : undefined),
  }
}

/** What a value counts as in `if`, `with`, `and`, `or` and `not`: empty, zero and nil are false. */
export function isTrue(value: GoValue): boolean {
  if (value === undefined || value === null) return false
  if (typeof value === 'object') {
    if (value.kind === 'map') return value.size > 0
    return value.kind === 'slice' ? value.items.length > 0 : true
  }
  if (typeof value === 'bigint') return value !== 0n
  // Unlike in JavaScript, NaN is not zero and therefore true.
  if (typeof value === 'number') return value !== 0
  return typeof value === 'string' ? value !== '' : value
}

/** What an action prints: as `%v`, except that no value is `<no value>` and a pointer shows what it points at. */
export function printable(value: GoValue): GoValue {
  if (value === undefined || value === null) return '<no value>'
  if (typeof value === 'object' && value.kind === 'struct' && value.isPointer) return { ...value, isPointer: false }
  return value
}
