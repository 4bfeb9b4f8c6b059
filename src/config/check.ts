import { z } from 'zod'
import { show } from '../lib/show.ts'
import { formatDuration } from '../model/duration.ts'
import { Labels } from '../model/labels.ts'
import type { ProbeDefinition } from '../probe/probe.ts'
import { probes } from '../probe/registry.ts'
import type { CheckConfig, Permission } from './config.ts'
import { explain, sayPlainly } from './explain.ts'
import { asName, flag, labels, name, pageUrl, positiveMs } from './fields.ts'
import { heartbeat } from './heartbeat.ts'
import { asWritten } from './masked.ts'
import { NOTHING, shapeOf } from './shape.ts'
import { meantCheckKey } from './suggest.ts'
import { addUnknownKey, secretOfFileKey, type TypingTools, typedValue } from './typed.ts'
import { placeAt, type Written, type WrittenEntry, type WrittenMap } from './written.ts'

type Path = readonly PropertyKey[]

const DEFAULT_TIMEOUT_MS = 5000

const general = {
  name: name.describe('Letters, digits, dots, hyphens, underscores; the label `check`.'),
  critical: flag(false).describe('Whether the whole is unhealthy when this check is: `/health` answers 503 then.'),
  category: z
    .string({ error: 'is not a category; write one word such as application' })
    .regex(/^[a-z][a-z0-9-]*$/, {
      error: ({ input }) =>
        `${show(input)} is not a category; write one lower-case word, such as ${asCategory(String(input))}`,
    })
    .default('application')
    .describe('One word; groups checks on the pages. `database` and `integration` have alerts of their own.'),
  labels: labels.default({}).describe('Labels that its series and alerts get.'),
  depends_on: z
    .array(z.string({ error: 'is not the name of a check' }), {
      error: 'is not a list; write names of checks such as [database]',
    })
    .default([])
    .describe('Names of checks; while one of them is down, alerts about this one are not told.'),
  runbook: pageUrl.optional().describe('The address of a page for whoever is called.'),
}

function asCategory(text: string): string {
  const word = asName(text)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
  return /^[a-z]/.test(word) ? word : 'application'
}

const generalSchema = z.strictObject(general)
export const probeSchema = z.strictObject({
  ...general,
  every: positiveMs.default(30_000).describe('How often.'),
  timeout: positiveMs.optional().describe('When it gives up, at most `every`; 5s unless told.'),
  confirm: flag(true).describe('Whether a change for the worse is looked at a second time, at once, before it counts.'),
})
const heartbeatSchema = z.strictObject({ ...general, heartbeat })

type Probe = ProbeDefinition<string, unknown>
type Kind = { readonly key: 'heartbeat'; readonly probe?: never } | { readonly key: string; readonly probe: Probe }

const probeList: readonly Probe[] = probes
const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...probeList.map((probe) => [probe.key, { key: probe.key, probe }] as const),
  ['heartbeat', { key: 'heartbeat' }],
])

/** The keys that choose what a check does, in alphabetical order. */
export const checkKinds: readonly string[] = [...kinds.keys()].sort()

interface CheckTools extends TypingTools {
  readonly root: Written
  readonly allow: readonly Permission[]
}

/** One entry of `checks`; undefined when something is wrong with it (problems were added then). */
export function readCheck(written: Written, path: Path, tools: CheckTools): CheckConfig | undefined {
  if (written.kind !== 'map') {
    const example = '{name: shop, http: https://shop.example.org}'
    tools.collector.add(written.place, path, `is not a check; write keys such as ${example}`)
    return undefined
  }
  const kind = kindOf(written, path, tools)
  if (kind?.probe !== undefined) return readProbeCheck(written, kind.probe, path, tools)
  const { mine } = split(written, kind === undefined ? probeSchema : heartbeatSchema, kind, path, tools)
  if (kind === undefined) {
    parse(probeSchema, mine, path, tools)
    return undefined
  }
  const data = parse(heartbeatSchema, mine, path, tools)
  if (data === undefined) return undefined
  return { kind: 'heartbeat', ...shared(data, written, [heartbeatSchema]), heartbeat: data.heartbeat }
}

function readProbeCheck(written: WrittenMap, probe: Probe, path: Path, tools: CheckTools): CheckConfig | undefined {
  const { collector, root, allow } = tools
  const { mine, rest } = split(written, probeSchema, { key: probe.key, probe }, path, tools)
  const data = parse(probeSchema, mine, path, tools)
  const settings = parse(probe.config, rest, path, tools)
  const isForbidden = probe.needsPermission === true && !allow.includes('script')
  if (isForbidden) {
    const here = [...path, probe.key]
    const message = 'starts a program, which is not allowed; write allow: [script] at the top of the config'
    collector.add(placeAt(root, here), here, message)
  }
  if (data === undefined) return undefined
  const { every: everyMs, timeout, confirm } = data
  const timeoutMs = timeout ?? Math.min(DEFAULT_TIMEOUT_MS, everyMs)
  if (timeoutMs > everyMs) {
    const here = [...path, 'timeout']
    const message = `is longer than every (${formatDuration(everyMs)}); write at most that, or a longer every`
    collector.add(placeAt(root, here), here, message)
    return undefined
  }
  if (settings === undefined || isForbidden) return undefined
  return {
    kind: 'probe',
    ...shared(data, written, [probeSchema, probe.config]),
    probe,
    settings,
    instance: probe.instance(settings),
    everyMs,
    timeoutMs,
    confirm,
  }
}

