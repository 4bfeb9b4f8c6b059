import type { YamlEntry, YamlMap, YamlNode, YamlPlace, YamlScalar } from '../lib/yaml.ts'
import { KPI_SCHEMA_VERSION } from './kpi-schema.ts'

/** What is wrong with the version of a file, and where. */
export interface VersionFault extends YamlPlace {
  readonly message: string
}

export interface MigratedKpis {
  /** In the newest form; each part keeps the place where it was written. */
  readonly root: YamlNode
  /** What the file says; the newest where it says nothing. */
  readonly version: number
  readonly fault: VersionFault | undefined
}

/** One step of the way, from a version to the next one. */
interface Step {
  readonly from: number
  readonly change: (file: YamlMap) => YamlMap
}

/** In order; a new form of the file is one more step here. */
const steps: readonly Step[] = [{ from: 1, change: fromNamesToList }]

/** Brings a file up to the newest form. */
export function migrateKpis(root: YamlNode): MigratedKpis {
  if (root.kind !== 'map') return { root, version: KPI_SCHEMA_VERSION, fault: undefined }
  const written = root.entries.get('schema_version')
  const text = written?.value.kind === 'scalar' ? written.value.text : undefined
  const version = written === undefined ? KPI_SCHEMA_VERSION : Number(text ?? Number.NaN)
  if (!Number.isInteger(version) || version < 1 || version > KPI_SCHEMA_VERSION) {
    const reason = version > KPI_SCHEMA_VERSION ? 'is of a newer midwatch' : 'is no version'
    const message = `${text ?? 'this'} ${reason}; write ${KPI_SCHEMA_VERSION}`
    return { root, version: KPI_SCHEMA_VERSION, fault: { ...placeOf(written?.value ?? root), message } }
  }
  let file = root
  for (const { from, change } of steps) if (from >= version) file = withVersion(change(file), from + 1)
  return { root: file, version, fault: undefined }
}

function placeOf({ line, column }: YamlPlace): YamlPlace {
  return { line, column }
}

function scalar(text: string, { line, column }: YamlPlace, isQuoted = false): YamlScalar {
  return { kind: 'scalar', line, column, text, isNull: false, isQuoted }
}

function withVersion(file: YamlMap, version: number): YamlMap {
  const entries = new Map(file.entries)
  const before = entries.get('schema_version')
  if (before !== undefined) entries.set('schema_version', { ...before, value: scalar(String(version), before.value) })
  return { ...file, entries }
}

/**
 * Version 1 had names with their entries instead of a list, `type` for `kind`, `panel` and `row` beside the rest, and thresholds
 * of one direction: `{warning: 75, critical: 90, direction: below}`.
 */
function fromNamesToList(file: YamlMap): YamlMap {
  const kpis = file.entries.get('kpis')
  if (kpis === undefined || kpis.value.kind !== 'map') return file
  const items = [...kpis.value.entries.values()].map((entry) => namedEntry(entry))
  const { line, column } = kpis.value
  const entries = new Map(file.entries)
  entries.set('kpis', { ...kpis, value: { kind: 'list', line, column, items } })
  return { ...file, entries }
}

function namedEntry({ key, value, line, column }: YamlEntry): YamlNode {
  const place = { line, column }
  if (value.kind !== 'map') return value
  const entries = new Map<string, YamlEntry>()
  entries.set('name', { key: 'name', ...place, value: scalar(key, place, true) })
  const dashboard = new Map<string, YamlEntry>()
  for (const entry of value.entries.values()) {
    switch (entry.key) {
      case 'type':
        entries.set('kind', { ...entry, key: 'kind' })
        break
      case 'panel':
        dashboard.set('panel', entry)
        break
      case 'row':
        dashboard.set('place', { ...entry, key: 'place' })
        break
      case 'thresholds':
        entries.set('thresholds', { ...entry, value: sided(entry.value) })
        break
      default:
        entries.set(entry.key, entry)
    }
  }
  const [first] = dashboard.values()
  if (first !== undefined) {
    const at = placeOf(first)
    entries.set('dashboard', { key: 'dashboard', ...at, value: { kind: 'map', ...at, entries: dashboard } })
  }
  return { kind: 'map', ...place, entries }
}

/** Each limit says its side itself. */
function sided(thresholds: YamlNode): YamlNode {
  if (thresholds.kind !== 'map') return thresholds
  const direction = thresholds.entries.get('direction')?.value
  const side = direction?.kind === 'scalar' && direction.text === 'below' ? 'low' : 'high'
  const entries = new Map<string, YamlEntry>()
  for (const entry of thresholds.entries.values()) {
    if (entry.key === 'direction') continue
    if ((entry.key !== 'warning' && entry.key !== 'critical') || entry.value.kind !== 'scalar') {
      entries.set(entry.key, entry)
      continue
    }
    const place = placeOf(entry.value)
    const limit: YamlEntry = { key: side, ...place, value: entry.value }
    entries.set(entry.key, { ...entry, value: { kind: 'map', ...place, entries: new Map([[side, limit]]) } })
  }
  return { ...thresholds, entries }
}
