import type { z } from 'zod'
import { isSecretSchema } from '../lib/secret-schema.ts'

type Schema = z.core.$ZodType

/** What a schema takes, as far as reading a text file has to know it. A schema of alternatives takes all of theirs. */
export interface Shape {
  readonly text: boolean
  readonly number: boolean
  readonly boolean: boolean
  readonly null: boolean
  /** Nothing is known about it: unquoted texts become what they look like. */
  readonly anything: boolean
  /** What the items of a list may be. */
  readonly items: readonly Schema[] | undefined
  /** The known keys of a map. */
  readonly fields: ReadonlyMap<string, readonly Schema[]> | undefined
  /** What the values of a map with free keys may be. */
  readonly values: readonly Schema[] | undefined
  /** A text becomes something else later on, or numbers become text: what was written is wanted, `1.10` and not 1.1. */
  readonly keepsText: boolean
  /** The value must not show. */
  readonly secret: boolean
}

/** Takes nothing at all. */
export const NOTHING: Shape = {
  text: false,
  number: false,
  boolean: false,
  null: false,
  anything: false,
  items: undefined,
  fields: undefined,
  values: undefined,
  keepsText: false,
  secret: false,
}

const known = new WeakMap<Schema, Shape>()

export function shapeOf(schema: Schema): Shape {
  let shape = known.get(schema)
  if (shape === undefined) {
    shape = look(schema)
    if (isSecretSchema(schema)) shape = { ...shape, secret: true }
    known.set(schema, shape)
  }
  return shape
}

export function shapeOfAll(schemas: readonly Schema[]): Shape {
  return schemas.map(shapeOf).reduce(either, NOTHING)
}

function look(schema: Schema): Shape {
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'string':
    case 'template_literal':
      return { ...NOTHING, text: true }
    case 'number':
      return { ...NOTHING, number: true }
    case 'boolean':
      return { ...NOTHING, boolean: true }
    case 'null':
      return { ...NOTHING, null: true }
    case 'enum':
      return accepting(Object.values(def.entries))
    case 'literal':
      return accepting(def.values)
    case 'array':
      return { ...NOTHING, items: [def.element] }
    case 'tuple':
      return { ...NOTHING, items: def.rest === null ? def.items : [...def.items, def.rest] }
    case 'object': {
      const fields = new Map(Object.entries(def.shape).map(([key, field]) => [key, [field]]))
      const isOpen = def.catchall !== undefined && def.catchall._zod.def.type !== 'never'
      return { ...NOTHING, fields, values: isOpen ? [def.catchall as Schema] : undefined }
    }
    case 'record':
      return { ...NOTHING, values: [def.valueType] }
    case 'union':
      return shapeOfAll(def.options)
    case 'intersection':
      return either(shapeOf(def.left), shapeOf(def.right))
    case 'nullable':
      return { ...shapeOf(def.innerType), null: true }
    case 'optional':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return shapeOf(def.innerType)
    case 'pipe': {
      const shape = shapeOf(def.in)
      return { ...shape, keepsText: shape.text }
    }
    case 'lazy':
      return shapeOf(def.getter())
    default:
      return { ...NOTHING, anything: true }
  }
}

function accepting(values: readonly unknown[]): Shape {
  const types = new Set(values.map((value) => typeof value))
  return { ...NOTHING, text: types.has('string'), number: types.has('number'), boolean: types.has('boolean') }
}

function either(a: Shape, b: Shape): Shape {
  return {
    text: a.text || b.text,
    number: a.number || b.number,
    boolean: a.boolean || b.boolean,
    null: a.null || b.null,
    anything: a.anything || b.anything,
    items: concat(a.items, b.items),
    fields: eitherFields(a.fields, b.fields),
    values: concat(a.values, b.values),
    keepsText: a.keepsText || b.keepsText,
    secret: a.secret || b.secret,
  }
}

function concat(a: readonly Schema[] | undefined, b: readonly Schema[] | undefined): readonly Schema[] | undefined {
  return a === undefined ? b : b === undefined ? a : [...a, ...b]
}

function eitherFields(a: Shape['fields'], b: Shape['fields']): Shape['fields'] {
  if (a === undefined || b === undefined) return a ?? b
  const fields = new Map(a)
  for (const [key, schemas] of b) fields.set(key, [...(fields.get(key) ?? []), ...schemas])
  return fields
}
