import { defineCommand } from 'citty'
import { loadConfig } from '../config/load.ts'
import { loadRules } from '../config/rules.ts'
import { formatProblem } from '../model/problem.ts'
import { CommandError } from './command-error.ts'

export const checkCommand = defineCommand({
  args: {
    config: { type: 'string', description: 'The config file (midwatch.yml where there is one)', valueHint: 'FILE' },
    json: { type: 'boolean', description: 'Print the problems as JSON' },
    file: { type: 'positional', required: false, description: 'The config file', valueHint: 'FILE' },
  },
  async run({ args }) {
    const file = args.config ?? args.file
    const { config, problems, files } = loadConfig({ file, env: process.env })
    const rules = config === undefined ? undefined : await loadRules(config)
    const all = [...problems, ...(rules?.problems ?? [])]
    if (args.json) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`)
    else for (const problem of all) process.stdout.write(`${formatProblem(problem)}\n`)
    const errors = all.filter(({ severity }) => severity === 'error').length
    if (errors > 0) throw new CommandError(1, `${errors} ${errors === 1 ? 'error' : 'errors'}`)
    if (args.json) return
    const checks = config?.checks.length ?? 0
    const count = rules?.groups.reduce((sum, group) => sum + group.rules.length, 0) ?? 0
    const slos = config?.sloFiles.length ? `, ${rules?.slos.compiled.length ?? 0} SLOs` : ''
    const kpis = config?.kpiFiles.length ? `, ${rules?.kpis.length ?? 0} KPIs` : ''
    const where = files[0] ?? 'no config file, so the defaults'
    process.stdout.write(`${where}: fine (${checks} checks, ${count} rules${slos}${kpis})\n`)
  },
})
