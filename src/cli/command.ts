import type { SubCommandsDef } from 'citty'

/** A command as citty knows it. */
export type Command = Extract<SubCommandsDef[string], { run?: unknown }>

/** One line of the registry: what the help text says, and where the code is, which is loaded only when it is used. */
export interface CommandEntry {
  readonly description: string
  readonly load: () => Promise<Command>
}

/** The command with its name and description, as its own help text shows them. */
export async function loadCommand(name: string, { description, load }: CommandEntry): Promise<Command> {
  return { ...(await load()), meta: { name, description } }
}
