import { show } from '../lib/show.ts'
import { parseDuration } from '../model/duration.ts'
import type { Collector } from './collector.ts'
import type { ServerConfig } from './config.ts'
import { CHANNEL_NAMES, channelFault, SEVERITIES } from './notify.ts'
import { DEFAULT_RETENTION_MS, formatDays } from './schema.ts'
import { suggest } from './suggest.ts'
import { placeAt, type Written, writtenAt } from './written.ts'

interface Findings {
  readonly root: Written
  readonly collector: Collector
}

const OWN_PREFIX = 'midwatch-'
/** The category of what midwatch checks of itself. */
const OWN_CATEGORY = 'midwatch'
const DEFAULT_CATEGORY = 'application'
/** What is watched when no check is written. */
const DEFAULT_CHECK = { name: 'host', category: 'infrastructure' }

/** Names that are there twice or reserved, dependencies that do not exist, and dependencies that go in a circle. */
export function compareChecks({ root, collector }: Findings): void {
  const list = writtenAt(root, ['checks'])
  if (list?.kind !== 'list') return
  const entries = list.items.map((_, i) => ({
    i,
    name: textAt(root, ['checks', i, 'name']),
    dependsOn: textsAt(root, ['checks', i, 'depends_on']),
  }))
  const first = new Map<string, number>()
  for (const { i, name } of entries) {
    if (name === undefined) continue
    if (name.startsWith(OWN_PREFIX)) {
      const path = ['checks', i, 'name']
      const message = `${show(name)} begins with ${OWN_PREFIX}, as the checks that midwatch makes of itself; write another name`
      collector.add(placeAt(root, path), path, message)
    }
    const other = first.get(name)
    if (other === undefined) first.set(name, i)
    else {
      const path = ['checks', i, 'name']
      const { line } = placeAt(root, ['checks', other, 'name'])
      const where = line === undefined ? '' : ` in line ${line}`
      collector.add(
        placeAt(root, path),
        path,
        `${show(name)} is the name of checks[${other}]${where} already; write another name`,
      )
    }
  }
  for (const { i, name, dependsOn } of entries) {
    for (const [j, needed] of dependsOn.entries()) {
      const path = ['checks', i, 'depends_on', j]
      if (needed === name) {
        collector.add(placeAt(root, path), path, `${show(needed)} is this check itself; remove it`)
      } else if (!first.has(needed)) {
        const near = suggest(needed, first.keys())
        const hint = near === undefined ? 'write the name of a check of this config' : `did you mean ${show(near)}?`
        collector.add(placeAt(root, path), path, `${show(needed)} is not the name of a check; ${hint}`)
      }
    }
  }
  reportCircles(entries, { root, collector })
}

interface Entry {
  readonly i: number
  readonly name: string | undefined
  readonly dependsOn: readonly string[]
}

/** Each circle once, at the dependency that closes it. */
function reportCircles(entries: readonly Entry[], { root, collector }: Findings): void {
  const byName = new Map<string, Entry>()
  for (const entry of entries) if (entry.name !== undefined && !byName.has(entry.name)) byName.set(entry.name, entry)
  const done = new Set<Entry>()
  const trail: Entry[] = []
  const visit = (entry: Entry): void => {
    if (done.has(entry)) return
    trail.push(entry)
    for (const [j, needed] of entry.dependsOn.entries()) {
      const next = byName.get(needed)
      if (next === undefined || next === entry) continue
      const start = trail.indexOf(next)
      if (start === -1) visit(next)
      else {
        const path = ['checks', entry.i, 'depends_on', j]
        const circle = [...trail.slice(start), next].map(({ name }) => name).join(' → ')
        collector.add(placeAt(root, path), path, `closes a circle: ${circle}; remove one of these dependencies`)
      }
    }
    trail.pop()
    done.add(entry)
  }
  for (const entry of byName.values()) visit(entry)
}

