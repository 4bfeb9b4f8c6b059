/** Larger arrays are not kept; 8 MB. */
const LONGEST = 1 << 20

let spare = new Float64Array(0)

/**
 * Numbers to calculate with, of any content, at least as many as asked for. A large array of its own for each series would cost
 * more than what is done in it: the system has to clear its memory page by page.
 */
export function borrowNumbers(length: number): Float64Array {
  const numbers = spare.length >= length ? spare : new Float64Array(length)
  spare = new Float64Array(0)
  return numbers
}

/** Takes back what was borrowed, for the next one; who stops in between may keep it. */
export function returnNumbers(numbers: Float64Array): void {
  if (numbers.length <= LONGEST && numbers.length > spare.length) spare = numbers as Float64Array<ArrayBuffer>
}
