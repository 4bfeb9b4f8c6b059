import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { ExportedFile, HandedSecret, HandOver } from '../../export/hand-over/hand-over.ts'
import { SECRETS_FOLDER, secretFileName } from '../../export/hand-over/scrape-job.ts'
import { redactText } from '../../lib/redact.ts'
import type { Config } from '../config.ts'
import { printAlertmanager } from './print.ts'

/** Keys of Alertmanager that hold a secret, each with the key that names a file instead. */
const FILE_KEYS: Readonly<Record<string, string>> = {
  api_url: 'api_url_file',
  slack_api_url: 'slack_api_url_file',
  auth_password: 'auth_password_file',
  smtp_auth_password: 'smtp_auth_password_file',
  routing_key: 'routing_key_file',
  credentials: 'credentials_file',
  bearer_token: 'bearer_token_file',
  password: 'password_file',
  url: 'url_file',
}

/** Alertmanager's configuration with files in the place of secrets. */
export function handedAlertmanager(config: Config): HandOver['alertmanager'] {
  const { config: printed, notes } = printAlertmanager(config)
  const { receivers: printedReceivers, ...others } = printed
  const secrets: HandedSecret[] = []
  const addresses = webhookAddresses(config)
  const visit = (value: unknown, of: string): unknown => {
    if (Array.isArray(value)) return value.map((item, i) => visit(item, value.length > 1 ? `${of}-${i}` : of))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        const fileKey = FILE_KEYS[key]
        if (fileKey === undefined || typeof item !== 'string' || !isMasked(item))
          return [key, visit(item, nameOf(of, key, value))]
        const known = key === 'url' ? (addresses.get(item) ?? []) : []
        // Several addresses that look the same when masked come in the order in which they were written.
        const plain = new Set(known).size === 1 ? known[0] : known.shift()
        if (plain !== undefined && isHarmless(plain)) return [key, plain]
        const file = secretFileName(of, key)
        const variable = /^\$\{(\w+)\}$/.exec(item)?.[1]
        secrets.push({ file, what: `${key} of ${of}`, variable })
        return [fileKey, `${SECRETS_FOLDER}/${file}`]
      }),
    )
  }
  const receivers = (printedReceivers as readonly { readonly name: string }[]).map((receiver) =>
    visit(receiver, config.alertmanager?.route === undefined ? '' : receiver.name),
  )
  const files =
    (printed.templates as readonly string[] | undefined)?.flatMap((pattern) => globSync(pattern).sort()) ?? []
  const templates = readTemplates(files)
  return {
    config: {
      ...printed,
      ...(visit(others, 'global') as Record<string, unknown>),
      receivers,
      ...(templates.length === 0 ? {} : { templates: templates.map(({ path }) => path) }),
    },
    notes,
    secrets,
    templates,
  }
}

function nameOf(of: string, key: string, owner: object): string {
  if (!('name' in owner) || !key.endsWith('_configs')) return of
  // Channels of the short form are the same for all.
  return [of, key.replace(/_configs$/, '')].filter((part) => part !== '').join('-')
}

/** Without the part that makes an address a secret nothing of it is left but where it leads. */
function isMasked(text: string): boolean {
  return text.includes('<secret>') || /^\$\{\w+\}$/.test(text)
}

/** By what is printed for them, in order: the addresses of webhooks as they are. */
function webhookAddresses({ alertmanager, notify }: Config): Map<string, string[]> {
  const settings = [
    ...(alertmanager?.receivers ?? []).flatMap(({ integrations }) =>
      integrations
        .filter(({ channel }) => channel === 'webhook')
        .map(({ settings }) => settings as { url: { reveal(): string } }),
    ),
    ...(notify.channels.webhook === undefined ? [] : [notify.channels.webhook]),
  ]
  const byMask = new Map<string, string[]>()
  for (const { url } of settings) {
    const address = url.reveal()
    const mask = `${new URL(address).origin}/<secret>`
    byMask.set(mask, [...(byMask.get(mask) ?? []), address])
  }
  return byMask
}

/** An address of one's own network that has nothing in it that looks like a token. */
function isHarmless(address: string): boolean {
  const { hostname, username, password, search, pathname } = new URL(address)
  const isInside =
    /^(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|\[::1\])|^[^.]+$|\.internal$|\.local$/.test(
      hostname,
    )
  const hasToken = pathname.split('/').some((part) => part.length >= 20) || redactText(address) !== address
  return isInside && username === '' && password === '' && search === '' && !hasToken
}

/** Template files that Alertmanager is to have, under names of their own. */
function readTemplates(files: readonly string[]): ExportedFile[] {
  return files.map((file) => ({ path: `templates/${basename(file)}`, text: readFileSync(file, 'utf8') }))
}
