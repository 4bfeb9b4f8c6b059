import { dirname, join, resolve } from 'node:path'
import type { z } from 'zod'
import { withBackend } from '../export/forward/backend-config.ts'
import { formatDuration, parseDuration } from '../model/duration.ts'
import { Labels } from '../model/labels.ts'
import type { Problem } from '../model/problem.ts'
import { DEFAULT_INTERVAL_MS } from '../probe/scrape/config.ts'
import { alertingBeside } from './alerting.ts'
import { type AlertmanagerTools, readAlertmanager } from './alertmanager/read.ts'
import { readCheck } from './check.ts'
import { Collector } from './collector.ts'
import { type CheckConfig, type Config, deepFreeze } from './config.ts'
import { compareChannels, compareChecks, compareMaintenance, compareRetention, compareTokens } from './consistency.ts'
import { compareDelivery } from './delivery.ts'
import { type Environment, settings, withEnvironment } from './environment.ts'
import { compareEscalation } from './escalation.ts'
import { explain, sayPlainly } from './explain.ts'
import { readRoot, readText, whyUnreadable } from './file.ts'
import { CHANNEL_NAMES } from './notify.ts'
import { namesToEscalate } from './routing.ts'
import { document, sections } from './schema.ts'
import { meantCheckKey } from './suggest.ts'
import { addUnknownKey, type TypingTools, typedValue } from './typed.ts'
import { formatPath, placeAt, type Written, withValueAt, writtenText } from './written.ts'

export const DEFAULT_FILE = 'midwatch.yml'

export interface LoadOptions {
  /** The file that was asked for; undefined is `MIDWATCH_CONFIG`, or midwatch.yml where there is one. */
  readonly file: string | undefined
  readonly env: Environment
  /** What the command line says; it wins over everything. */
  readonly overrides?: { readonly data?: string | undefined; readonly listen?: string | undefined } | undefined
  /** Reads a text file; throws as `readFileSync` does. */
  readonly readFile?: ((path: string) => string) | undefined
}

export interface LoadResult {
  /** Undefined when there is an error among the problems. */
  readonly config: Config | undefined
  readonly problems: readonly Problem[]
  /** Every file that was read, secrets among them: a change of one is a change of the config. */
  readonly files: readonly string[]
}

const knownSettings = settings(document)

/** Reads what the operator asked for: the file, then the environment over it, then the command line. Never throws. */
export function loadConfig({ file, env, overrides = {}, readFile = readText }: LoadOptions): LoadResult {
  const collector = new Collector()
  const files: string[] = []
  const named = file ?? (env.MIDWATCH_CONFIG || undefined)
  const path = named ?? DEFAULT_FILE
  let root = readRoot(path, { isNamed: named !== undefined, env, readFile, files, collector })
  const hasFile = root !== undefined
  root = withEnvironment(
    root ?? { kind: 'map', place: { file: path }, entries: new Map() },
    env,
    knownSettings,
    collector,
  )
  for (const [option, where] of [
    ['data', ['storage', 'data']],
    ['listen', ['server', 'listen']],
  ] as const) {
    const text = overrides[option]
    if (text !== undefined) root = withValueAt(root, where, writtenText(text, { file: `--${option}` }), () => undefined)
  }

  const folder = dirname(path)
  const tools: SectionTools = {
    collector,
    hint: keyElsewhere,
    folder,
    readFile,
    files,
    readSecretFile(name, place, field) {
      // A path in the file starts where the file is, one in a variable where midwatch was started.
      const secretFile = place.file === path ? resolve(folder, name) : resolve(name)
      try {
        const text = readFile(secretFile).replace(/\r?\n$/, '')
        files.push(secretFile)
        collector.hide(text)
        return text
      } catch (error) {
        collector.add(place, field, `${name} can't be read: ${whyUnreadable(error)}`)
        return undefined
      }
    },
  }
  const config = readSections(root, tools, hasFile ? path : undefined)
  const problems = collector.problems()
  const isFine = problems.every(({ severity }) => severity !== 'error')
  return { config: isFine && config !== undefined ? deepFreeze(config) : undefined, problems, files }
}

