/** Ascending numbers `array[start, end)`. */
export interface Refs {
  readonly array: Uint32Array
  readonly start: number
  readonly end: number
}

/**
 * Numbers that are in both lists, ascending. Each step forward in the longer list doubles until it is too far, so that one
 * much longer costs little more.
 *
 * @param into takes them; may be the array of `shorter` when that starts at 0
 * @returns how many they are
 */
export function intersect(shorter: Refs, longer: Refs, into: Uint32Array): number {
  const { array: refs } = shorter
  const { array: others, end } = longer
  let at = longer.start
  let count = 0
  for (let i = shorter.start; i < shorter.end; i++) {
    const ref = refs[i] as number
    let low = at
    let high = at
    for (let step = 1; high < end && (others[high] as number) < ref; step *= 2) {
      low = high + 1
      high += step
    }
    if (high > end) high = end
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((others[middle] as number) < ref) low = middle + 1
      else high = middle
    }
    if (low === end) break
    at = low
    if (others[low] === ref) into[count++] = ref
  }
  return count
}
