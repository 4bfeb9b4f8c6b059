import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Where the SQLite addon of this platform lies.
 *
 * @returns undefined when the program runs from its sources and the package finds its own
 */
export function sqliteAddonPath(): string | undefined {
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
