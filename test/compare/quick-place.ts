import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { getPriority, setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'

/** On a busy machine the programs take their time. */
export const START_WITHIN_MS = 60_000

/** A folder in memory where the system has one: what is compared are decisions, not disks. Gone afterwards. */
export function quickFolder(): { readonly path: string } & Disposable {
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const path = mkdtempSync(join(base, 'midwatch-compare-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/**
 * Lets this process, and what it starts from now on, go before others where we may: a program that does not get its turn is
 * late, and that proves nothing.
 */
export function precedence(): Disposable {
  const before = getPriority()
  const set = (priority: number) => {
    try {
      setPriority(priority)
    } catch {
      // Only an administrator may, and everybody else waits a little longer.
    }
  }
  set(-10)
  return { [Symbol.dispose]: () => set(before) }
}
