import type { Board } from '../build.ts'
import { bars, graph, stat } from '../panel.ts'
import { UIDS } from './uids.ts'
import { watch } from './watch.ts'

const OF = 'job=~"$job",instance=~"$instance"'
/** Images that are full by nature, and memory that looks like a disk, as in the alert. */
const DISKS = `${OF},fstype!~"tmpfs|devtmpfs|ramfs|squashfs|erofs|iso9660|udf|efivarfs|fuse.lxcfs|fuse.snapfuse"`
const NETS = `${OF},device!~"lo|veth.*|docker.*|br-.*"`

const CPU_BUSY = `1 - avg by (instance) (rate(node_cpu_seconds_total{${OF},mode="idle"}[$__rate_interval]))`
const MEMORY_USED = `1 - node_memory_MemAvailable_bytes{${OF}} / node_memory_MemTotal_bytes{${OF}}`
const DISK_USED = `1 - node_filesystem_avail_bytes{${DISKS}} / node_filesystem_size_bytes{${DISKS}}`
const WEEK_S = 7 * 86_400

const CPU = { at: 0.8, color: 'orange', alert: 'HostCpuHigh' } as const
const MEMORY = { at: 0.85, color: 'orange', alert: 'HostMemoryHigh' } as const
const DISK = { at: 0.9, color: 'red', alert: 'HostDiskFull' } as const

