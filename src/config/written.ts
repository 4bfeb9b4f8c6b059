import type { YamlNode } from '../lib/yaml.ts'

/** Where something was written: a place in a file, or only the name of a variable or an option. */
export interface Place {
  readonly file: string
  readonly line?: number
  readonly column?: number
}

/** A text of the operator; quoted, or open to be a number, a boolean or nothing. */
export interface WrittenText {
  readonly kind: 'text'
  readonly place: Place
  readonly text: string
  /** As it stands in the file: `${…}` unresolved. */
  readonly source: string
  readonly isNull: boolean
  readonly isQuoted: boolean
  /** It may be a list with commas, as variables of the environment have it. */
  readonly splits: boolean
  /** What is wrong with its `${…}`; the text is of no use then. */
  readonly faults: readonly string[]
}

export interface WrittenList {
  readonly kind: 'list'
  readonly place: Place
  readonly items: readonly Written[]
}

export interface WrittenEntry {
  /** Where the key stands. */
  readonly place: Place
  readonly value: Written
}

export interface WrittenMap {
  readonly kind: 'map'
  readonly place: Place
  readonly entries: ReadonlyMap<string, WrittenEntry>
}

/** What was written, wherever it comes from: files, the environment and options become one such tree. */
export type Written = WrittenText | WrittenList | WrittenMap

export function writtenText(text: string, place: Place, { splits = false } = {}): WrittenText {
  return { kind: 'text', place, text, source: text, isNull: false, isQuoted: false, splits, faults: [] }
}

/** @param readText turns the text of a scalar into what it stands for */
export function fromYaml(
  node: YamlNode,
  file: string,
  readText: (text: string) => Pick<WrittenText, 'text' | 'source' | 'faults'>,
  readKey: (key: string) => string,
): Written {
  const at = ({ line, column }: { line: number; column: number }): Place => ({ file, line, column })
  const visit = (one: YamlNode): Written => {
    const place = at(one)
    switch (one.kind) {
      case 'scalar': {
        const { isNull, isQuoted } = one
        return { kind: 'text', place, ...readText(one.text), isNull, isQuoted, splits: false }
      }
      case 'list':
        return { kind: 'list', place, items: one.items.map(visit) }
      case 'map': {
        const entries = new Map<string, WrittenEntry>()
        for (const entry of one.entries.values()) {
          entries.set(readKey(entry.key), { place: at(entry), value: visit(entry.value) })
        }
        return { kind: 'map', place, entries }
      }
    }
  }
  return visit(node)
}

/**
 * A copy of the tree with `value` at the path; maps are made where there are none.
 *
 * @param shortKey which key a text stands for that is written in place of a map: `email: a@example.org` is `{to: …}`
 */
export function withValueAt(
  root: Written | undefined,
  path: readonly string[],
  value: Written,
  shortKey: (path: readonly string[]) => string | undefined,
  depth = 0,
): Written {
  const key = path[depth]
  if (key === undefined) return value
  const entries = new Map<string, WrittenEntry>(root?.kind === 'map' ? root.entries : [])
  const short = root?.kind === 'text' && !root.isNull ? shortKey(path.slice(0, depth)) : undefined
  if (short !== undefined && root !== undefined) entries.set(short, { place: root.place, value: root })
  const inner = withValueAt(entries.get(key)?.value, path, value, shortKey, depth + 1)
  entries.set(key, { place: value.place, value: inner })
  return { kind: 'map', place: root?.place ?? value.place, entries }
}

/**
 * The place to name for a path, or for the nearest part of it that was written.
 *
 * @param part `value` is the value where it stands on the key's line and else its key; `key` is the last key itself
 */
export function placeAt(root: Written, path: readonly PropertyKey[], part: 'value' | 'key' = 'value'): Place {
  let node = root
  let place = root.place
  for (const [i, step] of path.entries()) {
    const entry: WrittenEntry | undefined =
      node.kind === 'map' ? node.entries.get(String(step)) : node.kind === 'list' ? item(node, step) : undefined
    if (entry === undefined) break
    const { value } = entry
    const wantsKey = part === 'key' && i === path.length - 1
    const beside = value.kind === 'text' && !value.isNull && value.place.line === entry.place.line
    place = wantsKey || !beside ? entry.place : value.place
    node = value
  }
  return place
}

function item(list: WrittenList, step: PropertyKey): WrittenEntry | undefined {
  const value = list.items[Number(step)]
  return value && { place: value.place, value }
}

/** What stands at a path, if anything does. */
export function writtenAt(root: Written, path: readonly PropertyKey[]): Written | undefined {
  let node: Written | undefined = root
  for (const step of path) {
    node =
      node?.kind === 'map'
        ? node.entries.get(String(step))?.value
        : node?.kind === 'list'
          ? node.items[Number(step)]
          : undefined
  }
  return node
}

/** A path as people write it: `checks[0].expect.json`. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[\w-]+$/.test(String(step))) text += text === '' ? String(step) : `.${String(step)}`
    else text += `[${JSON.stringify(String(step))}]`
  }
  return text
}
