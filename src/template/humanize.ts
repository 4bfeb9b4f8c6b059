import { formatFloat, parseGoFloat } from '../lib/go-format.ts'
import { formatGoTime } from '../lib/go-time.ts'
import { type GoValue, goType } from '../lib/go-value.ts'

/** What a function could not do with its arguments; becomes the error of the template. */
export class CallError extends Error {
  override readonly name = 'CallError'
}

const LARGE = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']
const LARGE_BINARY = ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi']
const SMALL = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']

/** A number out of what templates call one: a float, an int, a duration in seconds, or text that reads as a float. */
export function toFloat(value: GoValue): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'string') {
    const number = parseGoFloat(value)
    if (number === undefined) throw new CallError(`${JSON.stringify(value)} is not a number`)
    if (!Number.isFinite(number) && /[0-9]/.test(value)) throw new CallError(`${JSON.stringify(value)} is out of range`)
    return number
  }
  if (typeof value === 'object' && value?.kind === 'duration') return Number(value.nanoseconds) / 1e9
  throw new CallError(`can't convert ${goType(value)} to float`)
}

/** 1234567 is `1.235M`, 0.12 is `120m`. */
export function humanize(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return four(value)
  return Math.abs(value) >= 1 ? scaleDown(value, 1000, LARGE) : scaleUp(value)
}

/** 1048576 is `1Mi`. */
export function humanize1024(value: number): string {
  if (Math.abs(value) <= 1 || !Number.isFinite(value)) return four(value)
  return scaleDown(value, 1024, LARGE_BINARY)
}

/** Seconds: 93784 is `1d 2h 3m 4s`, 1.2345 is `1.234s`, 0.0001 is `100us`. */
export function humanizeDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return four(seconds)
  if (seconds === 0) return `${four(seconds)}s`
  if (Math.abs(seconds) < 1) return `${scaleUp(seconds)}s`
  const sign = seconds < 0 ? '-' : ''
  const whole = wholeSeconds(Math.abs(seconds))
  const part = (unit: bigint, of: bigint) => (whole / unit) % of
  const [s, m, h, d] = [whole % 60n, part(60n, 60n), part(3600n, 24n), whole / 86_400n]
  if (d !== 0n) return `${sign}${d}d ${h}h ${m}m ${s}s`
  if (h !== 0n) return `${sign}${h}h ${m}m ${s}s`
  if (m !== 0n) return `${sign}${m}m ${s}s`
  return `${sign}${four(Math.abs(seconds))}s`
}

/** 0.1234567 is `12.35%`. */
export function humanizePercentage(share: number): string {
  return `${four(share * 100)}%`
}

/** Seconds since 1970: 1435065584.128 is `2015-06-23 13:19:44.128 +0000 UTC`. */
export function humanizeTimestamp(seconds: number): string {
  return Number.isFinite(seconds) ? formatGoTime(toTimeMs(seconds)) : four(seconds)
}

/** Epoch seconds as milliseconds, cut as Prometheus does: over whole nanoseconds. */
export function toTimeMs(seconds: number): number {
  if (!Number.isFinite(seconds)) throw new CallError('value is NaN or Inf')
  return Math.trunc(Number(toNanoseconds(seconds)) / 1e6)
}

/** Seconds as whole nanoseconds. */
export function toNanoseconds(seconds: number): bigint {
  const nanoseconds = seconds * 1e9
  if (!(Math.abs(nanoseconds) < 2 ** 63)) {
    throw new CallError(`${formatFloat(seconds, 'g')} seconds do not fit into 64 bits of nanoseconds`)
  }
  return BigInt(Math.trunc(nanoseconds))
}

/** More seconds than Go's 64 bits hold come out as its smallest number, and so does what is printed. */
function wholeSeconds(seconds: number): bigint {
  return seconds < 2 ** 63 ? BigInt(Math.trunc(seconds)) : -(2n ** 63n)
}

function four(value: number): string {
  return formatFloat(value, 'g', 4)
}

function scaleDown(value: number, factor: number, prefixes: readonly string[]): string {
  let rest = value
  let prefix = ''
  for (const next of prefixes) {
    if (Math.abs(rest) < factor) break
    prefix = next
    rest /= factor
  }
  return four(rest) + prefix
}

function scaleUp(value: number): string {
  let rest = value
  let prefix = ''
  for (const next of SMALL) {
    if (Math.abs(rest) >= 1) break
    prefix = next
    rest *= 1000
  }
  return four(rest) + prefix
}
