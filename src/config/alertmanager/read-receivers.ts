import type { TlsFiles } from '../../notify/channel/tls-files.ts'
import type { Words } from '../../notify/channel/words.ts'
import type { TemplateLibrary } from '../../notify/template/library.ts'
import { TemplateError, UndefinedTemplateError } from '../../template/error.ts'
import type { Collector } from '../collector.ts'
import { explain, sayPlainly } from '../explain.ts'
import { placeAt, type Written } from '../written.ts'
import { type AlertmanagerReceiver, parts } from './alertmanager.ts'
import { type GlobalSettings, global as globalSchema } from './global.ts'
import { type HttpConfig, tlsBeside } from './http-config.ts'
import type { AlertmanagerIntegration, EntryContext, IntegrationDefinition } from './integration.ts'
import { integrations } from './receivers.ts'

type Path = readonly PropertyKey[]

interface ReceiverTools {
  readonly root: Written
  readonly collector: Collector
  /** What paths of files are relative to. */
  readonly folder: string
  /** Undefined where something is wrong with it. */
  readonly global: GlobalSettings | undefined
  readonly library: TemplateLibrary
  /** Whether every file of templates could be read. */
  readonly isWhole: boolean
}

const NO_HTTP: HttpConfig = { basicAuth: undefined, authorization: undefined, proxy: undefined, tls: undefined }

/** @returns undefined when one of them has a fault, which is a problem then */
export function readReceivers(value: unknown, tools: ReceiverTools): AlertmanagerReceiver[] | undefined {
  const { root, collector } = tools
  const path = ['alertmanager', 'receivers']
  const result = parts.receivers.safeParse(value, { error: sayPlainly })
  if (!result.success) explain(result.error.issues, { root, value, path, collector })
  if (!Array.isArray(value)) return value === undefined ? [] : undefined
  const receivers = value.map((one: unknown, i) => readReceiver(one, [...path, i], tools))
  if (!result.success || receivers.includes(undefined)) return undefined
  return receivers as AlertmanagerReceiver[]
}

function readReceiver(value: unknown, path: Path, tools: ReceiverTools): AlertmanagerReceiver | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const record = value as Readonly<Record<string, unknown>>
  const name = String(record.name ?? '')
  let isFine = true
  const made = integrations.flatMap((definition) => {
    const entries = record[definition.key]
    if (!Array.isArray(entries)) return []
    return entries.flatMap((entry: unknown, i) => {
      const one = readEntry(definition, entry, [...path, definition.key, i], tools)
      if (one === undefined) isFine = false
      return one === undefined ? [] : [{ ...one, id: `${name}/${definition.channel}[${i}]` }]
    })
  })
  return isFine ? { name, integrations: made } : undefined
}

/** Faults of the entry's own were told with the whole list; here is what it comes to with everything around it. */
function readEntry(
  definition: IntegrationDefinition,
  entry: unknown,
  path: Path,
  tools: ReceiverTools,
): Omit<AlertmanagerIntegration, 'id'> | undefined {
  const parsed = definition.schema.safeParse(entry)
  if (!parsed.success) return undefined
  const context = entryContext(path, tools)
  const made = definition.read(parsed.data, context)
  if (made === undefined) return undefined
  const { send_resolved: sendResolved } = parsed.data as { readonly send_resolved?: boolean }
  return {
    channel: definition.channel,
    sendResolved: sendResolved ?? definition.sendResolved,
    timeoutMs: made.timeoutMs === 0 ? undefined : made.timeoutMs,
    settings: made.settings,
    ...(made.settingsFor === undefined ? {} : { settingsFor: made.settingsFor }),
  }
}

function entryContext(path: Path, { root, collector, global, library, isWhole, folder }: ReceiverTools): EntryContext {
  const settings = global ?? globalSchema.parse({})
  const fault = (inner: Path, message: string) => {
    const full = [...path, ...inner]
    collector.add(placeAt(root, full), full, message)
  }
  const tls = (files: TlsFiles | undefined) => tlsBeside(files, folder)
  return {
    global: settings,
    fault,
    tls,
    http(own) {
      const http = own ?? settings.http ?? NO_HTTP
      return { ...http, tls: tls(http.tls) }
    },
    words: (inner, template, kind = 'text') => {
      if (template === undefined) return undefined
      try {
        return Object.assign(library.read(template, kind), { source: template }) satisfies Words
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error
        // What is missing here may be defined in the file that could not be read.
        if (!isWhole && error instanceof UndefinedTemplateError) return undefined
        const place = template.includes('\n') ? ` (line ${error.line})` : ''
        fault(inner, `is not a template that can be expanded${place}: ${error.message}`)
        return undefined
      }
    },
  }
}
