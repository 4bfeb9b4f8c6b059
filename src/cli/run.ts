import { defineCommand } from 'citty'
import { type App, startApp } from '../app/app.ts'
import { loadConfig } from '../config/load.ts'
import { systemClock } from '../lib/clock.ts'
import { AddonError } from '../lib/native-addon.ts'
import { formatProblem } from '../model/problem.ts'
import { SchemaError } from '../store/migrate.ts'
import { LockedError } from '../store/store.ts'
import { CommandError } from './command-error.ts'

const STOP_DEADLINE_MS = 10_000

export const run = defineCommand({
  args: {
    config: { type: 'string', description: 'The config file (midwatch.yml where there is one)', valueHint: 'FILE' },
    data: { type: 'string', description: 'The folder for the data (./data)', valueHint: 'DIR' },
    listen: { type: 'string', description: 'Where to listen (127.0.0.1:8420)', valueHint: 'HOST:PORT' },
  },
  async run({ args }) {
    const options = {
      file: args.config,
      env: process.env,
      overrides: { data: args.data, listen: args.listen },
    }
    const { config, problems, files } = loadConfig(options)
    for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`)
    if (config === undefined) throw new CommandError(1, 'midwatch did not start: the config has errors')
    // Whoever stops it while it still starts means it no less.
    let running: App | undefined
    let asked: NodeJS.Signals | undefined
    const stop = (signal: NodeJS.Signals) => {
      asked = signal
      // A second signal means: at once.
      process.once('SIGINT', () => process.exit(130))
      process.once('SIGTERM', () => process.exit(143))
      void running?.stop(signal, STOP_DEADLINE_MS).then(() => process.exit(0))
    }
    process.once('SIGINT', (signal) => (asked === undefined ? stop(signal) : undefined))
    process.once('SIGTERM', (signal) => (asked === undefined ? stop(signal) : undefined))
    const app = await startApp({
      config,
      configFiles: files,
      reload: () => loadConfig(options),
      clock: systemClock,
    }).catch((error: unknown) => {
      if (error instanceof LockedError || error instanceof SchemaError || error instanceof AddonError) {
        throw new CommandError(1, error.message)
      }
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'EADDRINUSE' || code === 'EACCES' || code === 'EADDRNOTAVAIL') {
        throw new CommandError(1, `midwatch can't listen there: ${message}`)
      }
      throw error
    })
    running = app
    process.on('SIGHUP', () => void app.reload('SIGHUP'))
    if (asked !== undefined) stop(asked)
  },
})
