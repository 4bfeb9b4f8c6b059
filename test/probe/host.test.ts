import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ProbeMetric } from '../../src/model/finding.ts'
import { readContainerMemory } from '../../src/probe/host/container.ts'
import { readElsewhere } from '../../src/probe/host/elsewhere.ts'
import { parseMounts } from '../../src/probe/host/filesystems.ts'
import { readDiskstats, readMeminfo, readNetworkDevices, readStat } from '../../src/probe/host/procfs.ts'
import { host } from '../../src/probe/host.ts'
import { describePeer, freePort, startPeer } from '../support/peers.ts'
import { probeContext } from '../support/probe-context.ts'

const run = (options: Record<string, unknown> = {}, context = probeContext()) =>
  host.run(host.config.parse({ host: 'local', cpu_window: '20ms', ...options }), context)

describe('this machine', () => {
  test('is up without limits and tells how much is used', async () => {
    const finding = await run()
    expect(finding.outcome).toBe('up')
    expect(finding.details).toMatchObject({ cpus: expect.any(Number), cpu_percent: expect.any(Number) })
    expect(finding.details.memory_percent).toBeGreaterThan(0)
    expect(finding.details.memory_percent).toBeLessThanOrEqual(100)
    expect(finding.details['disk_percent /']).toBeGreaterThan(0)
    expect(host.instance(host.config.parse({ host: 'local' }))).toBe(hostname())
  })

  test('tells less, under the same names, where there is no /proc', async () => {
    const reading = await readElsewhere(['/', '/no-such-folder'])
    expect(reading).toMatchObject({ cpuCount: cpus().length, notMounted: ['/no-such-folder'] })
    expect(reading.cpu?.totalSeconds).toBeGreaterThan(reading.cpu?.busySeconds as number)
    const { metrics } = await run()
    const shared = ['node_boot_time_seconds', 'node_filesystem_size_bytes']
    for (const name of shared) {
      const isIt = (metric: ProbeMetric) => metric.name === name && (metric.labels?.mountpoint ?? '/') === '/'
      const [ours, theirs] = [reading.metrics.find(isIt)?.value ?? 0, metrics.find(isIt)?.value ?? 1]
      // The time since boot is rounded.
      expect(Math.abs(ours - theirs), name).toBeLessThanOrEqual(name.endsWith('_seconds') ? 2 : 0)
    }
  })

  test('is degraded beyond a limit and says which one', async () => {
    const finding = await run({ expect: { memory: '0%', disk: '0%', load: 100_000 } })
    expect(finding).toMatchObject({
      outcome: 'degraded',
      reason: 'threshold',
      message: expect.stringMatching(
        /^the memory is used to [\d.]+%, more than 0%; .*the disk at \/ is used to [\d.]+%/,
      ),
    })
  })

  test('is down where a filesystem that has to be there is not mounted', async () => {
    const finding = await run({ mounts: ['/', '/proc/no-such-mount'] })
    expect(finding).toMatchObject({ outcome: 'down', message: 'nothing is mounted at /proc/no-such-mount' })
    expect(finding.metrics.some(({ name }) => name === 'node_filesystem_size_bytes')).toBe(true)
  })

  test('is not judged by a processor reading that the deadline cut off', async () => {
    const finding = await run(
      { cpu_window: '1s', expect: { cpu: '0%' } },
      probeContext({ signal: AbortSignal.abort() }),
    )
    expect(finding).toMatchObject({ outcome: 'unknown', reason: 'timeout' })
  })

  test.each([
    [{ expect: { cpu: '120%' } }, 'write percent from 0% to 100%'],
    [{ expect: { cpu: 0.9 } }, 'write percent, such as 90%'],
    [{ mounts: ['data'] }, 'write an absolute path'],
    [{ host: 'db.internal' }, 'write local'],
  ])('refuses %j with what to write instead', (options, hint) => {
    expect(() => host.config.parse({ host: 'local', ...options })).toThrow(hint)
  })
})

