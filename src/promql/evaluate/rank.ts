import type { Evaluation } from './evaluation.ts'
import { sorted } from './sort.ts'
import type { Work } from './work.ts'

/** Up to here the best are kept in order while all are looked at; more are sorted. */
const FEW = 64

/** The `count` best numbers of series, best first; of equal ones those that came earlier. */
export function* best(
  all: readonly number[],
  count: number,
  compare: (a: number, b: number) => number,
  evaluation: Evaluation,
): Work<number[]> {
  if (count >= all.length || count > FEW) return (yield* sorted([...all], compare, evaluation)).slice(0, count)
  const chosen: number[] = []
  for (const next of all) {
    if (evaluation.due(1)) yield
    if (chosen.length === count && compare(chosen[count - 1] as number, next) <= 0) continue
    let at = chosen.length
    while (at > 0 && compare(chosen[at - 1] as number, next) > 0) at--
    chosen.splice(at, 0, next)
    if (chosen.length > count) chosen.pop()
  }
  return chosen
}

/** Orders numbers up (`sign` 1) or down (-1), NaN last. */
export function nanLast(a: number, b: number, sign: 1 | -1): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  if (Number.isNaN(b)) return -1
  return a < b ? -sign : a > b ? sign : 0
}
