import type { HealthBoard } from './health-board.ts'

/** A check as its place among the others has to be known. */
export interface Dependent {
  readonly name: string
  readonly dependsOn: readonly string[]
  /** How often it is looked at. */
  readonly everyMs: number
}

/** What keeps alerts about a check from being told. */
export interface Cause {
  readonly name: string
  /** When it came back; undefined while it is down. */
  readonly recoveredMs: number | undefined
}

/** How long a look and the next evaluation may take. */
const SETTLING_MS = 45_000

/** Which checks depend on which, and which of them that keeps quiet. */
export class Dependencies {
  readonly #board: HealthBoard
  /** Of every check that depends on something: all above it, the nearest first. */
  readonly #above = new Map<string, { readonly everyMs: number; readonly names: readonly string[] }>()
  readonly #needed = new Set<string>()

  constructor(checks: readonly Dependent[], board: HealthBoard) {
    this.#board = board
    const parents = new Map(checks.map(({ name, dependsOn }) => [name, dependsOn]))
    for (const { name, dependsOn, everyMs } of checks) {
      if (dependsOn.length === 0) continue
      const names = allAbove(name, parents)
      this.#above.set(name, { everyMs, names })
      for (const needed of names) this.#needed.add(needed)
    }
  }

  /**
   * The nearest check above this one that is down, if any: the likely cause of its trouble. One that has just come back counts
   * until this one has been looked at again.
   */
  causeOf(name: string, nowMs: number): Cause | undefined {
    const above = this.#above.get(name)
    if (above === undefined) return undefined
    let recovered: Cause | undefined
    for (const other of above.names) {
      if (this.#isDown(other)) return { name: other, recoveredMs: undefined }
      const recoveredMs = this.#board.recoveredMs(other)
      if (recoveredMs !== undefined && nowMs < recoveredMs + above.everyMs + SETTLING_MS) {
        recovered ??= { name: other, recoveredMs }
      }
    }
    return recovered
  }

  /** Whether `name` is down and keeps alerts about `other` from being told, however many are between them. */
  isHeldBackBy(other: string, name: string): boolean {
    return this.#needed.has(name) && this.#isDown(name) && this.#above.get(other)?.names.includes(name) === true
  }

  /** Whether anything depends on it. */
  isNeeded(name: string): boolean {
    return this.#needed.has(name)
  }

  #isDown(name: string): boolean {
    return this.#board.find(name)?.status === 'unhealthy'
  }
}

function allAbove(name: string, parents: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const seen = new Set<string>()
  const todo = [...(parents.get(name) ?? [])]
  for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
    if (seen.has(next)) continue
    seen.add(next)
    todo.push(...(parents.get(next) ?? []))
  }
  return [...seen]
}
