import { checkCommand } from './check.ts'
import { init } from './init.ts'
import { run } from './run.ts'

/** Every command, in the order of the help text. */
export const commands = { run, check: checkCommand, init }
