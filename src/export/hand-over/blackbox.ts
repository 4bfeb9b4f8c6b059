import { printYaml } from '../../lib/yaml-text.ts'
import { formatDuration } from '../../model/duration.ts'
import { SecretFile } from '../../probe/stand-in.ts'
import { defineDocument, type ReportRow } from './document.ts'
import type { HandedCheck, HandedSecret } from './hand-over.ts'
import { SECRETS_FOLDER, secretFileName } from './scrape-job.ts'

/** A check with its module. */
export type BlackboxCheck = HandedCheck & { readonly standIn: { readonly kind: 'blackbox' } }

export function isBlackbox(check: HandedCheck): check is BlackboxCheck {
  return check.standIn.kind === 'blackbox'
}

/** Modules of blackbox_exporter, one for each check, under its name. */
export const blackbox = defineDocument({
  key: 'blackbox',
  summary: 'blackbox_exporter probes what midwatch probes.',
  files({ checks }) {
    const modules = Object.fromEntries(checks.filter(isBlackbox).map((check) => [check.name, moduleOf(check)]))
    return [{ path: 'blackbox/blackbox.yml', text: printYaml({ modules }) }]
  },
  report: ({ checks }) => checks.map(reportRow),
  secrets: ({ checks }) => checks.filter(isBlackbox).flatMap(secretsOf),
  checks: () => [
    {
      programs: ['blackbox_exporter', 'prometheus-blackbox-exporter'],
      args: ['--config.check', '--config.file=blackbox/blackbox.yml'],
    },
  ],
})

function moduleOf({ name, timeoutMs, standIn: { module } }: BlackboxCheck): unknown {
  const { prober, ...options } = module
  return { prober, timeout: formatDuration(timeoutMs), ...(withFiles(options, name) as Record<string, unknown>) }
}

/** With the path of a file where a secret belongs. */
function withFiles(value: unknown, check: string): unknown {
  if (value instanceof SecretFile) return `${SECRETS_FOLDER}/${secretFileName(check, value.field)}`
  if (Array.isArray(value)) return value.map((item) => withFiles(item, check))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withFiles(item, check)]))
}

function secretsOf({ name, standIn: { module } }: BlackboxCheck): HandedSecret[] {
  const found: HandedSecret[] = []
  const visit = (value: unknown): void => {
    if (value instanceof SecretFile) {
      const { field } = value
      found.push({ file: secretFileName(name, field), what: `${field} of the check ${name}`, variable: undefined })
    } else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) visit(item)
  }
  visit(module)
  return found
}

function reportRow({ name, standIn }: HandedCheck): ReportRow {
  const what = `check ${name}`
  if (standIn.kind === 'other') return { what, outcome: 'missing', text: standIn.by }
  const { differences } = standIn
  return { what, outcome: differences.length === 0 ? 'unchanged' : 'changed', text: differences.join('; ') }
}
