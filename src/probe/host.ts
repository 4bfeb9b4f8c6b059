import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { type Details, degraded, down, type Finding, type ProbeMetric, unknown, up } from '../model/finding.ts'
import { durationMs, refuse } from './fields.ts'
import { readCpuElsewhere, readElsewhere } from './host/elsewhere.ts'
import { readLinux, readLinuxCpu } from './host/linux.ts'
import type { CpuTime } from './host/procfs.ts'
import type { HostReading } from './host/reading.ts'
import { defineProbe } from './probe.ts'
import { standsIn } from './stand-in.ts'

/** A limit as a person writes it, `90%`; the parsed value is a share from 0 to 1. */
const share = z.string({ error: 'is not a share; write percent, such as 90%' }).transform((text, context): number => {
  const match = /^(\d{1,3}(?:\.\d+)?)\s*%$/.exec(text)
  const percent = Number(match?.[1])
  if (percent >= 0 && percent <= 100) return percent / 100
  return refuse(context, `${JSON.stringify(text)} is not a share; write percent from 0% to 100%, such as 90%`)
})

const mountpoint = z
  .string()
  .startsWith('/', { error: 'is not a mount point; write an absolute path, such as /var/lib/data' })
  .transform((path) => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path))

const config = z.strictObject({
  host: z
    .literal('local', { error: 'is not a host; write local, the machine that midwatch runs on' })
    .describe('`local`: the machine that midwatch runs on.'),
  mounts: z
    .array(mountpoint)
    .min(1)
    .optional()
    .describe(
      'Filesystems to look at, each of which has to be mounted; by default every local one that stores something.',
    ),
  cpu_window: durationMs
    .default(500)
    .describe('For how long the processors are watched during each run; longer is steadier.'),
  expect: z
    .strictObject({
      cpu: share
        .optional()
        .describe('How busy the processors may be, in percent; beyond a limit the check is degraded.'),
      memory: share.optional().describe('How much of the memory may be in use, in percent.'),
      disk: share.optional().describe('How full each filesystem may be, in percent, in space and in files.'),
      load: z
        .number()
        .positive({ error: 'is not a load; write a number above 0, such as 4' })
        .optional()
        .describe('How many tasks may run or wait, mean over 1 minute.'),
    })
    .default({}),
})

/**
 * Up when the machine that midwatch runs on stays below the limits.
 *
 * Beyond a limit it is degraded: it still works. Only a mount point that is asked for and not mounted is down. How busy
 * the processors are is a difference between two readings, and nothing is kept between runs, so both are made within one
 * run, `cpu_window` apart. For a mean over minutes write a rule over `node_cpu_seconds_total`.
 */
export const host = defineProbe({
  key: 'host',
  summary: 'Up when the processors, the memory and the disks of this machine are used less than their limits.',
  config,
  example: { host: 'local', expect: { cpu: '90%', memory: '90%', disk: '95%' } },
  metrics: {
    node_boot_time_seconds: { help: 'When the machine was started, Unix time.' },
    node_context_switches_total: { help: 'How often a processor changed to another task.' },
    node_cpu_seconds_total: { help: 'Seconds that each processor spent in each mode.', labels: ['cpu', 'mode'] },
    node_disk_io_time_seconds_total: { help: 'Seconds that the disk was busy.', labels: ['device'] },
    node_disk_read_bytes_total: { help: 'Bytes read from the disk.', labels: ['device'] },
    node_disk_written_bytes_total: { help: 'Bytes written to the disk.', labels: ['device'] },
    node_filefd_allocated: { help: 'Open files of the whole machine.' },
    node_filefd_maximum: { help: 'How many files may be open at once.' },
    ...filesystemDocs({
      avail_bytes: 'Free space for users other than root.',
      device_error: '1 when the filesystem could not be asked.',
      files: 'How many files fit.',
      files_free: 'How many files still fit.',
      free_bytes: 'Free space.',
      readonly: '1 when it can only be read.',
      size_bytes: 'Size of the filesystem.',
    }),
    node_load1: { help: 'Tasks that ran or waited, mean over 1 minute.' },
    node_load5: { help: 'Tasks that ran or waited, mean over 5 minutes.' },
    node_load15: { help: 'Tasks that ran or waited, mean over 15 minutes.' },
    'node_memory_*_bytes': { help: 'Every line of /proc/meminfo, such as node_memory_MemAvailable_bytes.' },
    'node_memory_*': { help: 'The lines of /proc/meminfo that are counts, such as node_memory_HugePages_Total.' },
    node_network_receive_bytes_total: { help: 'Bytes that came in.', labels: ['device'] },
    node_network_transmit_bytes_total: { help: 'Bytes that went out.', labels: ['device'] },
    node_procs_blocked: { help: 'Processes that wait for a disk.' },
    node_procs_running: { help: 'Processes that run or could run.' },
    node_time_seconds: { help: 'The time of the machine, Unix time.' },
    node_uname_info: {
      help: 'The machine and its kernel; always 1.',
      labels: ['domainname', 'machine', 'nodename', 'release', 'sysname', 'version'],
    },
  },
  instance: () => hostname(),
  standIn: () => standsIn('node_exporter on this machine, whose names the metrics have already'),

  async run({ mounts, cpu_window, expect }, { signal, timeoutMs }) {
    // A filesystem that hangs must not cost the metrics of all others.
    const patience = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs / 2)])
    const reading = process.platform === 'linux' ? await readLinux(mounts, patience) : await readElsewhere(mounts)
    const busyShare = await watchProcessors(reading.cpu, Math.min(cpu_window, timeoutMs / 4), signal)
    if (signal.aborted) return unknown('timeout', 'the machine did not tell about itself in time', reading)
    return judge(reading, busyShare, expect)
  },
})

