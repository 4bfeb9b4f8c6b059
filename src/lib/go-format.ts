/** How Go's `strconv.FormatFloat` may write a number: always an exponent, never one, or one where that is shorter. */
export type FloatFormat = 'e' | 'E' | 'f' | 'g' | 'G'

/** A number's decimal digits without leading and trailing zeros; the point stands before digit `point`. */
interface Decimal {
  readonly digits: string
  readonly point: number
}

/**
 * Prints a number as Go's `strconv.FormatFloat(value, format, precision, 64)` does.
 *
 * `formatFloat(x, 'g', -1)` is what Go prints for `%v` and `%g`: the shortest digits that read back as the same number,
 * with an exponent from a million up and below a ten-thousandth (`123456`, `1.234567e+06`, `0.0001`, `1e-05`). A number
 * exactly between two is rounded to the even digit, unlike in `toFixed` and `toPrecision`.
 *
 * @param precision digits after the point for `e` and `f`, significant digits for `g`; -1 for as many as it takes
 * @returns `NaN`, `+Inf` and `-Inf` for those; `-0` for the negative zero
 */
export function formatFloat(value: number, format: FloatFormat, precision = -1): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  return sign + formatPositive(Math.abs(value), format, precision)
}

function formatPositive(value: number, format: FloatFormat, precision: number): string {
  const shortest = shortestDecimal(value)
  switch (format) {
    case 'f': {
      const decimal = precision < 0 ? shortest : roundTo(value, shortest, shortest.point + precision)
      return fixed(decimal, precision < 0 ? Math.max(decimal.digits.length - decimal.point, 0) : precision)
    }
    case 'e':
    case 'E': {
      const decimal = precision < 0 ? shortest : roundTo(value, shortest, precision + 1)
      return exponential(decimal, precision < 0 ? Math.max(decimal.digits.length - 1, 0) : precision, format)
    }
    case 'g':
    case 'G': {
      const significant = precision === 0 ? 1 : precision
      const decimal = precision < 0 ? shortest : roundTo(value, shortest, significant)
      const exponent = decimal.point - 1
      const { length } = decimal.digits
      if (length > 0 && (exponent < -4 || exponent >= (precision < 0 ? 6 : significant))) {
        return exponential(decimal, length - 1, format === 'g' ? 'e' : 'E')
      }
      return fixed(decimal, Math.max(length - decimal.point, 0))
    }
  }
}

function fixed({ digits, point }: Decimal, fraction: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') : '0'
  if (fraction === 0) return whole
  const rest = point > 0 ? digits.slice(point) : '0'.repeat(Math.min(-point, fraction)) + digits
  return `${whole}.${rest.slice(0, fraction).padEnd(fraction, '0')}`
}

