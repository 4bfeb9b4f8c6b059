import { type FSWatcher, watch } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../../lib/clock.ts'
import { every } from '../../lib/every.ts'
import { readYaml, toValue } from '../../lib/yaml.ts'
import { type FileDiscovery, type TargetGroup, targetGroup } from './config.ts'
import type { DiscoveredGroup } from './target.ts'

interface FileWatchOptions {
  readonly clock: Clock
  /** What relative paths are relative to. */
  readonly baseFolder: string
  /** The groups are no longer the same. */
  readonly onChange: () => void
  /** A file could not be read or is wrong; what it said before stays in force. */
  readonly onError: (error: Error) => void
}

const groupList = z.array(targetGroup, { error: 'is not a list of target groups; write "- targets: [host:port]"' })

/**
 * The targets in the files of one `file_sd_configs` entry: read at the start, when the file system tells of a change, and
 * at every refresh interval. A file that is broken keeps its last good targets; one that is gone loses them.
 */
export class TargetFiles {
  readonly #config: FileDiscovery
  readonly #options: FileWatchOptions
  readonly #stop = new AbortController()
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #groups = new Map<string, readonly TargetGroup[]>()
  #shown = '[]'
  #reading: Promise<void> = Promise.resolve()
  #loop: Promise<void> = Promise.resolve()
  #isDue = false

  constructor(config: FileDiscovery, options: FileWatchOptions) {
    this.#config = config
    this.#options = options
  }

  /** Reads for the first time and begins to watch; `onChange` is not called for what is found now. */
  async start(): Promise<void> {
    await this.#read(false)
    const { clock, onError } = this.#options
    const { refreshMs } = this.#config
    this.#loop = every(refreshMs, () => this.refresh(), {
      clock,
      signal: this.#stop.signal,
      phaseMs: (clock.now() - 1 + refreshMs) % refreshMs,
      onError: (error) => onError(error as Error),
    })
  }

  get groups(): readonly DiscoveredGroup[] {
    return [...this.#groups].flatMap(([path, groups]) =>
      groups.map((group) => ({ ...group, source: { __meta_filepath: path } })),
    )
  }

  /** Reads all files again; changes that come while it reads are read after it. */
  refresh(): Promise<void> {
    if (this.#isDue) return this.#reading
    this.#isDue = true
    this.#reading = this.#reading.then(() => {
      this.#isDue = false
      return this.#read(true)
    })
    return this.#reading
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    for (const watcher of this.#watchers.values()) watcher.close()
    await Promise.all([this.#loop, this.#reading])
  }

  async #read(tells: boolean): Promise<void> {
    if (this.#stop.signal.aborted) return
    const paths = new Set<string>()
    for (const pattern of this.#config.files) for (const path of await this.#expand(pattern)) paths.add(path)
    for (const known of [...this.#groups.keys()]) if (!paths.has(known)) this.#groups.delete(known)
    for (const path of paths) {
      try {
        this.#groups.set(path, await readGroups(path))
      } catch (error) {
        if (isMissing(error)) this.#groups.delete(path)
        else this.#options.onError(error as Error)
      }
    }
    const shown = JSON.stringify([...this.#groups])
    if (shown === this.#shown) return
    this.#shown = shown
    if (tells && !this.#stop.signal.aborted) this.#options.onChange()
  }

  /** The paths that a pattern means, as they are written (`__meta_filepath` shows them so). */
  async #expand(pattern: string): Promise<string[]> {
    const path = resolve(this.#options.baseFolder, pattern)
    const folder = dirname(path)
    this.#watch(folder)
    const name = basename(path)
    const star = name.indexOf('*')
    if (star === -1) return [path]
    const [front, back] = [name.slice(0, star), name.slice(star + 1)]
    try {
      const files = await readdir(folder)
      return files
        .filter((file) => file.length >= name.length - 1 && file.startsWith(front) && file.endsWith(back))
        .sort()
        .map((file) => join(folder, file))
    } catch (error) {
      if (!isMissing(error)) this.#options.onError(error as Error)
      return []
    }
  }

  /** Only to be quicker than the refresh interval: where the system can't watch, that one serves. */
  #watch(folder: string): void {
    if (this.#watchers.has(folder)) return
    try {
      const watcher = watch(folder, { persistent: false }, () => void this.refresh())
      watcher.on('error', () => {
        watcher.close()
        this.#watchers.delete(folder)
      })
      this.#watchers.set(folder, watcher)
    } catch {
      // The folder may not be there yet; the next refresh tries again.
    }
  }
}

async function readGroups(path: string): Promise<readonly TargetGroup[]> {
  const text = await readFile(path, 'utf8')
  const value = /\.json$/i.test(path) ? parseJson(text, path) : parseYaml(text, path)
  const parsed = groupList.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const field = issue?.path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('')
  throw new Error(`${path}: ${field === '' ? '' : `${field?.replace(/^\./, '')} `}${issue?.message}`)
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`${path}: not JSON: ${(error as Error).message}`, { cause: error })
  }
}

function parseYaml(text: string, path: string): unknown {
  const { root, problems } = readYaml(text, path)
  const problem = problems.find(({ severity }) => severity === 'error')
  if (problem !== undefined) throw new Error(`${path}:${problem.line}:${problem.column}: ${problem.message}`)
  return root === undefined ? [] : toValue(root, { typed: false })
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
