import type { z } from 'zod'
import { flag } from '../../src/config/alertmanager/fields.ts'
import { formatDays } from '../../src/config/schema.ts'
import { isSecretSchema } from '../../src/lib/secret-schema.ts'
import { formatDuration } from '../../src/model/duration.ts'
import { durationMs } from '../../src/probe/fields.ts'

type Schema = z.core.$ZodType
type Definition = z.core.$ZodTypes['_zod']['def']

/** A key that may be written, as a page shows it. */
export interface Option {
  /** `expect.latency`, `tokens[].name`. */
  readonly path: string
  /** What may be written: `duration`, `text`, `one of read, ingest`. */
  readonly kind: string
  /** As it would be written; undefined where there is none. */
  readonly default: string | undefined
  readonly isRequired: boolean
  /** May also be named as a file: `<key>_file`. */
  readonly isSecret: boolean
  /** Empty where the schema has none. */
  readonly description: string
}

/** Every key of a schema, from the top down; keys that are known only to be refused are left out. */
export function optionsOf(schema: Schema, prefix = ''): Option[] {
  const object = objectIn(schema)
  if (object === undefined) return []
  return Object.entries(object._zod.def.shape).flatMap(([key, field]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`
    const look = lookAt(field)
    if (look.kind === 'unknown') return []
    const option = { path, ...look }
    const items = look.isList ? `${path}[]` : path
    return [option, ...optionsOf(field, items)]
  })
}

interface Look extends Omit<Option, 'path'> {
  readonly isList: boolean
}

function lookAt(schema: Schema): Look {
  let inner = schema
  let description = descriptionOf(schema)
  let fallback: unknown
  let isRequired = true
  let isSecret = isSecretSchema(inner)
  for (let def = defOf(inner); 'innerType' in def; def = defOf(inner)) {
    if (def.type === 'default' || def.type === 'prefault') fallback ??= def.defaultValue
    if (def.type === 'default' || def.type === 'prefault' || def.type === 'optional') isRequired = false
    inner = def.innerType
    description ||= descriptionOf(inner)
    isSecret ||= isSecretSchema(inner)
  }
  const def = defOf(inner)
  if (def.type === 'pipe') description ||= descriptionOf(def.in)
  const kind = kindOf(inner)
  const isList = kind.startsWith('list')
  return { kind, default: printDefault(fallback, kind), isRequired, isSecret, description, isList }
}

/** By where they begin. */
const KINDS = new Map<Schema | undefined, string>([
  [pipeStart(durationMs), 'duration'],
  [pipeStart(flag), '`true` or `false`'],
])

/** A refined schema is another one, yet it begins in the same place. */
function pipeStart(schema: Schema): Schema | undefined {
  const def = defOf(schema)
  return def.type === 'pipe' ? def.in : undefined
}

function kindOf(schema: Schema): string {
  const def = defOf(schema)
  switch (def.type) {
    case 'string':
      return 'text'
    case 'number':
      return 'number'
    case 'boolean':
      return '`true` or `false`'
    case 'enum':
      return oneOf(Object.values(def.entries))
    case 'literal':
      return oneOf(def.values)
    case 'array': {
      const item = kindOf(def.element)
      return item === 'text' || item === 'unknown' ? 'list' : `list of ${item.replace(/^one of /, '')}`
    }
    case 'record':
      return 'map'
    case 'object':
      return 'keys'
    case 'union': {
      const kinds = [...new Set(def.options.map(kindOf))]
      return kinds.length <= 3 ? kinds.join(' or ') : 'text'
    }
    case 'pipe':
      return KINDS.get(pipeStart(schema)) ?? kindOf(def.in)
    case 'optional':
    case 'default':
    case 'prefault':
    case 'nullable':
    case 'readonly':
      return kindOf(def.innerType)
    default:
      return 'unknown'
  }
}

function oneOf(values: readonly unknown[]): string {
  const texts = values.map((value) => `\`${String(value)}\``)
  return texts.length === 1 ? (texts[0] as string) : `one of ${texts.join(', ')}`
}

function printDefault(value: unknown, kind: string): string | undefined {
  if (value === undefined) return undefined
  if (kind === 'duration' && typeof value === 'number') {
    const days = formatDays(value)
    return days.endsWith('d') ? days : formatDuration(value)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function objectIn(schema: Schema): z.core.$ZodObject | undefined {
  const def = defOf(schema)
  switch (def.type) {
    case 'object':
      return schema as z.core.$ZodObject
    case 'pipe':
      return objectIn(def.in)
    case 'array':
      return objectIn(def.element)
    case 'union':
      return def.options.map(objectIn).find((each) => each !== undefined)
    default:
      return 'innerType' in def ? objectIn(def.innerType) : undefined
  }
}

function defOf(schema: Schema): Definition {
  return (schema as z.core.$ZodTypes)._zod.def
}

function descriptionOf(schema: Schema): string {
  return (schema as z.ZodType).description ?? ''
}
