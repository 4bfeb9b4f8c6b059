import { platform } from 'node:os'
import { z } from 'zod'
import { down, type ProbeMetric, unknown, up } from '../model/finding.ts'
import { refuse, regex } from './fields.ts'
import { defineProbe } from './probe.ts'
import { findProcesses, type ProcessSelector, type RunningProcess } from './process-table.ts'
import { standsIn } from './stand-in.ts'

const count = z.number({ error: 'is not a number of processes; write one such as 1' }).int().min(0)

const config = z
  .strictObject({
    process: z
      .union(
        [
          z.string().min(1),
          z.strictObject({
            name: z.string().min(1).optional().describe('The name of the program, as `ps -e` shows it.'),
            cmdline: regex
              .optional()
              .describe('A pattern, found anywhere in the command line, its arguments joined by spaces.'),
            pidfile: z
              .string()
              .startsWith('/', { error: 'is not an absolute path; write one such as /run/app.pid' })
              .optional()
              .describe('A file that holds the number of the process.'),
            min: count.default(1).describe('At least so many.'),
            max: count.optional().describe('At most so many.'),
          }),
        ],
        { error: 'is not a process; write a name such as nginx, or {name: nginx, min: 2}' },
      )
      .describe('The name of a program, or one of `name`, `cmdline` and `pidfile`.'),
  })
  .transform(({ process: written }, context) => {
    const { name, cmdline, pidfile, min, max } =
      typeof written === 'string'
        ? { name: written, cmdline: undefined, pidfile: undefined, min: 1, max: undefined }
        : written
    const selectors: ProcessSelector[] = [
      ...(name === undefined ? [] : [{ name }]),
      ...(cmdline === undefined ? [] : [{ cmdline }]),
      ...(pidfile === undefined ? [] : [{ pidfile }]),
    ]
    const [selector, another] = selectors
    if (selector === undefined || another !== undefined) {
      return refuse(context, 'has to have one of name, cmdline and pidfile; write process: {name: nginx}')
    }
    if (name?.includes('/')) {
      return refuse(
        context,
        'has a path where the name of a program is expected; write the name, or cmdline: "^/path "',
      )
    }
    if (max !== undefined && max < min) return refuse(context, `allows at most ${max} and wants at least ${min}`)
    return { selector, min, max }
  })

/** Up when as many processes run as should. What they take is summed up; which of them takes it is a matter for `ps`. */
export const process = defineProbe({
  key: 'process',
  summary:
    'Up when at least one process (or as many as told) of that name, command line or pid file runs on this machine.',
  config,
  example: { process: 'nginx' },
  metrics: {
    probe_process_count: { help: 'Processes that run.' },
    probe_process_resident_memory_bytes: { help: 'Memory of all of them; what they share counts for each.' },
    probe_process_open_fds: { help: 'Open files of all of them; missing where they belong to another user.' },
    probe_process_cpu_seconds: { help: 'Processor time that all of them have used since they started.' },
    probe_process_start_time_seconds: { help: 'When the youngest of them started, Unix time.' },
  },
  instance: ({ selector }) => nameOf(selector),
  standIn: ({ selector }) => standsIn(`process_exporter on this machine, with a matcher for ${nameOf(selector)}`),

  async run({ selector, min, max }, { signal }) {
    if (platform() !== 'linux') {
      return unknown('unsupported', `processes can be looked at on Linux only, and this is ${platform()}`)
    }
    let found: RunningProcess[]
    try {
      found = await findProcesses(selector, signal)
    } catch (error) {
      if (signal.aborted) return unknown('timeout', 'the processes could not be read in time')
      if (!('pidfile' in selector)) throw error
      const { code, message } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT') return unknown('internal', `the pid file can't be read: ${message}`)
      found = []
    }
    const metrics = metricsOf(found)
    const details = { count: found.length, ...(found.length === 1 ? { pid: (found[0] as RunningProcess).pid } : {}) }
    if (found.length < min) {
      return down('threshold', `${runs(found.length, selector)}, fewer than ${min}`, { metrics, details })
    }
    if (max !== undefined && found.length > max) {
      return down('threshold', `${runs(found.length, selector)}, more than ${max}`, { metrics, details })
    }
    return up({ metrics, details })
  },
})

function metricsOf(found: readonly RunningProcess[]): ProbeMetric[] {
  const sum = (amount: (one: RunningProcess) => number) => found.reduce((total, one) => total + amount(one), 0)
  const metrics = [
    { name: 'probe_process_count', value: found.length },
    { name: 'probe_process_resident_memory_bytes', value: sum(({ residentBytes }) => residentBytes) },
    { name: 'probe_process_cpu_seconds', value: sum(({ cpuSeconds }) => cpuSeconds) },
  ]
  // A sum over a part of them would look like a fall.
  if (found.every(({ openFiles }) => openFiles !== undefined)) {
    metrics.push({ name: 'probe_process_open_fds', value: sum(({ openFiles }) => openFiles ?? 0) })
  }
  if (found.length > 0) {
    const startedMs = Math.max(...found.map((one) => one.startedMs))
    metrics.push({ name: 'probe_process_start_time_seconds', value: startedMs / 1000 })
  }
  return metrics
}

function runs(count: number, selector: ProcessSelector): string {
  return `${count === 1 ? '1 process runs' : `${count === 0 ? 'no' : count} processes run`} as ${nameOf(selector)}`
}

function nameOf(selector: ProcessSelector): string {
  if ('name' in selector) return selector.name
  return 'pidfile' in selector ? selector.pidfile : `/${selector.cmdline.source}/`
}
