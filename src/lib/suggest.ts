/**
 * The known word that is probably meant.
 *
 * @returns undefined when none is near: more than a third of the letters differ
 */
export function suggest(written: string, known: Iterable<string>): string | undefined {
  const word = written.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(word, candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

const LONGEST_LIST = 20

/** `; did you mean "every"?`, or what there is to choose from, or nothing when there is too much of it. */
export function didYouMean(written: string, known: readonly string[], list = 'known here'): string {
  const near = suggest(written, known)
  if (near !== undefined) return `; did you mean "${near}"?`
  return known.length === 0 || known.length > LONGEST_LIST ? '' : `; ${list}: ${known.join(', ')}`
}

/** Letters to insert, delete, replace, or swap with their neighbour (optimal string alignment). */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 12) return Infinity
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const above = rows[i - 1] as number[]
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let cost = Math.min((above[j] as number) + 1, (row[j - 1] as number) + 1, replaced)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) cost = Math.min(cost, ((rows[i - 2] as number[])[j - 2] as number) + 1)
      row.push(cost)
    }
    rows.push(row)
  }
  return (rows[a.length] as number[])[b.length] as number
}