/** @returns 0 to 1 over all processors together, or undefined where it can't be known */
async function watchProcessors(before: CpuTime | undefined, windowMs: number, signal: AbortSignal) {
  if (before === undefined || signal.aborted) return undefined
  try {
    await delay(windowMs, undefined, { signal })
  } catch {
    return undefined
  }
  const after = process.platform === 'linux' ? await readLinuxCpu() : readCpuElsewhere()
  if (after === undefined) return undefined
  const totalSeconds = after.totalSeconds - before.totalSeconds
  // The kernel lets idle time run backwards now and then.
  return totalSeconds > 0
    ? Math.min(Math.max((after.busySeconds - before.busySeconds) / totalSeconds, 0), 1)
    : undefined
}

function judge(
  reading: HostReading,
  busyShare: number | undefined,
  expect: z.output<typeof config>['expect'],
): Finding {
  const { memory, container, load1, cpuCount, filesystems, notMounted } = reading
  const memoryShare = memory === undefined ? undefined : 1 - memory.availableBytes / memory.totalBytes
  const containerShare = container === undefined ? undefined : container.usedBytes / container.limitBytes
  const details: Record<string, string | number | boolean> = {}
  if (busyShare !== undefined) details.cpu_percent = percent(busyShare)
  if (cpuCount !== undefined) details.cpus = cpuCount
  if (load1 !== undefined) details.load1 = load1
  if (memoryShare !== undefined) details.memory_percent = percent(memoryShare)
  if (container !== undefined) {
    details.container_memory_bytes = container.usedBytes
    details.container_memory_limit_bytes = container.limitBytes
  }
  for (const { mountpoint, usedShare } of filesystems) details[`disk_percent ${mountpoint}`] = percent(usedShare)

  const given: { metrics: readonly ProbeMetric[]; details: Details } = { metrics: reading.metrics, details }
  if (notMounted.length > 0) {
    return down('unreachable', `nothing is mounted at ${notMounted.join(' and ')}`, { ...given, phase: 'disk' })
  }
  const measured: readonly (readonly [what: string, limit: number | undefined, value: number | undefined])[] = [
    ['the processors', expect.cpu, busyShare],
    ['the memory', expect.memory, memoryShare],
    ...(container === undefined ? [] : [['the memory of the container', expect.memory, containerShare] as const]),
    ...filesystems.flatMap(({ mountpoint, usedShare, usedInodesShare }) => [
      [`the disk at ${mountpoint}`, expect.disk, usedShare] as const,
      [`the number of files on the disk at ${mountpoint}`, expect.disk, usedInodesShare] as const,
    ]),
  ]
  const beyond = measured.flatMap(([what, limit, value]) =>
    limit !== undefined && value !== undefined && value > limit
      ? [`${what} is used to ${percent(value)}%, more than ${percent(limit)}%`]
      : [],
  )
  if (expect.load !== undefined && load1 !== undefined && load1 > expect.load) {
    beyond.push(`the load is ${load1}, more than ${expect.load}`)
  }
  if (beyond.length > 0)
    return degraded('threshold', beyond.join('; ').replace('processors is', 'processors are'), given)
  const unread = [
    expect.cpu !== undefined && busyShare === undefined && 'cpu',
    expect.memory !== undefined && memoryShare === undefined && 'memory',
    expect.load !== undefined && load1 === undefined && 'load',
  ].filter((what) => what !== false)
  if (unread.length > 0) {
    return unknown('unsupported', `this machine does not tell its ${unread.join(', ')}; take it out of expect`, given)
  }
  return up(given)
}

/** 0.12345 is 12.3. */
function percent(value: number): number {
  return Math.round(value * 1000) / 10
}

function filesystemDocs(helps: Readonly<Record<string, string>>) {
  const labels = ['device', 'fstype', 'mountpoint']
  return Object.fromEntries(Object.entries(helps).map(([name, help]) => [`node_filesystem_${name}`, { help, labels }]))
}
