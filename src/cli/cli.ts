import { defineCommand, runCommand, showUsage } from 'citty'
import { version } from '../lib/version.ts'
import { CommandError } from './command-error.ts'
import { commands } from './registry.ts'

const main = defineCommand({
  meta: { name: 'midwatch', version, description: 'The night watch for small teams.' },
  subCommands: commands,
})

/** Runs what the command line asks for; sets the exit code: 0 fine, 1 found a problem, 2 wrong use. */
export async function runCli(args: readonly string[]): Promise<void> {
  const rawArgs = [...args]
  if (rawArgs.includes('--help') || rawArgs.includes('-h')) {
    await showHelp(rawArgs)
    return
  }
  if (rawArgs[0] === '--version' || rawArgs[0] === '-v') {
    process.stdout.write(`${version}\n`)
    return
  }
  try {
    await runCommand(main, { rawArgs })
  } catch (error) {
    if (error instanceof CommandError) {
      process.stderr.write(`${error.message}\n`)
      process.exitCode = error.exitCode
    } else if ((error as Error).name === 'CLIError') {
      process.stderr.write(`${(error as Error).message}\nSee midwatch --help.\n`)
      process.exitCode = 2
    } else throw error
  }
}

type AnyCommand = Parameters<typeof showUsage>[0]

async function showHelp(args: readonly string[]): Promise<void> {
  let command: AnyCommand = main as AnyCommand
  let parent: AnyCommand | undefined
  for (const word of args.filter((arg) => !arg.startsWith('-'))) {
    const children = (await resolve(command.subCommands)) as Record<string, unknown> | undefined
    const child = await resolve(children?.[word])
    if (child === undefined) break
    parent = command
    command = child as AnyCommand
  }
  await showUsage(command, parent)
}

async function resolve(value: unknown): Promise<unknown> {
  return typeof value === 'function' ? (value as () => unknown)() : value
}
