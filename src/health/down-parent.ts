import type { HealthBoard } from './health-board.ts'

interface Dependent {
  readonly name: string
  readonly dependsOn: readonly string[]
}

/** The nearest check above this one in `depends_on` that is down, if any: the likely cause of its trouble. */
export function downParent(checks: readonly Dependent[], board: HealthBoard, name: string): string | undefined {
  const parents = new Map(checks.map((check) => [check.name, check.dependsOn]))
  const todo = [...(parents.get(name) ?? [])]
  const seen = new Set<string>()
  for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
    if (seen.has(next)) continue
    seen.add(next)
    if (board.find(next)?.status === 'unhealthy') return next
    todo.push(...(parents.get(next) ?? []))
  }
  return undefined
}