export const infrastructure: Board = {
  uid: UIDS.infrastructure,
  title: 'Infrastructure',
  description:
    "Machines, by node_exporter's names, whether midwatch or node_exporter measures them, and midwatch itself.",
  filters: [
    { label: 'job', title: 'Job', metric: 'node_time_seconds' },
    { label: 'instance', title: 'Instance', metric: 'node_time_seconds' },
  ],
  alerts: [
    'HostCpuHigh',
    'HostMemoryHigh',
    'HostDiskFull',
    'MidwatchDiskLow',
    'MidwatchSchedulerLate',
    'MidwatchWriterBehind',
  ],
  sections: [
    {
      title: 'Is it fine?',
      panels: [
        stat({
          title: 'Machines',
          description: 'Machines that report.',
          unit: 'none',
          base: 'blue',
          ask: `count(count by (instance) (node_time_seconds{${OF}}))`,
        }),
        stat({
          title: 'Busiest processors',
          description: 'Of the machine whose processors are busiest.',
          unit: 'percentunit',
          decimals: 0,
          ask: `max(${CPU_BUSY})`,
          limits: [CPU],
        }),
        stat({
          title: 'Fullest memory',
          description: 'What the kernel can give back counts as free.',
          unit: 'percentunit',
          decimals: 0,
          ask: `max(${MEMORY_USED})`,
          limits: [MEMORY],
        }),
        stat({
          title: 'Fullest disk',
          description: 'Of all filesystems of all machines.',
          unit: 'percentunit',
          decimals: 0,
          ask: `max(${DISK_USED})`,
          limits: [DISK],
        }),
        stat({
          title: 'Disks full within a week',
          description: 'Filesystems that run full within seven days when they go on as in the last six hours.',
          unit: 'none',
          ask: `count(predict_linear(node_filesystem_avail_bytes{${DISKS}}[6h], ${WEEK_S}) < 0) or vector(0)`,
          limits: [{ at: 1, color: 'orange' }],
        }),
        stat({
          title: 'Last start of a machine',
          description: 'How long the machine that was started last has been running.',
          unit: 's',
          base: 'orange',
          ask: `min(node_time_seconds{${OF}} - node_boot_time_seconds{${OF}})`,
          limits: [{ at: 3600, color: 'green' }],
        }),
      ],
    },
    {
      title: 'Why?',
      panels: [
        graph({
          title: 'Processors',
          description: 'How busy the processors of each machine are.',
          unit: 'percentunit',
          max: 1,
          ask: { expr: CPU_BUSY, legend: '{{instance}}' },
          limits: [CPU],
        }),
        graph({
          title: 'Memory',
          description: 'How much of the memory is in use; what the kernel can give back counts as free.',
          unit: 'percentunit',
          max: 1,
          ask: { expr: MEMORY_USED, legend: '{{instance}}' },
          limits: [MEMORY],
        }),
        bars({
          title: 'Disks',
          description: 'How full each filesystem is.',
          unit: 'percentunit',
          min: 0,
          max: 1,
          ask: { expr: `sort_desc(${DISK_USED})`, legend: '{{instance}} {{mountpoint}}' },
          limits: [DISK],
        }),
        graph({
          title: 'Load for each processor',
          description: 'Tasks that run or wait, divided by the processors. For long above 1 means that tasks wait.',
          unit: 'short',
          ask: {
            expr: `sum by (instance) (node_load5{${OF}}) / count by (instance) (count by (instance, cpu) (node_cpu_seconds_total{${OF}}))`,
            legend: '{{instance}}',
          },
        }),
      ],
    },
    {
      title: 'Capacity',
      panels: [
        graph({
          title: 'Free space in a week',
          description:
            'Free space of each filesystem in seven days when it goes on as in the last six hours; below 0 it is full.',
          unit: 'bytes',
          ask: {
            expr: `predict_linear(node_filesystem_avail_bytes{${DISKS}}[6h], ${WEEK_S})`,
            legend: '{{instance}} {{mountpoint}}',
          },
        }),
        graph({
          title: 'Inodes in use',
          description: 'A filesystem without free inodes takes no new file, however much space is left.',
          unit: 'percentunit',
          max: 1,
          ask: {
            expr: `1 - node_filesystem_files_free{${DISKS}} / (node_filesystem_files{${DISKS}} > 0)`,
            legend: '{{instance}} {{mountpoint}}',
          },
        }),
        graph({
          title: 'Open files',
          description: 'Share of the files that may be open at once on a machine.',
          unit: 'percentunit',
          ask: { expr: `node_filefd_allocated{${OF}} / node_filefd_maximum{${OF}}`, legend: '{{instance}}' },
        }),
        graph({
          title: 'Memory by use',
          description: 'What the memory is used for, over all machines.',
          unit: 'bytes',
          isStacked: true,
          ask: [
            {
              expr: `sum(node_memory_MemTotal_bytes{${OF}} - node_memory_MemAvailable_bytes{${OF}})`,
              legend: 'in use',
            },
            {
              expr: `sum(node_memory_MemAvailable_bytes{${OF}} - node_memory_MemFree_bytes{${OF}})`,
              legend: 'can be given back',
            },
            { expr: `sum(node_memory_MemFree_bytes{${OF}})`, legend: 'free' },
          ],
        }),
      ],
    },
    {
      title: 'Details',
      panels: [
        graph({
          title: 'Processor time by mode',
          description: 'iowait is waiting for disks, steal is what the host of a virtual machine gives to others.',
          unit: 'percentunit',
          isStacked: true,
          ask: {
            expr: `avg by (mode) (rate(node_cpu_seconds_total{${OF},mode!="idle"}[$__rate_interval]))`,
            legend: '{{mode}}',
          },
        }),
        graph({
          title: 'Disks busy',
          description: 'Share of the time in which a disk had something to do.',
          unit: 'percentunit',
          max: 1,
          ask: {
            expr: `rate(node_disk_io_time_seconds_total{${OF}}[$__rate_interval])`,
            legend: '{{instance}} {{device}}',
          },
        }),
        graph({
          title: 'Disks, bytes',
          description: 'Read and written, over all disks of a machine.',
          unit: 'Bps',
          ask: [
            {
              expr: `sum by (instance) (rate(node_disk_read_bytes_total{${OF}}[$__rate_interval]))`,
              legend: '{{instance}} read',
            },
            {
              expr: `sum by (instance) (rate(node_disk_written_bytes_total{${OF}}[$__rate_interval]))`,
              legend: '{{instance}} written',
            },
          ],
        }),
        graph({
          title: 'Network, bytes',
          description: 'In and out, without the loopback and the inside of containers.',
          unit: 'Bps',
          ask: [
            {
              expr: `sum by (instance) (rate(node_network_receive_bytes_total{${NETS}}[$__rate_interval]))`,
              legend: '{{instance}} in',
            },
            {
              expr: `sum by (instance) (rate(node_network_transmit_bytes_total{${NETS}}[$__rate_interval]))`,
              legend: '{{instance}} out',
            },
          ],
        }),
        graph({
          title: 'Processes',
          description: 'Processes that run or could run, and those that wait for a disk.',
          unit: 'short',
          ask: [
            { expr: `node_procs_running{${OF}}`, legend: '{{instance}} running' },
            { expr: `node_procs_blocked{${OF}}`, legend: '{{instance}} blocked' },
          ],
        }),
        graph({
          title: 'Context switches',
          description:
            'How often processors change to another task. A jump without more work is a sign of many small waits.',
          unit: 'ops',
          ask: { expr: `rate(node_context_switches_total{${OF}}[$__rate_interval])`, legend: '{{instance}}' },
        }),
      ],
    },
    watch,
  ],
}
