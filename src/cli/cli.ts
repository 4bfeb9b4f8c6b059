import { stripVTControlCharacters } from 'node:util'
import { defineCommand, runCommand, showUsage } from 'citty'
import { version } from '../lib/version.ts'
import { type Command, loadCommand } from './command.ts'
import { CommandError } from './command-error.ts'
import { refuseUnknownOptions } from './options.ts'
import { commands } from './registry.ts'

const meta = { name: 'midwatch', version, description: 'The night watch for small teams.' }

/** Runs what the command line asks for; sets the exit code: 0 fine, 1 found a problem, 2 wrong use. */
export async function runCli(args: readonly string[]): Promise<void> {
  const rawArgs = [...args]
  if (rawArgs.includes('--help') || rawArgs.includes('-h')) {
    await showHelp(rawArgs.filter((arg) => !arg.startsWith('-')))
    return
  }
  if (rawArgs[0] === '--version' || rawArgs[0] === '-v') {
    process.stdout.write(`${version}\n`)
    return
  }
  const subCommands = mapCommands((name, entry) => () => loadCommand(name, entry))
  try {
    await checkOptions(rawArgs)
    await runCommand(defineCommand({ meta, subCommands }), { rawArgs })
  } catch (error) {
    if (error instanceof CommandError) {
      process.stderr.write(`${error.message}\n`)
      process.exitCode = error.exitCode
    } else if ((error as Error).name === 'CLIError') {
      process.stderr.write(`${stripVTControlCharacters((error as Error).message)}\nSee midwatch --help.\n`)
      process.exitCode = 2
    } else throw error
  }
}

async function checkOptions([name = '', ...rest]: readonly string[]): Promise<void> {
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (entry !== undefined) await refuseUnknownOptions(await loadCommand(name, entry), rest)
}

async function showHelp(words: readonly string[]): Promise<void> {
  // The overview needs a line of each command and the code of none.
  const overview = defineCommand({
    meta,
    subCommands: mapCommands((name, { description }) => ({ meta: { name, description } })),
  })
  const [first = '', ...rest] = words
  const entry = Object.hasOwn(commands, first) ? commands[first] : undefined
  if (entry === undefined) {
    await showUsage(overview)
    return
  }
  let parent: Command = overview
  let command = await loadCommand(first, entry)
  for (const word of rest) {
    const children = (await resolve(command.subCommands)) as Record<string, unknown> | undefined
    const child = await resolve(children?.[word])
    if (child === undefined) break
    parent = command
    command = child as Command
  }
  await showUsage(command, parent)
}

function mapCommands<Result>(map: (name: string, entry: (typeof commands)[string]) => Result): Record<string, Result> {
  // Without a prototype, so that `toString` is no command.
  const mapped = Object.create(null) as Record<string, Result>
  for (const [name, entry] of Object.entries(commands)) mapped[name] = map(name, entry)
  return mapped
}

async function resolve(value: unknown): Promise<unknown> {
  return typeof value === 'function' ? (value as () => unknown)() : value
}
