/** A place in a JSON value. */
export interface JsonPath {
  /** As it was written. */
  readonly text: string
  /** Keys of objects and indexes of arrays, from the outside in. */
  readonly steps: readonly (string | number)[]
}

const STEP = /\.([A-Za-z_$][\w$-]*)|\[(\d{1,9})\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y

/**
 * Reads the part of JSONPath that names exactly one value: `$` for the whole, then `.key`, `['any key']` or `[0]` for each
 * step (`$.checks[0].state`). A text without the `$` is a key of the outermost object as it stands.
 *
 * @returns undefined for anything else: wildcards, filters, slices, negative indexes and `..`
 * @see RFC 9535 section 2.1.1 "singular query"
 */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (!text.startsWith('$')) return text === '' ? undefined : { text, steps: [text] }
  const steps: (string | number)[] = []
  STEP.lastIndex = 1
  while (STEP.lastIndex < text.length) {
    const match = STEP.exec(text)
    if (match === null) return undefined
    const [, name, index, single, double] = match
    const quoted = single ?? double
    steps.push(index !== undefined ? Number(index) : (name ?? (quoted as string).replace(/\\(.)/g, '$1')))
  }
  return { text, steps }
}

/** The value at the place, or undefined where there is none. */
export function valueAt(value: unknown, { steps }: JsonPath): unknown {
  let current = value
  for (const step of steps) {
    if (typeof current !== 'object' || current === null) return undefined
    // A number is an index of an array only; a key must be the object's own, so that `constructor` is no key.
    if (Array.isArray(current) !== (typeof step === 'number') || !Object.hasOwn(current, step)) return undefined
    current = (current as Record<string | number, unknown>)[step]
  }
  return current
}