/** What the schema makes of a part of an entry; undefined when something is wrong (problems were added then). */
function parse<Output>(schema: z.ZodType<Output>, part: WrittenMap, path: Path, tools: CheckTools): Output | undefined {
  const value = typedValue(part, [schema], path, tools)
  const result = schema.safeParse(value, { error: sayPlainly })
  if (result.success) return result.data
  explain(result.error.issues, { root: tools.root, value, path, collector: tools.collector })
  return undefined
}

function shared(data: z.output<typeof generalSchema>, written: WrittenMap, schemas: readonly z.core.$ZodType[]) {
  return {
    name: data.name,
    critical: data.critical,
    category: data.category,
    labels: Labels.of(data.labels),
    dependsOn: data.depends_on,
    runbook: data.runbook,
    written: asWritten(written, schemas) as Record<string, unknown>,
  }
}

/** Which key of the entry says what the check does. */
function kindOf(entry: WrittenMap, path: Path, tools: CheckTools): Kind | undefined {
  const { collector, root } = tools
  const present = new Set([...entry.entries.keys()].flatMap((key) => kinds.get(key) ?? kindOfSecretFile(key) ?? []))
  // `tls` is a kind, and an option of `http`: beside that one it chooses nothing.
  const all = [...present]
  const chosen = all.filter((kind) => !all.some((other) => other !== kind && hasOption(other, kind.key)))
  const [first, second] = chosen
  if (first !== undefined && second === undefined) return first
  if (second !== undefined) {
    const here = [...path, second.key]
    collector.add(
      placeAt(root, here, 'key'),
      here,
      `a check does one thing, and this one has ${first?.key} already; write two checks`,
    )
    return undefined
  }
  reportNoKind(entry, path, tools)
  return undefined
}

/** Keys that are neither a kind nor general may be options of the kind that is missing: only the likeliest is named. */
function reportNoKind(entry: WrittenMap, path: Path, tools: CheckTools): void {
  const { collector } = tools
  const general = Object.keys(probeSchema.shape)
  const strange = [...entry.entries].filter(([key]) => !general.includes(key))
  const isTypo = (key: string) =>
    meantCheckKey(key, checkKinds) === undefined && meantCheckKey(key, general) !== undefined
  for (const [key, written] of strange) if (isTypo(key)) addUnknownKey(written, [...path, key], general, tools)
  const [key, written] =
    strange.find(([one]) => meantCheckKey(one, checkKinds) !== undefined) ?? strange.find(([one]) => !isTypo(one)) ?? []
  const list = checkKinds.join(', ')
  if (key === undefined || written === undefined) {
    collector.add(entry.place, path, `has nothing to do; write one of ${list}`)
    return
  }
  const near = meantCheckKey(key, checkKinds)
  const instead = near === undefined ? `; the kinds are ${list}` : `; did you mean "${near}"? The kinds are ${list}`
  collector.add(written.place, [...path, key], `is not a kind of check${instead}`)
}

function kindOfSecretFile(key: string): Kind | undefined {
  const probe = probeList.find(({ key: own, config }) => secretOfFileKey(key, shapeOf(config)) === own)
  return probe && kinds.get(probe.key)
}

function hasOption({ probe }: Kind, key: string): boolean {
  return probe !== undefined && (shapeOf(probe.config).fields?.has(key) ?? false)
}

/** The entry in two: what every check has, and what is of its kind; keys of neither are problems. */
function split(
  entry: WrittenMap,
  common: z.ZodObject,
  kind: Kind | undefined,
  path: Path,
  tools: CheckTools,
): { mine: WrittenMap; rest: WrittenMap } {
  const commonKeys = Object.keys(common.shape)
  const ownShape = kind?.probe === undefined ? NOTHING : shapeOf(kind.probe.config)
  const mine = new Map<string, WrittenEntry>()
  const rest = new Map<string, WrittenEntry>()
  for (const [key, value] of entry.entries) {
    if (commonKeys.includes(key)) mine.set(key, value)
    else if (ownShape.fields?.has(key) || secretOfFileKey(key, ownShape) !== undefined) rest.set(key, value)
    else if (kind?.key === 'heartbeat' && Object.hasOwn(probeSchema.shape, key)) {
      const message = 'means nothing for a heartbeat, which is told and never asks; remove it'
      tools.collector.add(value.place, [...path, key], message)
    } else if (kind !== undefined) {
      addUnknownKey(value, [...path, key], [...commonKeys, ...(ownShape.fields?.keys() ?? [])], tools)
    }
  }
  return { mine: { ...entry, entries: mine }, rest: { ...entry, entries: rest } }
}
