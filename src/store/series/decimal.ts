/** Powers of ten up to which values are tried as whole numbers. */
const MAX_SCALE = 9
/** Whole numbers beyond are not tried. */
export const LARGEST = 2 ** 51
const POWERS = Float64Array.from({ length: MAX_SCALE + 1 }, (_, i) => 10 ** i)

/**
 * Whether a value is a whole number over 10^scale, and comes back bit for bit from it. Minus zero, NaN and the infinities
 * never are.
 */
function isExact(value: number, power: number): boolean {
  const scaled = Math.round(value * power)
  // A division takes several times as long as everything else, and most values are whole.
  return (
    (power === 1 ? scaled : scaled / power) === value &&
    scaled < LARGEST &&
    scaled > -LARGEST &&
    (value !== 0 || 1 / value > 0)
  )
}

/**
 * The least scale (0 to 9) with which each value is a whole number over 10^scale.
 *
 * @param skips values for which it does not matter
 * @returns -1 when there is none
 */
export function decimalScale(
  values: Float64Array,
  from: number,
  to: number,
  skips?: (value: number) => boolean,
): number {
  let scale = 0
  let power = 1
  for (let i = from; i < to; i++) {
    const value = values[i] as number
    if (isExact(value, power)) continue
    if (skips?.(value) === true) continue
    do {
      if (++scale > MAX_SCALE) return -1
      power = POWERS[scale] as number
    } while (!isExact(value, power))
    // What held for a smaller scale has to hold for this one, too.
    i = from - 1
  }
  return scale
}

export function powerOfTen(scale: number): number {
  return POWERS[scale] as number
}
