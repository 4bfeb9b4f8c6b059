import { readFile } from 'node:fs/promises'
import type { ProbeMetric } from '../../model/finding.ts'
import { readContainerMemory } from './container.ts'
import { readFilesystems } from './filesystems.ts'
import {
  type CpuTime,
  readDiskstats,
  readFileHandles,
  readLoadAverage,
  readMeminfo,
  readNetworkDevices,
  readStat,
} from './procfs.ts'
import { type HostReading, identity } from './reading.ts'

/** Reads `/proc`; a file that this kernel or sandbox lacks leaves its metrics out. */
export async function readLinux(mounts: readonly string[] | undefined, signal: AbortSignal): Promise<HostReading> {
  const [stat, meminfo, network, disks, load, handles, domain, filesystems] = await Promise.all([
    parsed('/proc/stat', readStat),
    parsed('/proc/meminfo', readMeminfo),
    parsed('/proc/net/dev', readNetworkDevices),
    parsed('/proc/diskstats', readDiskstats),
    parsed('/proc/loadavg', readLoadAverage),
    parsed('/proc/sys/fs/file-nr', readFileHandles),
    parsed('/proc/sys/kernel/domainname', (text) => text.trim()),
    readFilesystems(mounts, signal),
  ])
  const totalBytes = meminfo?.bytes.get('MemTotal')
  // Kernels before 3.14 do not say what is available.
  const availableBytes = meminfo?.bytes.get('MemAvailable') ?? meminfo?.bytes.get('MemFree')
  const container = totalBytes === undefined ? undefined : await readContainerMemory(totalBytes)
  const metrics: ProbeMetric[] = [
    ...(stat?.metrics ?? []),
    ...(meminfo?.metrics ?? []),
    ...(network ?? []),
    ...(disks ?? []),
    ...(load ?? []),
    ...(handles ?? []),
    ...filesystems.metrics,
    ...identity(domain ?? '(none)'),
  ]
  return {
    metrics,
    cpu: stat?.cpu,
    cpuCount: stat?.cpuCount,
    load1: load?.[0]?.value,
    ...(totalBytes === undefined || availableBytes === undefined ? {} : { memory: { totalBytes, availableBytes } }),
    ...(container === undefined ? {} : { container }),
    filesystems: filesystems.filesystems,
    notMounted: filesystems.notMounted,
  }
}

/** Only the processor time, for the second look. */
export async function readLinuxCpu(): Promise<CpuTime | undefined> {
  return (await parsed('/proc/stat', readStat))?.cpu
}

async function parsed<T>(path: string, parse: (text: string) => T): Promise<T | undefined> {
  try {
    return parse(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}
