import { statfs } from 'node:fs/promises'
import { cpus, freemem, loadavg, totalmem, uptime } from 'node:os'
import type { ProbeMetric } from '../../model/finding.ts'
import { type CpuTime, loadMetrics } from './procfs.ts'
import { type HostReading, identity } from './reading.ts'

/** What Node knows of a machine without `/proc` (macOS, FreeBSD, Windows), under the same names where they exist. */
export async function readElsewhere(mounts: readonly string[] = ['/']): Promise<HostReading> {
  const [one, five, fifteen] = loadavg() as [number, number, number]
  const asked = await Promise.all(mounts.map(readFilesystem))
  const processors = cpus()
  const cpuMetrics = processors.flatMap(({ times }, i) =>
    (['user', 'nice', 'system', 'idle', 'irq'] as const).map((mode) => ({
      name: 'node_cpu_seconds_total',
      labels: { cpu: String(i), mode },
      value: times[mode === 'system' ? 'sys' : mode] / 1000,
    })),
  )
  return {
    metrics: [
      ...cpuMetrics,
      ...loadMetrics([one, five, fifteen]),
      { name: 'node_memory_total_bytes', value: totalmem() },
      { name: 'node_memory_free_bytes', value: freemem() },
      { name: 'node_boot_time_seconds', value: Math.round(Date.now() / 1000 - uptime()) },
      ...asked.flatMap((filesystem) => filesystem?.metrics ?? []),
      ...identity('(none)'),
    ],
    cpu: readCpuElsewhere(),
    cpuCount: processors.length,
    // Windows has no load average; Node says 0.
    load1: process.platform === 'win32' ? undefined : one,
    memory: { totalBytes: totalmem(), availableBytes: freemem() },
    filesystems: asked.flatMap((filesystem) => filesystem?.filesystem ?? []),
    notMounted: mounts.filter((_, i) => asked[i] === undefined),
  }
}

export function readCpuElsewhere(): CpuTime {
  let [busyMs, totalMs] = [0, 0]
  for (const { times } of cpus()) {
    const busy = times.user + times.nice + times.sys + times.irq
    busyMs += busy
    totalMs += busy + times.idle
  }
  return { busySeconds: busyMs / 1000, totalSeconds: totalMs / 1000 }
}

async function readFilesystem(mountpoint: string) {
  try {
    const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(mountpoint)
    // Which device and type it is can't be known without `/proc/mounts`.
    const labels = { mountpoint }
    const metrics: ProbeMetric[] = [
      { name: 'node_filesystem_size_bytes', labels, value: blocks * bsize },
      { name: 'node_filesystem_free_bytes', labels, value: bfree * bsize },
      { name: 'node_filesystem_avail_bytes', labels, value: bavail * bsize },
      { name: 'node_filesystem_files', labels, value: files },
      { name: 'node_filesystem_files_free', labels, value: ffree },
    ]
    const used = blocks - bfree
    const usedShare = used + bavail > 0 ? used / (used + bavail) : 0
    return { metrics, filesystem: { mountpoint, usedShare, usedInodesShare: files > 0 ? (files - ffree) / files : 0 } }
  } catch {
    return undefined
  }
}
