import { randomBytes } from 'node:crypto'
import { closeSync, constants, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { isSea } from 'node:sea'
import { readAssetBytes } from './asset.ts'

/** What an operator may put beside the executable, so that nothing has to be written before it can be loaded. */
const BESIDE_EXECUTABLE = 'better_sqlite3.node'

/** There is no folder from which the single executable can load SQLite; the message says which were tried. */
export class AddonError extends Error {
  override readonly name = 'AddonError'
}

let unpacked: string | undefined

/**
 * Where the SQLite addon of this platform lies. The single executable unpacks it into memory-mapped space that has no name
 * any more once this returns, so that no end of the process can leave a file behind; the path stays good as long as the
 * process lives, for each of its threads.
 *
 * @param dataDir a folder that may be used where the system's temporary folder can't be
 * @returns undefined when the program runs from its sources and the package finds its own
 * @throws AddonError when there is no folder from which code can be loaded
 */
export function sqliteAddonPath(dataDir?: string): string | undefined {
  if (isSea()) {
    unpacked ??= unpack(readAssetBytes(addonName()), placesFor(dataDir))
    return unpacked
  }
  if (process.env.MIDWATCH_BUNDLED !== 'yes') return undefined
  return join(import.meta.dirname, 'assets', addonName())
}

/** The asset's name: `sqlite/linux-x64.node`. */
export function addonName(): string {
  const system = process.platform === 'linux' && usesMusl() ? 'linuxmusl' : process.platform
  return `sqlite/${system}-${process.arch}.node`
}

/** Which C library's loader this process was started with. */
function usesMusl(): boolean {
  try {
    return /\/ld-musl-[^/\s]*\.so/.test(readFileSync('/proc/self/maps', 'latin1'))
  } catch {
    return false
  }
}

function placesFor(dataDir: string | undefined): readonly string[] {
  return [...new Set([tmpdir(), ...(dataDir === undefined ? [] : [dataDir]), '/dev/shm'])]
}

/**
 * Makes the addon loadable and proves it by loading it.
 *
 * @param folders tried in this order; those that can't be written or are mounted noexec are passed over
 * @throws AddonError when none is left
 */
export function unpack(bytes: Uint8Array, folders: readonly string[]): string {
  const beside = join(dirname(process.execPath), BESIDE_EXECUTABLE)
  if (isSameFile(beside, bytes)) return beside
  const reasons: string[] = []
  for (const folder of folders) {
    try {
      return unpackInto(folder, bytes)
    } catch (error) {
      reasons.push(`${folder} ${reasonOf(error as Error)}`)
    }
  }
  throw new AddonError(
    `midwatch found no folder from which it can load its SQLite addon; set TMPDIR to one that can be written and is not mounted noexec (${reasons.join('; ')})`,
  )
}

function reasonOf({ message }: Error): string {
  if (message.includes('failed to map segment')) return 'is mounted noexec'
  return `can't be used: ${message.replace(/^\/proc\/self\/fd\/\d+: /, '')}`
}

function unpackInto(folder: string, bytes: Uint8Array): string {
  mkdirSync(folder, { recursive: true, mode: 0o750 })
  const file = join(folder, `.midwatch-${randomBytes(12).toString('hex')}.node`)
  const fd = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    // Gone before it has content; from here on the open descriptor is its only name.
    rmSync(file)
    writeFileSync(fd, bytes)
    const path = `/proc/self/fd/${fd}`
    process.dlopen({ exports: {} }, path)
    return path
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** An addon of another version would crash, so its content is compared and not its name alone. */
function isSameFile(file: string, bytes: Uint8Array): boolean {
  try {
    return readFileSync(file).equals(bytes)
  } catch {
    return false
  }
}
