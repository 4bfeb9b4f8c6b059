import type { Evaluation } from './evaluation.ts'
import type { Work } from './work.ts'

/** So many are sorted in one go. */
const RUN = 1024

/** Sorts as `Array.sort`, equal ones stay in order, but with turns for others in between. The list may be changed. */
export function* sorted<T>(list: T[], compare: (a: T, b: T) => number, evaluation: Evaluation): Work<T[]> {
  if (list.length <= RUN) return list.sort(compare)
  let runs: T[][] = []
  for (let from = 0; from < list.length; from += RUN) {
    runs.push(list.slice(from, from + RUN).sort(compare))
    if (evaluation.due(16 * RUN)) yield
  }
  while (runs.length > 1) {
    const longer: T[][] = []
    for (let i = 0; i < runs.length; i += 2) {
      const [a, b] = [runs[i] as T[], runs[i + 1]]
      longer.push(b === undefined ? a : yield* merged(a, b, compare, evaluation))
    }
    runs = longer
  }
  return runs[0] as T[]
}

function* merged<T>(a: T[], b: T[], compare: (a: T, b: T) => number, evaluation: Evaluation): Work<T[]> {
  if (compare(a.at(-1) as T, b[0] as T) <= 0) return a.concat(b)
  const output: T[] = []
  let atA = 0
  let atB = 0
  while (atA < a.length && atB < b.length) {
    if (evaluation.due(2)) yield
    output.push(compare(a[atA] as T, b[atB] as T) <= 0 ? (a[atA++] as T) : (b[atB++] as T))
  }
  while (atA < a.length) output.push(a[atA++] as T)
  while (atB < b.length) output.push(b[atB++] as T)
  return output
}