describe('the texts of the kernel', () => {
  test('give processor time without counting guests twice', () => {
    const { cpu, cpuCount, metrics } = readStat(
      'cpu  100 0 100 700 50 0 25 25 60 0\ncpu0 100 0 100 700 50 0 25 25 60 0\n',
    )
    expect(cpu).toEqual({ busySeconds: 2.5, totalSeconds: 10 })
    expect(cpuCount).toBe(1)
    expect(metrics).toContainEqual({ name: 'node_cpu_seconds_total', labels: { cpu: '0', mode: 'iowait' }, value: 0.5 })
  })

  test('give memory in bytes and huge pages as counts', () => {
    const { metrics } = readMeminfo('Active(anon):  2 kB\nHugePages_Total:       3\n')
    expect(metrics).toEqual([
      { name: 'node_memory_Active_anon_bytes', value: 2048 },
      { name: 'node_memory_HugePages_Total', value: 3 },
    ])
  })

  test('give whole disks and no partitions', () => {
    const line = (device: string) => `   8       0 ${device} 10 0 4 0 20 0 6 0 0 1500 0 0 0 0 0`
    const devices = ['sda', 'sda1', 'nvme0n1', 'nvme0n1p2', 'loop0', 'zram0', 'dm-0'].map(line).join('\n')
    expect(readDiskstats(devices).filter(({ name }) => name === 'node_disk_io_time_seconds_total')).toEqual(
      ['sda', 'nvme0n1', 'dm-0'].map((device) => ({
        name: 'node_disk_io_time_seconds_total',
        labels: { device },
        value: 1.5,
      })),
    )
    expect(readDiskstats(line('sda'))[0]).toMatchObject({ name: 'node_disk_read_bytes_total', value: 2048 })
  })

  test('give network interfaces whose names have a colon', () => {
    expect(readNetworkDevices('eth0:1: 7 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0')).toEqual([
      { name: 'node_network_receive_bytes_total', labels: { device: 'eth0:1' }, value: 7 },
      { name: 'node_network_transmit_bytes_total', labels: { device: 'eth0:1' }, value: 9 },
    ])
  })

  test('give mount points with spaces, and of two at one place the upper one', () => {
    const text = '/dev/a /mnt/my\\040disk ext4 rw 0 0\n/dev/b /mnt/my\\040disk xfs ro,relatime 0 0\n'
    expect(parseMounts(text)).toEqual([{ device: '/dev/b', mountpoint: '/mnt/my disk', fstype: 'xfs', readonly: true }])
  })
})

describe('the memory of a container', () => {
  const GIB = 1024 ** 3

  async function readGroups(membership: string, files: Readonly<Record<string, string>>) {
    const folder = await mkdtemp(join(tmpdir(), 'midwatch-cgroup-'))
    try {
      for (const [path, text] of Object.entries({ ...files, membership })) {
        await mkdir(dirname(join(folder, path)), { recursive: true })
        await writeFile(join(folder, path), text)
      }
      return await readContainerMemory(16 * GIB, { membership: join(folder, 'membership'), mount: folder })
    } finally {
      await rm(folder, { recursive: true })
    }
  }

  test('is the tightest limit above, without the cache that can be given back', async () => {
    const found = await readGroups('0::/app.slice/midwatch.service\n', {
      'memory.max': 'max\n',
      'app.slice/memory.max': `${2 * GIB}\n`,
      'app.slice/memory.current': `${GIB}\n`,
      'app.slice/memory.stat': `anon 5\ninactive_file ${GIB / 4}\n`,
      'app.slice/midwatch.service/memory.max': `${4 * GIB}\n`,
    })
    expect(found).toEqual({ limitBytes: 2 * GIB, usedBytes: 0.75 * GIB })
  })

  test('is found in groups of the old layout, whose path is not the one inside the container', async () => {
    const found = await readGroups('5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n', {
      'memory/memory.limit_in_bytes': `${GIB}\n`,
      'memory/memory.usage_in_bytes': `${GIB / 2}\n`,
      'memory/memory.stat': `total_inactive_file ${GIB / 4}\n`,
    })
    expect(found).toEqual({ limitBytes: GIB, usedBytes: GIB / 4 })
  })

  test('is nothing where there is no limit, or none below the memory of the machine', async () => {
    expect(await readGroups('0::/\n', {})).toBeUndefined()
    expect(await readGroups('0::/\n', { 'memory.max': 'max\n' })).toBeUndefined()
    expect(
      await readGroups('4:memory:/\n', { 'memory/memory.limit_in_bytes': '9223372036854771712\n' }),
    ).toBeUndefined()
  })
})

describePeer('prometheus-node-exporter', (path) => {
  /** Its own defaults, which distributions change, but for the overlay that a container has at `/`. */
  const defaults = [
    '--collector.netdev.device-exclude=',
    '--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)',
    '--collector.filesystem.fs-types-exclude=^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$',
  ]
  /** What can't change between two looks at a machine that does nothing else with its disks than this. */
  const STILL =
    /^node_(boot_time_seconds|memory_MemTotal_bytes|memory_SwapTotal_bytes|memory_HugePages_Total|filefd_maximum|filesystem_(size_bytes|files|readonly|device_error)|uname_info)$/

  test('names, labels and still values are those of node_exporter', async () => {
    const port = await freePort()
    await using _exporter = await startPeer(path, [`--web.listen-address=127.0.0.1:${port}`, ...defaults], {
      ready: port,
    })
    const { metrics: ours } = await run()
    const theirs = parseValues(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text())
    expect(ours.length).toBeGreaterThan(60)
    expect(ours.map(seriesName).filter((name) => !theirs.has(name))).toEqual([])
    const still = ours.filter(({ name }) => STILL.test(name))
    expect(still.length).toBeGreaterThan(5)
    expect(still.map((metric) => [seriesName(metric), metric.value])).toEqual(
      still.map((metric) => [seriesName(metric), theirs.get(seriesName(metric))]),
    )
  })
})

function seriesName({ name, labels = {} }: ProbeMetric): string {
  const inner = Object.entries(labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}="${value}"`)
  return inner.length === 0 ? name : `${name}{${inner.join(',')}}`
}

function parseValues(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line.startsWith('node_'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}
