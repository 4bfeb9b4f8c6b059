/**
 * Small columns are cut from a common block: a typed array of more than 64 bytes of its own costs more to make than a small
 * result to compute.
 */
const BLOCK = 4096
const SMALLEST_CUT = 9
const LARGEST_CUT = 512

let numbers = new Float64Array(BLOCK)
let numbersUsed = 0
let flags = new Uint8Array(BLOCK)
let flagsUsed = 0
let ones = new Uint8Array(BLOCK).fill(1)

/** Zeros, as many as asked for. */
export function numberColumn(length: number): Float64Array {
  if (length < SMALLEST_CUT || length > LARGEST_CUT) return new Float64Array(length)
  if (numbersUsed + length > BLOCK) {
    numbers = new Float64Array(BLOCK)
    numbersUsed = 0
  }
  const from = numbersUsed
  numbersUsed += length
  return numbers.subarray(from, numbersUsed)
}

export function flagColumn(length: number): Uint8Array {
  if (length <= 64 || length > LARGEST_CUT) return new Uint8Array(length)
  if (flagsUsed + length > BLOCK) {
    flags = new Uint8Array(BLOCK)
    flagsUsed = 0
  }
  const from = flagsUsed
  flagsUsed += length
  return flags.subarray(from, flagsUsed)
}

/** At least so many ones, of which everybody has the same; nobody may write anything else to them. */
export function sharedOnes(length: number): Uint8Array {
  if (length > ones.length) ones = new Uint8Array(Math.max(length, 2 * ones.length)).fill(1)
  return ones
}
