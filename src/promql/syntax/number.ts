import { parseDuration } from '../../model/duration.ts'

/** The longest duration Prometheus can hold: 2^63 ns. */
export const MAX_DURATION_MS = 9_223_372_036_854

/**
 * Reads a number literal as Prometheus does: Go integers first (so `0x1F` is hexadecimal and `017` octal), then floats;
 * `_` may separate digits; `Inf` and `NaN` in any case.
 *
 * @returns undefined when the number is too large for a float64
 */
export function parseNumber(text: string): number | undefined {
  const lower = text.toLowerCase()
  if (lower === 'inf') return Number.POSITIVE_INFINITY
  if (lower === 'nan') return Number.NaN
  const plain = lower.replaceAll('_', '')
  if (plain.startsWith('0x')) {
    const value = BigInt(plain)
    return value < 2n ** 63n ? Number(value) : undefined
  }
  if (/^0[0-7]+$/.test(plain)) {
    const value = BigInt(`0o${plain}`)
    if (value < 2n ** 63n) return Number(value)
  }
  const value = Number(plain)
  return Number.isFinite(value) ? value : undefined
}

/**
 * Reads a duration literal in milliseconds.
 *
 * @returns the milliseconds, or the reason why it is none
 */
export function parseDurationLiteral(text: string): number | string {
  const ms = parseDuration(text)
  if (ms !== undefined && ms <= MAX_DURATION_MS) return ms
  if (/^(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?$/.test(text)) {
    return `duration out of range: "${text}"`
  }
  return `not a valid duration: "${text}"; write each unit once and from large to small, as in 1d12h`
}

/**
 * Reads a float as Go's `strconv.ParseFloat` does, which decides what a `le` label may hold.
 *
 * @returns undefined when the text is no float
 */
export function parseGoFloat(text: string): number | undefined {
  if (/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    const value = Number(text)
    return Number.isFinite(value) ? value : undefined
  }
  const special = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(text)
  if (special !== null) {
    if (special[2]?.toLowerCase() === 'nan') return special[1] === '' ? Number.NaN : undefined
    return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
  const hexadecimal = /^([+-]?)0x([\da-f]*)(?:\.([\da-f]*))?p([+-]?\d+)$/i.exec(text)
  if (hexadecimal === null) return undefined
  const [, sign, whole = '', fraction = '', exponent] = hexadecimal
  if (whole + fraction === '') return undefined
  const value = Number.parseInt(whole + fraction, 16) * 2 ** (Number(exponent) - 4 * fraction.length)
  return sign === '-' ? -value : value
}

/** Prints without an exponent and with the fewest digits that read back as the same number: Go's `'f', -1`. */
export function formatFixed(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const text = String(value)
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (match === null) return text
  const [, sign, whole = '', fraction = '', exponentText] = match
  const exponent = Number(exponentText)
  const digits = whole + fraction
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  return `${sign}${digits}${'0'.repeat(exponent - fraction.length)}`
}

/**
 * Prints as Go's `%g`: shortest digits, an exponent of at least two digits below 1e-4 and from 1e6 on.
 *
 * @param significant as in `%.2g`: at most so many digits, and an exponent for what has more before the point
 */
export function formatGeneral(value: number, significant?: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const shown = significant === undefined ? value.toExponential() : roundedHalfEven(value, significant)
  const [mantissa = '', exponentText] = shown.split('e')
  const exponent = Number(exponentText)
  if (exponent >= -4 && exponent < (significant ?? 6)) return formatFixed(Number(shown))
  return `${Number(mantissa)}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** As `toExponential`, which rounds a half up where Go rounds it to the even digit. */
function roundedHalfEven(value: number, significant: number): string {
  const [digits = '', exponent] = value.toExponential(MOST_DIGITS).split('e')
  const kept = digits.slice(0, digits.indexOf('.') + significant)
  const isHalf = /^50*$/.test(digits.slice(kept.length))
  const isEven = Number(kept.at(-1)) % 2 === 0
  return isHalf && isEven ? `${kept}e${exponent}` : value.toExponential(significant - 1)
}

/** What `toExponential` gives at most: enough to tell a half from almost one. */
const MOST_DIGITS = 100
