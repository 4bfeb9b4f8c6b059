import { type Json, type JsonObject, list } from './written-dashboard.ts'

/** Makes a spoilt copy of a dashboard. */
export type Break = (dashboard: JsonObject) => JsonObject

/**
 * Puts a value at each path. A path is `title`, `templating.list.0.name`, or begins with a kind of panel: `stat.title` is that
 * of the first panel of this kind.
 */
export function put(path: string, value: Json, ...others: readonly string[]): Break {
  return (dashboard) =>
    [path, ...others].reduce((copy, one) => at(copy, one, (parent, key) => ({ ...parent, [key]: value })), dashboard)
}

/** Takes away what stands at the path. */
export function drop(path: string): Break {
  return (dashboard) =>
    at(dashboard, path, (parent, key) => Object.fromEntries(Object.entries(parent).filter(([name]) => name !== key)))
}

function at(dashboard: JsonObject, path: string, change: (parent: JsonObject, key: string) => JsonObject): JsonObject {
  const [first = '', ...rest] = path.split('.')
  const i = list(dashboard.panels).findIndex(({ type }) => type === first)
  return inside(dashboard, i === -1 ? [first, ...rest] : ['panels', String(i), ...rest], change) as JsonObject
}

function inside(value: Json, path: readonly string[], change: (parent: JsonObject, key: string) => JsonObject): Json {
  const [key = '', ...rest] = path
  if (rest.length === 0) return change(value as JsonObject, key)
  if (Array.isArray(value)) return value.map((item: Json, i) => (String(i) === key ? inside(item, rest, change) : item))
  const parent = value as JsonObject
  return { ...parent, [key]: inside(parent[key], rest, change) }
}
