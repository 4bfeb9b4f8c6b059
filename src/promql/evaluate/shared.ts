import type { Expr } from '../syntax/ast.ts'
import type { Vector } from './vector.ts'

/** Results of parts that several expressions have in common, all evaluated at the same time. */
export class SharedResults {
  readonly #keys: ReadonlyMap<Expr, string>
  readonly #results = new Map<string, Vector>()

  constructor(keys: ReadonlyMap<Expr, string>) {
    this.#keys = keys
  }

  /** Names the result of a part, when others have it too. */
  keyOf(expr: Expr): string | undefined {
    return this.#keys.get(expr)
  }

  get(key: string): Vector | undefined {
    return this.#results.get(key)
  }

  set(key: string, result: Vector): void {
    this.#results.set(key, result)
  }
}
