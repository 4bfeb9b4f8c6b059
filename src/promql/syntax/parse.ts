import type { Expr } from './ast.ts'
import { check } from './check.ts'
import { parseSyntax } from './parser.ts'

/**
 * Parses and checks a query.
 *
 * @returns an immutable value to be evaluated any number of times
 * @throws PromqlError of kind `parse`, with line and column
 */
export function parse(text: string): Expr {
  const expr = parseSyntax(text)
  check(expr)
  return expr
}
