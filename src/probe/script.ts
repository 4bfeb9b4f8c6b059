import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { redactText } from '../lib/redact.ts'
import { formatDuration } from '../model/duration.ts'
import { degraded, down, type Finding, unknown, up } from '../model/finding.ts'
import { refuse, regex, secret } from './fields.ts'
import { parsePluginOutput } from './perfdata.ts'
import { defineProbe } from './probe.ts'
import { type ProgramResult, runProgram } from './run-program.ts'
import { standsIn } from './stand-in.ts'

const HINT = 'write a path such as /usr/local/bin/check-backup, or a list: [/usr/bin/check_disk, -w, 10%]'

const program = z
  .union([z.string().transform((path) => [path]), z.array(z.string()).min(1)], { error: `is not a program; ${HINT}` })
  .transform((argv, context): [string, ...string[]] => {
    const [path = '', ...args] = argv
    if (!isAbsolute(path)) return refuse(context, `${JSON.stringify(path)} is no absolute path; ${HINT}`)
    if (argv.some((part) => part.includes('\0'))) return refuse(context, 'has a zero byte in it')
    if (args.length === 0 && /\s/.test(path)) {
      return refuse(context, 'has a space in it; no shell splits it, so write the program and its arguments as a list')
    }
    return [path, ...args]
  })

/**
 * Up when the program ends with 0, degraded with 1, unknown with 3, down with anything else, as monitoring plugins do.
 *
 * The first line that it prints is the message; what stands behind a `|` becomes metrics. No shell is involved.
 */
export const script = defineProbe({
  key: 'script',
  summary:
    'Up when a program ends with code 0; 1 is degraded, 2 is down and 3 is unknown, as monitoring plugins have it.',
  needsPermission: true,
  config: z.strictObject({
    script: program.describe('An absolute path, or a list of it and its arguments.'),
    env: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), secret)
      .default({})
      .describe('Variables. The program gets PATH, LANG and these, and nothing else of the environment.'),
    cwd: z
      .string()
      .refine(isAbsolute, { error: 'is not an absolute path; write one such as /var/lib/app' })
      .default('/')
      .describe('The folder that it is started in.'),
    expect: z
      .strictObject({
        output: regex.describe('A pattern that has to stand in the output of a program that ends with 0.'),
      })
      .optional(),
  }),
  example: { script: ['/usr/local/bin/check-backup', '--older-than', '26h'] },
  metrics: {
    probe_script_exit_code: { help: 'The code with which the program ended; missing when a signal ended it.' },
    probe_script_value: {
      help: 'A value that the program gave, in seconds or bytes where it has such a unit.',
      labels: ['name'],
    },
  },
  // Arguments may hold secrets.
  instance: ({ script }) => script[0],
  standIn: ({ script }) => standsIn(`a timer that runs ${script[0]} and writes for node_exporter's textfile collector`),

  async run({ script, env, cwd, expect }, { signal, timeoutMs }) {
    const variables = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.reveal()]))
    let result: ProgramResult
    try {
      result = await runProgram(script, { signal, env: variables, cwd })
    } catch (error) {
      if (signal.aborted) {
        const message = `${script[0]} did not end within ${formatDuration(Math.round(timeoutMs))} and was ended`
        return down('timeout', message, { phase: 'run' })
      }
      const { code, message } = error as NodeJS.ErrnoException
      if (code === undefined) throw error
      return unknown('unsupported', `${script[0]} could not be started: ${message}; is it there, and executable?`)
    }
    const finding = judge(script[0], result)
    if (finding.outcome !== 'up' || expect === undefined || expect.output.test(result.stdout)) return finding
    const { metrics, details } = finding
    return down('body', `${script[0]}: expected a match of /${expect.output.source}/ in what it prints`, {
      metrics,
      details,
    })
  },
})

function judge(path: string, { code, signal, stdout, stderr }: ProgramResult): Finding {
  const { message, values } = parsePluginOutput(stdout)
  const said = redactText(message !== '' ? message : (stderr.trim().split('\n')[0] ?? '')).slice(0, 500)
  const metrics = [
    ...(code === null ? [] : [{ name: 'probe_script_exit_code', value: code }]),
    ...values.map(({ name, value }) => ({ name: 'probe_script_value', labels: { name }, value })),
  ]
  const details: Record<string, string | number> = said === '' ? {} : { output: said }
  for (const { name, value } of values.slice(0, 20)) details[name] = value
  const measured = { metrics, details }
  if (code === 0) return up(measured)
  const words = `${path} ended ${code === null ? `by ${signal}` : `with ${code}`}${said === '' ? '' : `: ${said}`}`
  if (code === 1) return degraded('reported', words, measured)
  if (code === 3) return unknown('reported', words, measured)
  return down('reported', words, measured)
}
