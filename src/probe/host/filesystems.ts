import type { StatsFs } from 'node:fs'
import { readFile, statfs } from 'node:fs/promises'
import type { ProbeMetric } from '../../model/finding.ts'

/** What node_exporter leaves out by default: nothing is stored there. */
const NO_STORAGE =
  /^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$/
const SYSTEM_FOLDER =
  /^\/(dev|proc|run\/credentials\/.+|sys|var\/lib\/docker\/.+|var\/lib\/containers\/storage\/.+)($|\/)/
/** Asking one of these whose server is gone blocks a thread of the pool for ever, so they are asked only when named. */
const REMOTE = /^(nfs\d?|cifs|smb3|smbfs|ceph|glusterfs|lustre|afs|fuse\..+)$/

/** One line of `/proc/mounts`. */
export interface Mount {
  readonly device: string
  readonly mountpoint: string
  readonly fstype: string
  readonly readonly: boolean
}

/** How full a filesystem is. */
export interface Filesystem {
  readonly mountpoint: string
  /** 0 to 1, as `df` has it: what root may use beyond is no free space. */
  readonly usedShare: number
  /** 0 to 1; 0 where files are not counted. */
  readonly usedInodesShare: number
}

/** What the mounted filesystems say, under node_exporter's names. */
export interface FilesystemReading {
  readonly metrics: readonly ProbeMetric[]
  readonly filesystems: readonly Filesystem[]
  /** Of the mount points asked for, those where nothing is mounted. */
  readonly notMounted: readonly string[]
}

/** Filesystems that still owe an answer: asking again would take one more thread of the pool. */
const unanswered = new Map<string, Promise<StatsFs>>()

/** Parses `/proc/mounts`; of several mounts at one place the last covers the others. */
export function parseMounts(text: string): Mount[] {
  const byPlace = new Map<string, Mount>()
  for (const line of text.split('\n')) {
    const [device, place, fstype, options] = line.split(' ')
    if (device === undefined || place === undefined || fstype === undefined || options === undefined) continue
    const mountpoint = unescapeOctal(place)
    byPlace.set(mountpoint, {
      device: unescapeOctal(device),
      mountpoint,
      fstype,
      readonly: options.split(',').includes('ro'),
    })
  }
  return [...byPlace.values()]
}

/**
 * Asks the filesystems how full they are.
 *
 * @param wanted mount points; without it those that node_exporter takes, local ones only, and `/` whatever it is
 */
export async function readFilesystems(
  wanted: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<FilesystemReading> {
  const all = parseMounts(await readMounts())
  const mounts = all.filter((mount) =>
    wanted === undefined ? isCountedByDefault(mount) : wanted.includes(mount.mountpoint),
  )
  const answers = await Promise.all(mounts.map((mount) => ask(mount, signal)))
  return {
    metrics: answers.flatMap((answer) => answer.metrics),
    filesystems: answers.flatMap((answer) => answer.filesystem ?? []),
    notMounted: (wanted ?? []).filter((place) => !all.some((mount) => mount.mountpoint === place)),
  }
}

function isCountedByDefault({ mountpoint, fstype }: Mount): boolean {
  // In a container `/` is an overlay, and its filling up is what takes the container down.
  if (mountpoint === '/') return true
  return !NO_STORAGE.test(fstype) && !SYSTEM_FOLDER.test(mountpoint) && !REMOTE.test(fstype)
}

async function readMounts(): Promise<string> {
  try {
    // What the machine sees, rather than a service whose view may be narrowed (as node_exporter).
    return await readFile('/proc/1/mounts', 'utf8')
  } catch {
    return await readFile('/proc/self/mounts', 'utf8')
  }
}

async function ask(mount: Mount, signal: AbortSignal): Promise<{ metrics: ProbeMetric[]; filesystem?: Filesystem }> {
  const { device, fstype, mountpoint } = mount
  const labels = { device, fstype, mountpoint }
  const stats = await statfsUnlessStuck(mountpoint, signal)
  if (stats === undefined) return { metrics: [{ name: 'node_filesystem_device_error', labels, value: 1 }] }
  const { bsize, blocks, bfree, bavail, files, ffree } = stats
  const usedBlocks = blocks - bfree
  return {
    metrics: [
      { name: 'node_filesystem_device_error', labels, value: 0 },
      { name: 'node_filesystem_size_bytes', labels, value: blocks * bsize },
      { name: 'node_filesystem_free_bytes', labels, value: bfree * bsize },
      { name: 'node_filesystem_avail_bytes', labels, value: bavail * bsize },
      { name: 'node_filesystem_files', labels, value: files },
      { name: 'node_filesystem_files_free', labels, value: ffree },
      { name: 'node_filesystem_readonly', labels, value: mount.readonly ? 1 : 0 },
    ],
    filesystem: {
      mountpoint,
      usedShare: usedBlocks + bavail > 0 ? usedBlocks / (usedBlocks + bavail) : 0,
      usedInodesShare: files > 0 ? (files - ffree) / files : 0,
    },
  }
}

/** @returns undefined when the filesystem can't be asked, or does not answer before the signal */
async function statfsUnlessStuck(mountpoint: string, signal: AbortSignal): Promise<StatsFs | undefined> {
  const aborted = Promise.withResolvers<undefined>()
  const giveUp = () => aborted.resolve(undefined)
  if (signal.aborted) giveUp()
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    return await Promise.race([statfsOnce(mountpoint), aborted.promise])
  } catch {
    return undefined
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

function statfsOnce(mountpoint: string): Promise<StatsFs> {
  let answer = unanswered.get(mountpoint)
  if (answer === undefined) {
    answer = statfs(mountpoint).finally(() => unanswered.delete(mountpoint))
    unanswered.set(mountpoint, answer)
  }
  return answer
}

/** The kernel writes spaces, tabs, line breaks and backslashes in mount points as `\040`. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