/** Windows of one name, and windows for checks and categories that there are not. */
export function compareMaintenance({ root, collector }: Findings): void {
  const windows = writtenAt(root, ['maintenance'])
  if (windows?.kind !== 'list') return
  const checks = writtenAt(root, ['checks'])
  const count = checks?.kind === 'list' ? checks.items.length : 0
  const at = (i: number, key: string) => textAt(root, ['checks', i, key])
  const all = Array.from({ length: count }, (_, i) => ({ name: at(i, 'name'), category: at(i, 'category') }))
  const names = count === 0 ? [DEFAULT_CHECK.name] : all.flatMap(({ name }) => name ?? [])
  const categories = new Set([
    OWN_CATEGORY,
    ...(count === 0 ? [DEFAULT_CHECK.category] : all.map(({ category = DEFAULT_CATEGORY }) => category)),
  ])
  const complain = (path: readonly PropertyKey[], message: string) => collector.add(placeAt(root, path), path, message)
  const first = new Map<string, number>()
  for (const i of windows.items.keys()) {
    const name = textAt(root, ['maintenance', i, 'name'])
    const other = name === undefined ? undefined : first.get(name)
    if (other !== undefined) {
      const message = `${show(name)} is the name of maintenance[${other}] already; write another name`
      complain(['maintenance', i, 'name'], message)
    } else if (name !== undefined) first.set(name, i)
    for (const [j, check] of textsAt(root, ['maintenance', i, 'checks']).entries()) {
      if (names.includes(check) || check.startsWith(OWN_PREFIX)) continue
      const near = suggest(check, names)
      const hint = near === undefined ? 'write the name of a check of this config' : `did you mean ${show(near)}?`
      complain(['maintenance', i, 'checks', j], `${show(check)} is not the name of a check; ${hint}`)
    }
    for (const [j, category] of textsAt(root, ['maintenance', i, 'categories']).entries()) {
      if (categories.has(category)) continue
      const list = [...categories].sort().join(', ')
      complain(['maintenance', i, 'categories', j], `${show(category)} is the category of no check; there are ${list}`)
    }
  }
}

/** Looks at what was written, so that another fault in the same part hides nothing. */
export function compareRetention({ root, collector }: Findings): void {
  const keepsMs = (key: 'raw' | 'rollup') => {
    const text = textAt(root, ['storage', 'retention', key])
    return text === undefined ? DEFAULT_RETENTION_MS[key] : parseDuration(text)
  }
  const [rawMs, rollupMs] = [keepsMs('raw'), keepsMs('rollup')]
  if (rawMs === undefined || rollupMs === undefined || rawMs <= rollupMs) return
  const [raw, rollup] = [formatDays(rawMs), formatDays(rollupMs)]
  const rawPath = ['storage', 'retention', 'raw']
  if (writtenAt(root, rawPath) !== undefined) {
    const message = `is longer than rollup (${rollup}), which is made of it; write at most ${rollup}, or a longer rollup`
    collector.add(placeAt(root, rawPath), rawPath, message)
  } else {
    const path = ['storage', 'retention', 'rollup']
    const message = `is shorter than raw (${raw}), of which it is made; write at least ${raw}, or a shorter raw`
    collector.add(placeAt(root, path), path, message)
  }
}

export function compareTokens({ tokens }: ServerConfig, { root, collector }: Findings): void {
  for (const [i, { name }] of tokens.entries()) {
    const other = tokens.findIndex((token) => token.name === name)
    if (other === i) continue
    const path = ['server', 'tokens', i, 'name']
    collector.add(
      placeAt(root, path),
      path,
      `${show(name)} is the name of server.tokens[${other}] already; write another name`,
    )
  }
}

/** @param notify the plain value of the section, before it is parsed */
export function compareChannels(notify: unknown, { root, collector }: Findings): void {
  if (!isRecord(notify) || !isRecord(notify.by_severity)) return
  const configured = CHANNEL_NAMES.filter((name) => notify[name] !== undefined)
  for (const severity of SEVERITIES) {
    const chosen = notify.by_severity[severity]
    if (!Array.isArray(chosen)) continue
    for (const [i, channel] of chosen.entries()) {
      const fault = typeof channel === 'string' ? channelFault(channel, configured) : undefined
      const path = ['notify', 'by_severity', severity, i]
      if (fault !== undefined) collector.add(placeAt(root, path), path, fault)
    }
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textAt(root: Written, path: readonly PropertyKey[]): string | undefined {
  const written = writtenAt(root, path)
  return written?.kind === 'text' && !written.isNull && written.faults.length === 0 ? written.text : undefined
}

function textsAt(root: Written, path: readonly PropertyKey[]): string[] {
  const written = writtenAt(root, path)
  return written?.kind === 'list' ? written.items.flatMap((_, i) => textAt(root, [...path, i]) ?? '') : []
}
