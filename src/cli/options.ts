import type { ArgDef, ArgsDef } from 'citty'
import { didYouMean } from '../lib/suggest.ts'
import type { Command } from './command.ts'
import { CommandError } from './command-error.ts'

/**
 * Refuses options that the command does not have: what a mistyped one was to change would go on unchanged, without a word.
 *
 * @param args what stands behind the command's name
 * @throws CommandError
 */
export async function refuseUnknownOptions(command: Command, args: readonly string[]): Promise<void> {
  const own = await resolve<ArgsDef>(command.args)
  const children = await resolve<Record<string, unknown>>(command.subCommands)
  const word = children === undefined ? -1 : firstWord(args, own)
  const isNamed = word >= 0
  const childName = isNamed ? (args[word] as string) : await resolve<string>(command.default)
  const child = childName === undefined ? undefined : await resolve<Command>(children?.[childName])
  // Without its name, the command that is meant takes the options of both.
  const known = child === undefined || isNamed ? own : { ...own, ...(await resolve<ArgsDef>(child.args)) }
  const end = isNamed ? word : args.length
  for (let i = 0; i < end; i++) {
    const arg = args[i] as string
    if (arg === '--') return
    if (!isOption(arg)) continue
    const found = find(arg, known)
    if (found === undefined) {
      const names = Object.keys(known ?? {}).flatMap((name) => (isPositional(known?.[name]) ? [] : [`--${name}`]))
      throw new CommandError(
        2,
        `${nameOf(arg)} is no option of this command${didYouMean(nameOf(arg), names, 'it has')}`,
      )
    }
    if (takesNext(arg, found)) i++
  }
  if (isNamed && child !== undefined) await refuseUnknownOptions(child, args.slice(end + 1))
}

function firstWord(args: readonly string[], known: ArgsDef | undefined): number {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string
    if (arg === '--') return -1
    if (!isOption(arg)) return i
    if (takesNext(arg, find(arg, known))) i++
  }
  return -1
}

/** A dash alone is the standard input. */
function isOption(arg: string): boolean {
  return arg.startsWith('-') && arg !== '-'
}

function nameOf(arg: string): string {
  return arg.replace(/=.*$/s, '')
}

function find(arg: string, known: ArgsDef | undefined): ArgDef | undefined {
  const name = nameOf(arg).replace(/^--?/, '')
  const options = Object.entries(known ?? {}).filter(([, def]) => !isPositional(def))
  const named = (wanted: string) => options.find(([one]) => kebab(one) === kebab(wanted))?.[1]
  const found = named(name)
  if (found !== undefined || !name.startsWith('no-')) return found
  const negated = named(name.slice(3))
  return negated?.type === 'boolean' ? negated : undefined
}

function takesNext(arg: string, def: ArgDef | undefined): boolean {
  return def !== undefined && def.type !== 'boolean' && !arg.includes('=')
}

function isPositional(def: ArgDef | undefined): boolean {
  return def?.type === 'positional'
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** citty takes values, promises and functions for either. */
async function resolve<Value>(value: unknown): Promise<Value | undefined> {
  return (typeof value === 'function' ? await value() : await value) as Value | undefined
}
