import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder in memory where the system has one: what is compared are decisions, not disks. Gone afterwards. */
export function quickFolder(): { readonly path: string } & Disposable {
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const path = mkdtempSync(join(base, 'midwatch-compare-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** Lets processes go before others, where we may: a program that does not get its turn is late, and that proves nothing. */
export function prefer(...pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      setPriority(pid, -10)
    } catch {
      // Only an administrator may, and everybody else waits a little longer.
    }
  }
}
