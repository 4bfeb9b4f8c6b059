import { statSync } from 'node:fs'
import { defineCommand } from 'citty'
import { loadConfig } from '../config/load.ts'
import { loadRules } from '../config/rules.ts'
import { readYamlDocuments } from '../lib/yaml.ts'
import { formatProblem, type Problem } from '../model/problem.ts'
import { compileSlos } from '../objective/compile-all.ts'
import { isSpec, readSpecs, type SpecFile } from '../objective/spec/read.ts'
import { readRuleFile } from '../rule/load.ts'
import { CommandError } from './command-error.ts'
import { readSpecFiles } from './slo-files.ts'

export const checkCommand = defineCommand({
  args: {
    config: { type: 'string', description: 'The config file (midwatch.yml where there is one)', valueHint: 'FILE' },
    json: { type: 'boolean', description: 'Print the problems as JSON' },
    file: {
      type: 'positional',
      required: false,
      description: 'The config file; or rule files, SLO files, and folders of them, which are then looked at alone',
      valueHint: 'FILE…',
    },
  },
  async run({ args }) {
    const { problems, fine } = await lookAt(args._ as readonly string[], args.config)
    if (args.json) process.stdout.write(`${JSON.stringify(problems, null, 2)}\n`)
    else for (const problem of problems) process.stdout.write(`${formatProblem(problem)}\n`)
    const errors = problems.filter(({ severity }) => severity === 'error').length
    if (errors > 0) throw new CommandError(1, `${errors} ${errors === 1 ? 'error' : 'errors'}`)
    if (!args.json) process.stdout.write(`${fine}\n`)
  },
})

interface Verdict {
  readonly problems: readonly Problem[]
  /** What is said when there is no error. */
  readonly fine: string
}

async function lookAt(paths: readonly string[], config: string | undefined): Promise<Verdict> {
  const [first] = paths
  const isAlone = first !== undefined && (paths.length > 1 || isFolder(first) || isPart(first))
  if (!isAlone) return await lookAtConfig(config ?? first)
  const files = readSpecFiles(paths)
  const groups = new Map(files.map((one) => [one, isRuleFile(one)]))
  const rules = lookAtRules(files.filter((one) => groups.get(one)))
  const slos = lookAtSlos(files.filter((one) => !groups.get(one)))
  const all = config === undefined ? undefined : await lookAtConfig(config)
  return {
    problems: [...(all?.problems ?? []), ...rules.problems, ...slos.problems],
    fine: [all?.fine, `fine (${rules.count} rules, ${slos.count} SLOs)`]
      .filter((text) => text !== undefined)
      .join('\n'),
  }
}

async function lookAtConfig(file: string | undefined): Promise<Verdict> {
  const { config, problems, files } = loadConfig({ file, env: process.env })
  const rules = config === undefined ? undefined : await loadRules(config)
  const checks = config?.checks.length ?? 0
  const count = rules?.groups.reduce((sum, group) => sum + group.rules.length, 0) ?? 0
  const slos = config?.sloFiles.length ? `, ${rules?.slos.compiled.length ?? 0} SLOs` : ''
  const kpis = config?.kpiFiles.length ? `, ${rules?.kpis.length ?? 0} KPIs` : ''
  const where = files[0] ?? 'no config file, so the defaults'
  return {
    problems: [...problems, ...(rules?.problems ?? [])],
    fine: `${where}: fine (${checks} checks, ${count} rules${slos}${kpis})`,
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** Whether a file is one that the config names rather than the config itself. */
function isPart(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return false
  const [file] = readSpecFiles([path])
  return file !== undefined && (isRuleFile(file) || isSpec(file.text))
}

function isRuleFile({ file, text }: SpecFile): boolean {
  const root = readYamlDocuments(text, file)[0]?.root
  return root?.kind === 'map' && root.entries.has('groups')
}

interface Found {
  readonly problems: readonly Problem[]
  readonly count: number
}

function lookAtRules(files: readonly SpecFile[]): Found {
  const read = files.map(({ file, text }) => readRuleFile(text, file))
  return {
    problems: read.flatMap(({ problems }) => problems),
    count: read.flatMap(({ groups }) => groups).reduce((sum, { rules }) => sum + rules.length, 0),
  }
}

function lookAtSlos(files: readonly SpecFile[]): Found {
  const { slos, windows, problems } = readSpecs(files)
  const all = compileSlos(slos, { version: '', windows })
  return { problems: [...problems, ...all.problems], count: all.compiled.length }
}