type SectionName = keyof typeof sections
type SectionTools = TypingTools & Pick<AlertmanagerTools, 'folder' | 'readFile' | 'files'>

function readSections(root: Written, tools: SectionTools, file: string | undefined): Config | undefined {
  const { collector } = tools
  const entries = root.kind === 'map' ? root.entries : new Map()
  for (const [key, entry] of entries) {
    if (!Object.hasOwn(sections, key)) addUnknownKey(entry, [key], Object.keys(sections), tools)
  }

  const values: Partial<Record<SectionName, unknown>> = {}
  function parse<Name extends Exclude<SectionName, 'checks' | 'alertmanager'>>(
    name: Name,
    prepare: (value: unknown) => unknown = (value) => value,
  ): z.output<(typeof sections)[Name]> | undefined {
    const schema: z.ZodType = sections[name]
    const written = entries.get(name)?.value
    const value = written === undefined ? undefined : prepare(typedValue(written, [schema], [name], tools))
    values[name] = value
    const result = schema.safeParse(value, { error: sayPlainly })
    if (!result.success) explain(result.error.issues, { root, value, path: [name], collector })
    return result.data as z.output<(typeof sections)[Name]> | undefined
  }

  const server = parse('server')
  const storage = parse('storage')
  const evaluation = parse('evaluation')
  const allow = parse('allow')
  const probes = parse('probes')
  const global = parse('global')
  const scrape = parse('scrape_configs', (jobs) => withGlobals(jobs, global))
  const metrics = parse('metrics')
  const remoteWrite = parse('remote_write')
  const ruleFiles = parse('rule_files')
  const sloFiles = parse('slo_files')
  const kpiFiles = parse('kpi_files')
  const shippedRules = parse('shipped_rules')
  const notify = parse('notify')
  const written = plainRecord(values.notify)
  const ours = CHANNEL_NAMES.filter((name) => written[name] !== undefined)
  const alertmanager = readAlertmanager(entries.get('alertmanager')?.value, {
    ...tools,
    root,
    notify: written,
    channels: ours,
  })
  const alerting = parse('alerting')
  const events = parse('events')
  const maintenance = parse('maintenance')
  const connectivity = parse('connectivity')
  const log = parse('log')
  const checks = readChecks(root, { ...tools, root, allow: allow ?? [] })

  const findings = { root, collector }
  compareChecks(findings)
  compareMaintenance(findings)
  compareRetention(findings)
  if (server !== undefined) compareTokens(server, findings)
  compareChannels(values.notify, findings)
  // Where the receivers have a fault, nobody knows their names.
  if (notify !== undefined && (alertmanager !== undefined || !isWritten(entries.get('alertmanager')?.value))) {
    compareDelivery(notify, { ...findings, channels: ours, receivers: alertmanager?.receivers ?? [] })
    compareEscalation(written.escalation, namesToEscalate(notify, alertmanager), findings)
  }

  if (
    !server ||
    !storage ||
    !evaluation ||
    !allow ||
    !probes ||
    !global ||
    !scrape ||
    !metrics ||
    !remoteWrite ||
    !ruleFiles ||
    !sloFiles ||
    !kpiFiles ||
    !shippedRules ||
    !notify ||
    !maintenance ||
    !connectivity ||
    !log ||
    !checks
  ) {
    return undefined
  }
  // Paths in the file start where the file is, those in a variable where midwatch was started.
  const globs = (key: 'rule_files' | 'slo_files' | 'kpi_files', written: readonly string[]) =>
    file !== undefined && placeAt(root, [key]).file === file
      ? written.map((glob) => relativeTo(dirname(file), glob))
      : written
  return {
    folder: file === undefined ? '.' : dirname(file),
    server,
    storage,
    evaluation,
    checks,
    allow,
    probes,
    scrape,
    metricsBackend: metrics.backend,
    remoteWrite: withBackend(remoteWrite, metrics.backend),
    ruleFiles: globs('rule_files', ruleFiles),
    sloFiles: globs('slo_files', sloFiles),
    kpiFiles: globs('kpi_files', kpiFiles),
    shippedRules,
    notify,
    alertmanager,
    alerting: alertingBeside(alerting, tools.folder),
    externalLabels: Labels.of(global.external_labels),
    events,
    maintenance,
    connectivity,
    log,
  }
}

