import type { Matcher } from '../model/matcher.ts'
import { PromqlError, parse } from '../promql/index.ts'

/**
 * Reads the value of a `match[]` parameter: one series selector.
 *
 * @throws PromqlError of kind `parse`
 */
export function parseSelector(text: string): readonly Matcher[] {
  const expr = parse(text)
  if (expr.kind === 'selector' && expr.offsetMs === 0 && expr.at === undefined) return expr.matchers
  throw new PromqlError(
    'parse',
    'expected a series selector such as up{job="node"}, without range, offset or @',
    expr.span,
  )
}
