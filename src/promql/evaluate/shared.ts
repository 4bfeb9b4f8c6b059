import { METRIC_NAME } from '../../model/labels.ts'
import { children, type Expr, selectors } from '../syntax/ast.ts'
import { typeOf } from '../syntax/check.ts'
import { print } from '../syntax/print.ts'
import type { Vector } from './vector.ts'

/** One of several expressions that are evaluated one after the other at the same time. */
export interface GroupMember {
  readonly expr: Expr
  /** Names of the metrics that are written with its result, before the next expression is evaluated. */
  readonly writes: readonly string[]
}

/**
 * The parts that expressions of a group have in common: equal in print, and not changed in between by what one of them
 * writes. Found once; `results` then holds them for one evaluation of the group.
 */
export class SharedParts {
  /** Parts that have one name have one result. */
  readonly #names = new Map<Expr, string>()

  constructor(members: readonly GroupMember[]) {
    for (const [text, uses] of usesByText(members)) {
      if (uses.length < 2) continue
      const [first] = uses as [Use]
      const writers = members.flatMap(({ writes }, i) =>
        writes.some((name) => maySelect(first.part, name)) ? [i] : [],
      )
      const named = Map.groupBy(uses, ({ member }) => writers.findLast((writer) => writer < member) ?? -1)
      for (const [writer, together] of named) {
        if (together.length < 2) continue
        for (const { part } of together) this.#names.set(part, `${writer}:${text}`)
      }
    }
  }

  /** @param atMs when all of the group is evaluated, epoch milliseconds */
  results(atMs: number): SharedResults {
    return new SharedResults(this.#names, atMs)
  }
}

/** What a group's expressions have in common, evaluated by the first that needs it. Only that one tells its annotations. */
export class SharedResults {
  readonly atMs: number
  readonly #names: ReadonlyMap<Expr, string>
  readonly #results = new Map<string, Vector>()

  constructor(names: ReadonlyMap<Expr, string>, atMs: number) {
    this.#names = names
    this.atMs = atMs
  }

  /** The name of a part that others have too; undefined for all else. */
  nameOf(part: Expr): string | undefined {
    return this.#names.get(part)
  }

  get(name: string): Vector | undefined {
    return this.#results.get(name)
  }

  set(name: string, result: Vector): void {
    this.#results.set(name, result)
  }
}

interface Use {
  readonly member: number
  readonly part: Expr
}

function usesByText(members: readonly GroupMember[]): Map<string, Use[]> {
  const uses = new Map<string, Use[]>()
  for (const [member, { expr }] of members.entries()) {
    for (const part of partsOf(expr)) {
      const text = print(part)
      const known = uses.get(text)
      if (known === undefined) uses.set(text, [{ member, part }])
      else known.push({ member, part })
    }
  }
  return uses
}

/** Every vector in an expression that is evaluated at the expression's own time, which those in subqueries are not. */
function* partsOf(expr: Expr): Generator<Expr> {
  if (expr.kind === 'subquery' || expr.kind === 'range') return
  if (expr.kind !== 'paren' && typeOf(expr) === 'vector' && selectors(expr).length > 0) yield expr
  for (const child of children(expr)) yield* partsOf(child)
}

function maySelect(expr: Expr, metricName: string): boolean {
  return selectors(expr).some(({ selector }) =>
    selector.matchers.every((matcher) => matcher.name !== METRIC_NAME || matcher.matches(metricName)),
  )
}
