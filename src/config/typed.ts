import type { z } from 'zod'
import type { Collector } from './collector.ts'
import { type Shape, shapeOfAll } from './shape.ts'
import { didYouMean } from './suggest.ts'
import type { Place, Written, WrittenEntry, WrittenMap, WrittenText } from './written.ts'
import { formatPath } from './written.ts'

type Schema = z.core.$ZodType
type Path = readonly PropertyKey[]

export interface TypingTools {
  readonly collector: Collector
  /** The text of a `*_file`, or undefined when it could not be read (a problem was added then). */
  readonly readSecretFile: (file: string, place: Place, path: Path) => string | undefined
  /** A better hint for an unknown key: it belongs elsewhere, or has another name here. */
  readonly hint: (path: Path, known: readonly string[]) => string | undefined
}

/**
 * Makes the plain value that a schema takes from what was written: unquoted texts become numbers or booleans only where
 * the schema takes those, `x_file` becomes the secret `x`, keys with nothing behind them count as not written. Unknown
 * keys are problems and left out.
 */
export function typedValue(written: Written, schemas: readonly Schema[], path: Path, tools: TypingTools): unknown {
  const shape = shapeOfAll(schemas)
  switch (written.kind) {
    case 'text':
      for (const fault of written.faults) tools.collector.add(written.place, path, fault)
      if (written.faults.length > 0) tools.collector.settle(path)
      else if (shape.secret) tools.collector.hide(written.text)
      return typedText(written, shape)
    case 'list':
      return written.items.map((item, i) => typedValue(item, shape.items ?? [], [...path, i], tools))
    case 'map':
      return typedMap(written, shape, path, tools)
  }
}

function typedMap(map: WrittenMap, shape: Shape, path: Path, tools: TypingTools): Record<string, unknown> {
  const record: Record<string, unknown> = {}
  for (const [key, entry] of withSecretFiles(map, shape, path, tools)) {
    const schemas = shape.fields?.get(key) ?? shape.values ?? (shape.fields === undefined ? [] : undefined)
    if (schemas === undefined) {
      addUnknownKey(entry, [...path, key], [...(shape.fields?.keys() ?? [])], tools)
      continue
    }
    const value = typedValue(entry.value, schemas, [...path, key], tools)
    // Not by assignment: `__proto__` is only a key here.
    if (value !== undefined)
      Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true })
  }
  return record
}

export function addUnknownKey({ place }: WrittenEntry, path: Path, known: readonly string[], tools: TypingTools): void {
  const hint = tools.hint(path, known)
  const instead = hint === undefined ? didYouMean(String(path.at(-1)), known, 'the keys here are') : `; ${hint}`
  tools.collector.add(
    place,
    path,
    `is not a key of ${path.length > 1 ? formatPath(path.slice(0, -1)) : 'the config'}${instead}`,
  )
}

/** The entries with each `x_file` replaced by `x`, whose value is the file's text. */
function withSecretFiles(map: WrittenMap, shape: Shape, path: Path, tools: TypingTools): Map<string, WrittenEntry> {
  const entries = new Map(map.entries)
  for (const [key, { place, value }] of map.entries) {
    const base = secretOfFileKey(key, shape)
    if (base === undefined || value.kind !== 'text' || value.isNull) continue
    entries.delete(key)
    if (map.entries.has(base)) {
      tools.collector.add(place, [...path, key], `stands beside ${base}, and only one of them can count; remove one`)
      continue
    }
    const text = tools.readSecretFile(value.text, value.place, [...path, key])
    // An unreadable one is there all the same: no second complaint that the secret is missing or of no use.
    if (text === undefined) tools.collector.settle([...path, base])
    entries.set(base, { place, value: { ...value, text: text ?? '', isQuoted: true } })
  }
  return entries
}

/** `token` for `token_file` where `token` is a secret and `token_file` has no meaning of its own. */
export function secretOfFileKey(key: string, { fields }: Shape): string | undefined {
  if (fields === undefined || fields.has(key) || !key.endsWith('_file')) return undefined
  const base = key.slice(0, -'_file'.length)
  const schemas = fields.get(base)
  return schemas !== undefined && shapeOfAll(schemas).secret ? base : undefined
}

const NUMBER = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/

/** An unquoted text as what the schema takes it for. */
export function typedText(written: WrittenText, shape: Shape): unknown {
  const { text, isQuoted, isNull, splits } = written
  if (isNull) return shape.null ? null : undefined
  if (splits && shape.items !== undefined && (!shape.text || text.includes(','))) {
    const parts = text.split(',').map((part) => part.trim())
    const itemShape = shapeOfAll(shape.items)
    return parts
      .filter((part) => part !== '')
      .map((part) => typedText({ ...written, text: part, splits: false }, itemShape))
  }
  if (isQuoted || (shape.keepsText && shape.text)) return text
  const isBoolean = text === 'true' || text === 'false'
  if (isBoolean && (shape.boolean || shape.anything)) return text === 'true'
  if (NUMBER.test(text) && (shape.number || shape.anything)) return Number(text)
  return text
}
