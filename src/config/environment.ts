import type { z } from 'zod'
import { readYaml } from '../lib/yaml.ts'
import type { Collector } from './collector.ts'
import { SHORT_FORMS } from './notify.ts'
import { NOTHING, type Shape, shapeOf, shapeOfAll } from './shape.ts'
import { suggest } from './suggest.ts'
import { fromYaml, type Written, withValueAt, writtenText } from './written.ts'

export type Environment = Readonly<Record<string, string | undefined>>

const PREFIX = 'MIDWATCH_'
/** Short names, and what commands read themselves. */
const SHORT_NAMES: Readonly<Record<string, readonly string[]>> = {
  MIDWATCH_DATA: ['storage', 'data'],
  MIDWATCH_LISTEN: ['server', 'listen'],
}
const TEXT: Shape = { ...NOTHING, text: true }
const OTHER_NAMES: readonly string[] = ['MIDWATCH_URL', 'MIDWATCH_TOKEN', 'MIDWATCH_CONFIG']
/** Kubernetes sets these in every container beside a Service named midwatch. */
const SERVICE_LINK = /^MIDWATCH_(?:SERVICE_(?:HOST|PORT(?:_.*)?)|PORT(?:_\d+_.*)?)$/

interface Setting {
  readonly path: readonly string[]
  readonly shape: Shape
}

/** Every variable that sets a key, by its name: `MIDWATCH_STORAGE_RETENTION_RAW`. */
export function settings(document: z.core.$ZodType): ReadonlyMap<string, Setting> {
  const found = new Map<string, Setting>()
  const visit = (shape: Shape, path: readonly string[]): void => {
    if (path.length > 0) found.set(variableOf(path), { path, shape })
    for (const [key, schemas] of shape.fields ?? []) {
      const inner = shapeOfAll(schemas)
      visit(inner, [...path, key])
      const file = [...path, `${key}_file`]
      if (inner.secret && !shape.fields?.has(`${key}_file`)) found.set(variableOf(file), { path: file, shape: TEXT })
    }
  }
  visit(shapeOf(document), [])
  for (const [name, path] of Object.entries(SHORT_NAMES)) found.set(name, { path, shape: TEXT })
  return found
}

function variableOf(path: readonly string[]): string {
  return PREFIX + path.join('_').toUpperCase()
}

/** Puts what the environment sets over what was written; names that set nothing are warnings. */
export function withEnvironment(
  root: Written,
  env: Environment,
  known: ReadonlyMap<string, Setting>,
  collector: Collector,
): Written {
  const given = Object.keys(env)
    // An empty variable is one that a compose file passes on without having it.
    .filter((name) => name.startsWith(PREFIX) && env[name] !== undefined && env[name] !== '')
    .sort()
  const shortKey = (path: readonly string[]) => SHORT_FORMS[path.join('.')]
  const overlays: { path: readonly string[]; value: Written }[] = []
  for (const name of given) {
    const setting = known.get(name)
    if (setting !== undefined) {
      const value = readVariable(name, env[name] as string, setting.shape, collector)
      if (value !== undefined) overlays.push({ path: setting.path, value })
    } else if (!OTHER_NAMES.includes(name) && !SERVICE_LINK.test(name)) {
      const near = suggest(name, [...known.keys(), ...OTHER_NAMES])
      const hint = near === undefined ? 'it is ignored' : `did you mean ${near}?`
      collector.add({ file: name }, [], `sets no key of the config; ${hint}`, 'warning')
    }
  }
  // Whole parts first, so that a variable for a key of a part goes into it.
  overlays.sort((a, b) => a.path.length - b.path.length)
  return overlays.reduce((tree, { path, value }) => withValueAt(tree, path, value, shortKey), root)
}

/** Plain text as it is; `[…]`, `{…}` and texts of several lines are YAML where a list or a map may stand. */
function readVariable(name: string, text: string, shape: Shape, collector: Collector): Written | undefined {
  const place = { file: name }
  const takesMore = [shape.items, shape.fields, shape.values].some((part) => part !== undefined)
  const looksLikeYaml = /^\s*[[{]/.test(text) || text.includes('\n')
  if (!takesMore || !looksLikeYaml) return writtenText(text, place, { splits: true })
  const { root, problems } = readYaml(text, name)
  for (const { message, severity } of problems) collector.add(place, [], message, severity)
  if (root === undefined) return undefined
  const plain = fromYaml(
    root,
    name,
    (value) => ({ text: value, source: value, faults: [] }),
    (key) => key,
  )
  return placedAt(plain, place)
}

/** Lines and columns inside of a variable help nobody. */
function placedAt(written: Written, place: { readonly file: string }): Written {
  switch (written.kind) {
    case 'text':
      return { ...written, place }
    case 'list':
      return { ...written, place, items: written.items.map((item) => placedAt(item, place)) }
    case 'map':
      return {
        ...written,
        place,
        entries: new Map(
          [...written.entries].map(([key, { value }]) => [key, { place, value: placedAt(value, place) }]),
        ),
      }
  }
}
