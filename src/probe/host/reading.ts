import { hostname, machine, release, type, version } from 'node:os'
import type { ProbeMetric } from '../../model/finding.ts'
import type { ContainerMemory } from './container.ts'
import type { Filesystem } from './filesystems.ts'
import type { CpuTime } from './procfs.ts'

/** One look at the machine. What it does not tell is undefined. */
export interface HostReading {
  readonly metrics: readonly ProbeMetric[]
  readonly cpu: CpuTime | undefined
  readonly cpuCount: number | undefined
  readonly load1: number | undefined
  readonly memory?: { readonly totalBytes: number; readonly availableBytes: number }
  readonly container?: ContainerMemory
  readonly filesystems: readonly Filesystem[]
  /** Mount points that were asked for and where nothing is mounted. */
  readonly notMounted: readonly string[]
}

/** Which machine this is and what time it has, as node_exporter tells it. */
export function identity(domainname: string): ProbeMetric[] {
  const labels = {
    domainname,
    machine: machine(),
    nodename: hostname(),
    release: release(),
    sysname: type(),
    version: version(),
  }
  return [
    { name: 'node_uname_info', labels, value: 1 },
    { name: 'node_time_seconds', value: Date.now() / 1000 },
  ]
}