/** Jobs without an interval or a timeout get the global ones; a timeout is never longer than its interval. */
function withGlobals(jobs: unknown, global: z.output<typeof sections.global> | undefined): unknown {
  if (!Array.isArray(jobs) || global === undefined) return jobs
  const { scrape_interval: everyMs, scrape_timeout: timeoutMs } = global
  return jobs.map((job: unknown) => {
    if (typeof job !== 'object' || job === null) return job
    const written = job as { scrape_interval?: unknown; scrape_timeout?: unknown }
    const ownMs = typeof written.scrape_interval === 'string' ? parseDuration(written.scrape_interval) : undefined
    const intervalMs = ownMs ?? everyMs ?? DEFAULT_INTERVAL_MS
    const filled: Record<string, unknown> = { ...job }
    if (everyMs !== undefined) filled.scrape_interval ??= formatDuration(everyMs)
    if (timeoutMs !== undefined) filled.scrape_timeout ??= formatDuration(Math.min(timeoutMs, intervalMs))
    return filled
  })
}

function plainRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

function isWritten(written: Written | undefined): boolean {
  return written !== undefined && !(written.kind === 'text' && written.isNull)
}

function relativeTo(folder: string, glob: string): string {
  return glob.startsWith('/') ? glob : join(folder, glob)
}

function readChecks(root: Written, tools: Parameters<typeof readCheck>[2]): CheckConfig[] | undefined {
  const written = root.kind === 'map' ? root.entries.get('checks')?.value : undefined
  if (written === undefined || (written.kind === 'text' && written.isNull)) return []
  if (written.kind !== 'list') {
    tools.collector.add(
      placeAt(root, ['checks']),
      ['checks'],
      'is not a list; write a line with "- name: …" for each check',
    )
    return undefined
  }
  return written.items.flatMap((item, i) => readCheck(item, ['checks', i], tools) ?? [])
}

/** Keys of other programs' files that people bring along. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'server.port': 'write the port in server.listen, such as 127.0.0.1:8420',
  'server.host': 'write the host in server.listen, such as 127.0.0.1:8420',
  'evaluation.interval': 'write evaluation.cron, such as "*/15 * * * * *"',
  'global.evaluation_interval': 'write evaluation.cron, such as "*/15 * * * * *"',
  'notify.email.server': 'write notify.email.smtp',
  slos: 'SLOs have files of their own; write slo_files: [slos/*.yml]',
  slo: 'SLOs have files of their own; write slo_files: [slos/*.yml]',
  objectives: 'SLOs have files of their own; write slo_files: [slos/*.yml]',
  kpis: 'KPIs have a file of their own; write kpi_files: [kpis.yml]',
  groups: 'rules have files of their own; write rule_files: [rules/*.yml]',
}

/** The key may be right and stand in the wrong part. */
function keyElsewhere(path: readonly PropertyKey[], keysHere: readonly string[]): string | undefined {
  const place = formatPath(path)
  if (Object.hasOwn(ELSEWHERE, place)) return ELSEWHERE[place]
  const key = path.at(-1)
  if (path[0] === 'checks') {
    const meant = path.length === 3 ? meantCheckKey(String(key), keysHere) : undefined
    return meant === undefined ? undefined : `did you mean "${meant}"?`
  }
  const other = [...knownSettings.values()].find((setting) => setting.path.length > 1 && setting.path.at(-1) === key)
  return other === undefined ? undefined : `did you mean ${formatPath(other.path)}?`
}
