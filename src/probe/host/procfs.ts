import type { ProbeMetric } from '../../model/finding.ts'

/** The kernel counts CPU time in these for user space, whatever its own tick is (`getconf CLK_TCK`). */
const TICKS_PER_SECOND = 100
/** `/proc/diskstats` counts in these, whatever the sectors of the device are. */
const SECTOR_BYTES = 512

const CPU_MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const

/** Partitions and devices in memory: their whole disk is counted, or nobody cares. As node_exporter's default. */
const UNCOUNTED_DISK = /^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$/

/** CPU time of all processors together since boot. */
export interface CpuTime {
  readonly busySeconds: number
  readonly totalSeconds: number
}

/** `/proc/stat` under node_exporter's names: CPU time by mode, boot time, context switches, processes. */
export function readStat(text: string): { metrics: ProbeMetric[]; cpu: CpuTime; cpuCount: number } {
  const metrics: ProbeMetric[] = []
  let cpu: CpuTime = { busySeconds: 0, totalSeconds: 0 }
  let cpuCount = 0
  const simple: Readonly<Record<string, string>> = {
    ctxt: 'node_context_switches_total',
    btime: 'node_boot_time_seconds',
    procs_running: 'node_procs_running',
    procs_blocked: 'node_procs_blocked',
  }
  for (const line of text.split('\n')) {
    const [key = '', ...fields] = line.split(/\s+/)
    const name = simple[key]
    if (name !== undefined) metrics.push({ name, value: Number(fields[0]) })
    if (!/^cpu\d*$/.test(key)) continue
    const seconds = CPU_MODES.map((_, i) => Number(fields[i] ?? 0) / TICKS_PER_SECOND)
    if (key === 'cpu') {
      const totalSeconds = seconds.reduce((sum, value) => sum + value, 0)
      const idleSeconds = (seconds[3] as number) + (seconds[4] as number)
      cpu = { busySeconds: totalSeconds - idleSeconds, totalSeconds }
      continue
    }
    cpuCount++
    CPU_MODES.forEach((mode, i) => {
      const labels = { cpu: key.slice(3), mode }
      metrics.push({ name: 'node_cpu_seconds_total', labels, value: seconds[i] as number })
    })
  }
  return { metrics, cpu, cpuCount }
}

/** `/proc/meminfo` in bytes by the kernel's own keys (`MemAvailable`), and under node_exporter's names. */
export function readMeminfo(text: string): { metrics: ProbeMetric[]; bytes: ReadonlyMap<string, number> } {
  const metrics: ProbeMetric[] = []
  const bytes = new Map<string, number>()
  for (const line of text.split('\n')) {
    const match = /^([^:]+):\s+(\d+)( kB)?$/.exec(line)
    if (match === null) continue
    const [, key = '', digits, unit] = match
    // `Active(anon)` is `Active_anon`; huge pages are counts, and have no unit in the name either.
    const name = `node_memory_${key.replace('(', '_').replace(')', '')}`
    const value = Number(digits) * (unit === undefined ? 1 : 1024)
    bytes.set(key, value)
    metrics.push({ name: unit === undefined ? name : `${name}_bytes`, value })
  }
  return { metrics, bytes }
}

/** `/proc/net/dev`: bytes in and out of each interface. */
export function readNetworkDevices(text: string): ProbeMetric[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(.+):\s*(\d.*)$/.exec(line)
    if (match === null) return []
    const labels = { device: match[1] as string }
    const fields = (match[2] as string).split(/\s+/).map(Number)
    return [
      { name: 'node_network_receive_bytes_total', labels, value: fields[0] ?? 0 },
      { name: 'node_network_transmit_bytes_total', labels, value: fields[8] ?? 0 },
    ]
  })
}

/**
 * `/proc/diskstats`: bytes and busy time of each whole disk.
 *
 * @see https://docs.kernel.org/admin-guide/iostats.html
 */
export function readDiskstats(text: string): ProbeMetric[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/)
    const device = fields[2]
    if (device === undefined || fields.length < 14 || UNCOUNTED_DISK.test(device)) return []
    const labels = { device }
    return [
      { name: 'node_disk_read_bytes_total', labels, value: Number(fields[5]) * SECTOR_BYTES },
      { name: 'node_disk_written_bytes_total', labels, value: Number(fields[9]) * SECTOR_BYTES },
      { name: 'node_disk_io_time_seconds_total', labels, value: Number(fields[12]) / 1000 },
    ]
  })
}

/** `/proc/loadavg`: how many processes ran or waited, averaged over 1, 5 and 15 minutes. */
export function readLoadAverage(text: string): ProbeMetric[] {
  const [one, five, fifteen] = text.split(' ').map(Number)
  return loadMetrics([one ?? 0, five ?? 0, fifteen ?? 0])
}

export function loadMetrics([one, five, fifteen]: readonly [number, number, number]): ProbeMetric[] {
  return [
    { name: 'node_load1', value: one },
    { name: 'node_load5', value: five },
    { name: 'node_load15', value: fifteen },
  ]
}

/** `/proc/sys/fs/file-nr`: open files of the whole machine. */
export function readFileHandles(text: string): ProbeMetric[] {
  const [allocated, , maximum] = text.trim().split(/\s+/).map(Number)
  return [
    { name: 'node_filefd_allocated', value: allocated ?? 0 },
    { name: 'node_filefd_maximum', value: maximum ?? 0 },
  ]
}
