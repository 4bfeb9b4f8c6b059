import { defineCommand } from 'citty'
import { version } from '../lib/version.ts'
import { parseDuration } from '../model/duration.ts'
import { formatProblem, type Problem } from '../model/problem.ts'
import { compileSlo } from '../objective/compile.ts'
import { planSlos } from '../objective/compile-all.ts'
import { readSpecs } from '../objective/spec/read.ts'
import type { AlertWindows } from '../objective/windows.ts'
import { groupText, ruleFileHead } from '../wire/rule-file.ts'
import { CommandError } from './command-error.ts'
import { readSpecFiles } from './slo-files.ts'

const SLOW_MS = 60_000

export const compile = defineCommand({
  meta: { name: 'compile', description: 'Print the rules of SLO files as one Prometheus rule file.' },
  args: {
    file: {
      type: 'positional',
      required: true,
      description: 'SLO files, or folders of them: Sloth’s, its Kubernetes form, or OpenSLO’s',
      valueHint: 'FILE…',
    },
    'sloth-exact': { type: 'boolean', description: 'Exactly what Sloth makes of them, without what midwatch adds' },
    period: { type: 'string', description: 'The period of SLOs that do not say theirs (30d)', valueHint: 'SPAN' },
    windows: { type: 'string', description: 'AlertWindows: a file, or a folder of them', valueHint: 'DIR' },
    'extra-label': {
      type: 'string',
      description: 'A label for all rules; may be given more than once',
      valueHint: 'NAME=VALUE',
    },
    alerts: { type: 'boolean', default: true, description: 'Alerts; --no-alerts leaves them out' },
    recordings: { type: 'boolean', default: true, description: 'Recording rules; --no-recordings leaves them out' },
    'promql-check': {
      type: 'boolean',
      default: true,
      description: 'Whether queries have to be PromQL; --no-promql-check lets VictoriaMetrics’ language through',
    },
    'skip-duplicates': {
      type: 'boolean',
      description: 'Pass over an SLO whose id was there before, rather than refusing it',
    },
    'sloth-version': {
      type: 'string',
      description: 'What sloth_slo_info names as its maker (midwatch’s version)',
      valueHint: 'TEXT',
    },
  },
  run({ args, rawArgs }) {
    const {
      slos,
      windows: written,
      problems,
    } = readSpecs(readSpecFiles(args._), {
      promql: args['promql-check'] ? 'unless told' : 'none',
      skipsDuplicates: args['skip-duplicates'] ?? false,
    })
    const others = args.windows === undefined ? undefined : readWindows(args.windows)
    const options = {
      version: args['sloth-version'] ?? version,
      periodMs: period(args.period),
      windows: new Map([...(others?.windows ?? []), ...written]),
      isSlothExact: args['sloth-exact'] ?? false,
      isElsewhere: true,
      extraLabels: labelsOf(valuesOf(rawArgs, 'extra-label')),
      alerts: args.alerts,
      recordings: args.recordings,
      slowIntervalMs: SLOW_MS,
    }
    const { planned, problems: more } = planSlos(slos, options)
    report([...problems, ...(others?.problems ?? []), ...more])
    if (slos.length === 0) {
      throw new CommandError(1, `there are no SLOs in ${args._.join(', ')}; a file begins with version: prometheus/v1`)
    }
    // One after the other: the rules of a thousand are twelve megabytes of text, and more than that in memory.
    let isEmpty = true
    for (const { slo, windows } of planned) {
      for (const group of compileSlo(slo, windows, options)) {
        if (isEmpty) {
          process.stdout.write(ruleFileHead([`Made by midwatch ${version}; change the SLO files instead of this one.`]))
        }
        isEmpty = false
        process.stdout.write(groupText(group))
      }
    }
    if (isEmpty) throw new CommandError(1, 'no rules came out of it: everything is switched off')
  },
})

/** @throws CommandError when there is an error among them */
function report(problems: readonly Problem[]): void {
  for (const problem of problems) process.stderr.write(`${formatProblem(problem)}\n`)
  const errors = problems.filter(({ severity }) => severity === 'error').length
  if (errors > 0) throw new CommandError(1, `${errors} ${errors === 1 ? 'error' : 'errors'}, so there are no rules`)
}

function readWindows(path: string): {
  readonly windows: ReadonlyMap<number, AlertWindows>
  readonly problems: readonly Problem[]
} {
  const { windows, problems } = readSpecs(readSpecFiles([path]))
  if (windows.size === 0 && problems.length === 0) {
    throw new CommandError(1, `${path} has no alert windows; write them as kind: AlertWindows`)
  }
  return { windows, problems }
}

function period(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = parseDuration(text)
  if (ms !== undefined && ms > 0) return ms
  throw new CommandError(2, `--period ${text} is not a time span; write one such as 28d`)
}

/** Every value of an option that may be given more than once. */
function valuesOf(rawArgs: readonly string[], option: string): readonly string[] {
  const flag = `--${option}`
  return rawArgs.flatMap((arg, i) => {
    if (arg.startsWith(`${flag}=`)) return [arg.slice(flag.length + 1)]
    return arg === flag ? [rawArgs[i + 1] ?? ''] : []
  })
}

function labelsOf(words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map((word) => {
      const match = /^([a-zA-Z_]\w*)=(.+)$/s.exec(word)
      if (match !== null) return [match[1] as string, match[2] as string]
      throw new CommandError(
        2,
        `--extra-label ${JSON.stringify(word)} is no label; write name=value, such as team=shop`,
      )
    }),
  )
}
