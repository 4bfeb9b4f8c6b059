import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** What the control group that we run in may use: of a container, or of a service with a limit. */
export interface ContainerMemory {
  readonly limitBytes: number
  /** Without the file cache that the kernel gives back first, as `kubectl top` counts. */
  readonly usedBytes: number
}

/** The two layouts of control groups: where they are mounted and how their files are called. */
const LAYOUTS = [
  {
    line: /^0::(.*)$/m,
    folder: '',
    limit: 'memory.max',
    usage: 'memory.current',
    cache: /^inactive_file (\d+)$/m,
  },
  {
    line: /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m,
    folder: 'memory',
    limit: 'memory.limit_in_bytes',
    usage: 'memory.usage_in_bytes',
    cache: /^total_inactive_file (\d+)$/m,
  },
] as const

/**
 * The tightest memory limit above this process.
 *
 * @param totalBytes memory of the machine; a limit that is not below it is none
 * @param places where the kernel says which group this is, and where the groups are mounted
 * @returns undefined when there is no limit
 */
export async function readContainerMemory(
  totalBytes: number,
  places = { membership: '/proc/self/cgroup', mount: '/sys/fs/cgroup' },
): Promise<ContainerMemory | undefined> {
  const membership = await read(places.membership)
  if (membership === undefined) return undefined
  for (const layout of LAYOUTS) {
    const path = layout.line.exec(membership)?.[1]
    if (path === undefined) continue
    const group = await tightest(join(places.mount, layout.folder), path, layout.limit, totalBytes)
    if (group === undefined) continue
    const usageBytes = Number(await read(join(group.folder, layout.usage)))
    const cacheBytes = Number(layout.cache.exec((await read(join(group.folder, 'memory.stat'))) ?? '')?.[1] ?? 0)
    if (Number.isFinite(usageBytes)) {
      return { limitBytes: group.limitBytes, usedBytes: Math.max(usageBytes - cacheBytes, 0) }
    }
  }
  return undefined
}

/** Limits hold for all groups below, so the tightest on the way up counts. */
async function tightest(root: string, path: string, file: string, totalBytes: number) {
  let best: { folder: string; limitBytes: number } | undefined
  for (let place = path; ; place = dirname(place)) {
    const folder = join(root, place)
    // `max` is no number, so it is no limit.
    const limitBytes = Number(await read(join(folder, file)))
    if (limitBytes > 0 && limitBytes < Math.min(totalBytes, best?.limitBytes ?? Infinity)) best = { folder, limitBytes }
    if (place === '/' || place === '.') return best
  }
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return undefined
  }
}