function exponential({ digits, point }: Decimal, fraction: number, letter: 'e' | 'E'): string {
  const exponent = digits === '' ? 0 : point - 1
  const mantissa = fixed({ digits, point: 1 }, fraction)
  return `${mantissa}${letter}${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

function shortestDecimal(value: number): Decimal {
  return value === 0 ? { digits: '', point: 1 } : split(value.toExponential())
}

function split(exponential: string): Decimal {
  const [mantissa, exponent] = exponential.split('e') as [string, string]
  return { digits: trimZeros(mantissa.replace('.', '')), point: Number(exponent) + 1 }
}

function trimZeros(digits: string): string {
  return digits.replace(/0+$/, '')
}

/** The number with at most `count` significant digits, rounded from its exact value, a half to the even digit. */
function roundTo(value: number, shortest: Decimal, count: number): Decimal {
  const { digits } = shortest
  if (value === 0) return shortest
  // toExponential knows the exact value but rounds a half up, and ends at 101 digits.
  const mayBeHalf = count >= 15 || (digits.length === count + 1 && digits.endsWith('5'))
  if (count > 0 && !mayBeHalf) return split(value.toExponential(count - 1))
  return roundHalfEven(exactDecimal(value), count)
}

function roundHalfEven({ digits, point }: Decimal, count: number): Decimal {
  if (count >= digits.length) return { digits, point }
  if (count < 0) return { digits: '', point: 1 }
  const kept = digits.slice(0, count)
  const rest = digits.slice(count)
  const isHalf = rest === '5'
  const isOdd = count > 0 && Number(kept[count - 1]) % 2 === 1
  if (isHalf ? !isOdd : rest < '5') return { digits: trimZeros(kept), point: kept === '' ? 1 : point }
  const up = String(BigInt(kept || '0') + 1n).padStart(count, '0')
  return { digits: trimZeros(up), point: point + up.length - count }
}

/** All decimal digits of a positive number; the longest has 767. */
function exactDecimal(value: number): Decimal {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, value)
  const raw = bits.getBigUint64(0)
  const biased = Number((raw >> 52n) & 0x7ffn)
  const fraction = raw & 0xfffffffffffffn
  const mantissa = biased === 0 ? fraction : fraction | 0x10000000000000n
  const exponent = Math.max(biased, 1) - 1075
  const text = exponent >= 0 ? String(mantissa << BigInt(exponent)) : String(mantissa * 5n ** BigInt(-exponent))
  return { digits: trimZeros(text), point: text.length + Math.min(exponent, 0) }
}

/**
 * Prints nanoseconds as Go's `time.Duration.String()` does: `1h2m10.01s`, `2m0s`, `1.5ms`, `0s`.
 *
 * @param nanoseconds a number is cut to a whole one first
 */
export function formatGoDuration(nanoseconds: bigint | number): string {
  const total = typeof nanoseconds === 'bigint' ? nanoseconds : BigInt(Math.trunc(nanoseconds))
  if (total === 0n) return '0s'
  const sign = total < 0n ? '-' : ''
  const rest = total < 0n ? -total : total
  if (rest < 1000n) return `${sign}${rest}ns`
  if (rest < 1_000_000n) return `${sign}${withFraction(rest, 3)}µs`
  if (rest < 1_000_000_000n) return `${sign}${withFraction(rest, 6)}ms`
  const minutes = rest / 60_000_000_000n
  const seconds = `${withFraction(rest % 60_000_000_000n, 9)}s`
  if (minutes === 0n) return sign + seconds
  const hours = minutes / 60n
  return `${sign}${hours > 0n ? `${hours}h` : ''}${minutes % 60n}m${seconds}`
}

function withFraction(value: bigint, places: number): string {
  const text = String(value).padStart(places + 1, '0')
  const fraction = trimZeros(text.slice(-places))
  return text.slice(0, -places) + (fraction === '' ? '' : `.${fraction}`)
}

const FLOAT = /^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$/
/** An underscore stands between two digits, or behind `0x`. */
const UNDERSCORE = /(?<=[0-9a-fA-F]|0[xX])_(?=[0-9a-fA-F])/g
const HEX_FLOAT = /^([-+]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([-+]?[0-9]+)$/

/**
 * Reads a number as Go's `strconv.ParseFloat` does: decimal, hexadecimal with `p`, underscores between digits, and
 * `inf`, `infinity` and `nan` in any case.
 *
 * @returns undefined when the text is no number; an infinity when it is out of range, which Go calls an error
 */
export function parseGoFloat(literal: string): number | undefined {
  const text = literal.replace(UNDERSCORE, '')
  if (FLOAT.test(text)) return Number(text)
  const special = /^(?:([-+]?)inf(?:inity)?|nan)$/i.exec(text)
  if (special !== null) return /nan/i.test(text) ? Number.NaN : special[1] === '-' ? -Infinity : Infinity
  const hex = HEX_FLOAT.exec(text)
  if (hex === null || `${hex[2]}${hex[3]}` === '') return undefined
  const [, sign, whole, fraction, exponent] = hex as unknown as string[]
  const mantissa = Number(`0x${whole}${fraction}`)
  return (sign === '-' ? -1 : 1) * mantissa * 2 ** (Number(exponent) - 4 * (fraction as string).length)
}
