import { defineCommand } from 'citty'
import { findServer } from './client.ts'
import { CommandError } from './command-error.ts'
import { plain, printJson, table } from './print.ts'
import { serverArgs } from './server-args.ts'

/** As `GET /api/v1/maintenance` has it. */
interface Window {
  readonly id: string
  readonly name: string
  readonly origin: 'config' | 'api'
  readonly state: string
  readonly starts_at: string | null
  readonly ends_at: string | null
  readonly cron?: string
  readonly timezone?: string
  readonly for?: string
  readonly checks?: readonly string[]
  readonly categories?: readonly string[]
  readonly matchers?: readonly string[]
  readonly everything?: boolean
  readonly checks_in_it?: readonly string[]
  readonly comment?: string
}

const json = { type: 'boolean', description: 'Print it as JSON' } as const

const start = defineCommand({
  meta: { name: 'start', description: 'Begin a maintenance window: nobody is told of what is in it.' },
  args: {
    name: { type: 'positional', required: false, description: 'What to call it; one is made up', valueHint: 'NAME' },
    for: { type: 'string', description: 'How long, such as 2h', valueHint: 'DURATION' },
    to: { type: 'string', description: 'Until when, such as 2026-12-01T23:00:00+01:00', valueHint: 'TIME' },
    from: { type: 'string', description: 'From when; now unless told', valueHint: 'TIME' },
    cron: { type: 'string', description: 'When it begins, again and again', valueHint: 'LINE' },
    timezone: { type: 'string', description: 'Of --cron, and of times without an offset', valueHint: 'ZONE' },
    checks: { type: 'string', description: 'Names of checks, with commas between them', valueHint: 'LIST' },
    categories: { type: 'string', description: 'Categories of checks, with commas', valueHint: 'LIST' },
    matchers: { type: 'string', description: `Labels of checks and alerts: 'team="shop"'`, valueHint: 'MATCHERS' },
    everything: { type: 'boolean', description: 'It is for all that is watched' },
    comment: { type: 'string', description: 'For people', valueHint: 'TEXT' },
    json,
    ...serverArgs,
  },
  async run({ args }) {
    const { name, to, from, cron, timezone, matchers, everything, comment } = args
    const body = {
      ...given({ name, for: args.for, to, from, cron, timezone, matchers, comment }),
      ...(args.checks === undefined ? {} : { checks: listOf(args.checks) }),
      ...(args.categories === undefined ? {} : { categories: listOf(args.categories) }),
      ...(everything === true ? { everything } : {}),
    }
    const made = (await findServer(args).ask('POST', '/api/v1/maintenance', body)) as Window
    if (args.json) return printJson(made)
    const checks = made.checks_in_it
    const what =
      checks === undefined ? '' : `; ${checks.length === 1 ? '1 check is' : `${checks.length} checks are`} in it`
    process.stdout.write(
      `maintenance window ${plain(made.name)}, ${made.state} from ${made.starts_at} to ${made.ends_at}${what}\n`,
    )
  },
})

const list = defineCommand({
  meta: { name: 'list', description: 'List maintenance windows, those of the config among them.' },
  args: { json: { type: 'boolean', description: 'Print them as JSON' }, ...serverArgs },
  async run({ args }) {
    const { items } = (await findServer(args).ask('GET', '/api/v1/maintenance')) as { items: readonly Window[] }
    if (args.json) return printJson(items)
    if (items.length === 0) process.stdout.write('there is no maintenance window\n')
    else process.stdout.write(table([['NAME', 'STATE', 'FROM', 'TO', 'WHEN', 'WHAT', 'COMMENT'], ...items.map(rowOf)]))
  },
})

const end = defineCommand({
  meta: { name: 'end', description: 'End a maintenance window now; one of the config ends this time only.' },
  args: {
    name: { type: 'positional', required: true, description: 'Its name or its id', valueHint: 'NAME' },
    json,
    ...serverArgs,
  },
  async run({ args }) {
    const path = `/api/v1/maintenance/${encodeURIComponent(args.name)}`
    const ended = (await findServer(args).ask('DELETE', path)) as Window
    if (args.json) return printJson(ended)
    const next = ended.state === 'pending' ? `; the next one begins at ${ended.starts_at}` : ''
    process.stdout.write(`maintenance window ${plain(ended.name)} has ended${next}\n`)
  },
})

export const maintenance = defineCommand({ subCommands: { start, list, end } })

function rowOf(window: Window): string[] {
  const { name, state, starts_at: from, ends_at: to, cron, timezone, comment = '', origin } = window
  const when =
    cron === undefined ? (origin === 'config' ? 'once, in the config' : 'once') : `${cron} ${timezone ?? ''}`.trim()
  return [plain(name), state, from ?? '', to ?? '', plain(when), plain(scopeOf(window)), plain(comment)]
}

function scopeOf({ everything, checks = [], categories = [], matchers = [] }: Window): string {
  if (everything === true) return 'everything'
  return [
    ...checks,
    ...categories.map((one) => `category ${one}`),
    ...(matchers.length === 0 ? [] : [`{${matchers.join(', ')}}`]),
  ].join(', ')
}

function listOf(text: string): string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length === 0)
    throw new CommandError(2, `"${plain(text)}" names nothing; write names with commas between them`)
  return names
}

function given(texts: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).flatMap(([key, text]) => (text === undefined ? [] : [[key, text]])))
}
