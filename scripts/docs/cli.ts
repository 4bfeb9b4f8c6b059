import { type Command, loadCommand } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/registry.ts'
import { code, type Page, page, table } from './page.ts'

interface Argument {
  readonly type?: string
  readonly description?: string
  readonly valueHint?: string
  readonly default?: unknown
  readonly required?: boolean
}

/** Every command with its options. */
export const cli: Page = {
  file: 'docs/reference/cli.md',
  async text() {
    const sections: string[] = []
    for (const [name, entry] of Object.entries(commands)) {
      sections.push(...(await sectionsOf([name], await loadCommand(name, entry), entry.description)))
    }
    const rows = Object.entries(commands).map(([name, { description }]) => [
      `[\`${name}\`](#midwatch-${name})`,
      description,
    ])
    return page(
      'Commands',
      'Exit codes: 0 fine, 1 it found a problem, 2 it was used wrongly. `midwatch <command> --help` says the same as this page, `midwatch --version` the version.',
      'Commands that ask the running midwatch find it by what it wrote into its data folder, and need no token for whoever may read that. `--url` and `--token`, or `MIDWATCH_URL` and `MIDWATCH_TOKEN`, name another. Where none runs, those that can do without open the data themselves.',
      table(['command', 'what'], rows),
      ...sections,
    )
  },
}

async function sectionsOf(words: readonly string[], command: Command, description: string): Promise<string[]> {
  const args = Object.entries(((await resolve(command.args)) ?? {}) as Record<string, Argument>)
  const children = Object.entries(((await resolve(command.subCommands)) ?? {}) as Record<string, unknown>)
  const positionals = args.filter(([, { type }]) => type === 'positional')
  const usage = [
    'midwatch',
    ...words,
    ...(args.length > positionals.length ? ['[OPTIONS]'] : []),
    ...positionals.map(([name, { valueHint, required }]) =>
      required === false ? `[${valueHint ?? name}]` : (valueHint ?? name),
    ),
  ].join(' ')
  const own = [
    `## midwatch ${words.join(' ')}`,
    description,
    ...(children.length === 0 ? [`\`\`\`text\n${usage}\n\`\`\``] : []),
    ...(args.length === 0 ? [] : [table(['option', 'default', 'what'], args.map(row))]),
  ]
  for (const [name, child] of children) {
    const sub = (await resolve(child)) as Command
    const meta = (await resolve(sub.meta)) as { description?: string } | undefined
    own.push(...(await sectionsOf([...words, name], sub, meta?.description ?? '')))
  }
  return own
}

function row([name, { type, description = '', valueHint, default: fallback }]: readonly [string, Argument]): string[] {
  const hint = valueHint ?? name
  const option = type === 'positional' ? hint : type === 'boolean' ? `--${name}` : `--${name} ${hint}`
  return [code(option), fallback === undefined ? '' : code(String(fallback)), description]
}

async function resolve(value: unknown): Promise<unknown> {
  return typeof value === 'function' ? (value as () => unknown)() : value
}
