import { writeFileSync } from 'node:fs'
import { defineCommand } from 'citty'
import { starterConfig } from '../config/starter.ts'
import { CommandError } from './command-error.ts'

export const init = defineCommand({
  args: {
    file: { type: 'positional', required: false, default: 'midwatch.yml', description: 'Where to', valueHint: 'FILE' },
    force: { type: 'boolean', description: 'Overwrite a file that is there' },
  },
  run({ args }) {
    try {
      writeFileSync(args.file, starterConfig, { flag: args.force ? 'w' : 'wx' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw new CommandError(1, (error as Error).message)
      throw new CommandError(1, `${args.file} is there already; name another file, or overwrite it with --force`)
    }
    process.stdout.write(`${args.file} written; look it over, then: midwatch check ${args.file}\n`)
  },
})
