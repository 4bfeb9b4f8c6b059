import { type FloatFormat, formatFloat, formatGoDuration } from './go-format.ts'
import { quoteGo } from './go-quote.ts'
import { formatGoTime } from './go-time.ts'
import { type GoValue, goType } from './go-value.ts'

/** A formatted text grew beyond what the caller allows. */
export class TooLongError extends Error {
  override readonly name = 'TooLongError'

  constructor(maxLength: number) {
    super(`the text is longer than ${maxLength} characters`)
  }
}

/** More than this many characters are never made, unless a caller says so. */
export const MAX_LENGTH = 1_000_000

/** What may stand between `%` and the verb. */
export interface VerbFlags {
  minus: boolean
  plus: boolean
  sharp: boolean
  space: boolean
  zero: boolean
  width: number | undefined
  precision: number | undefined
}

export const NO_FLAGS: Readonly<VerbFlags> = {
  minus: false,
  plus: false,
  sharp: false,
  space: false,
  zero: false,
  width: undefined,
  precision: undefined,
}

/** Prints a value as `%v` does. */
export function formatGoValue(value: GoValue): string {
  return typeof value === 'string' ? value : formatVerb(value, 'v', NO_FLAGS)
}

/** `float64=1`, as Go names an operand that does not fit. */
export function typedGoValue(value: GoValue): string {
  return value === undefined || value === null ? '<nil>' : `${goType(value)}=${formatGoValue(value)}`
}

function misfit(value: GoValue, verb: string): string {
  return `%!${verb}(${typedGoValue(value)})`
}

/** Prints one operand as its verb says; what does not fit as `%!d(string=a)`. */
export function formatVerb(value: GoValue, verb: string, flags: Readonly<VerbFlags>): string {
  if (verb === 'T') return pad(goType(value), flags)
  if (value === undefined || value === null) return verb === 'v' ? pad('<nil>', flags) : misfit(value, verb)
  if (typeof value === 'string') return formatText(value, verb, flags) ?? misfit(value, verb)
  if (typeof value === 'bigint') return formatInteger(value, verb, flags) ?? misfit(value, verb)
  if (typeof value === 'number') return formatNumber(value, verb, flags) ?? misfit(value, verb)
  if (typeof value === 'boolean') return /^[tv]$/.test(verb) ? pad(String(value), flags) : misfit(value, verb)
  const inner = (part: GoValue) => formatVerb(part, verb, flags)
  const own = 'methods' in value ? value.methods?.String : undefined
  if (own !== undefined) return formatText(own.call([]) as string, verb, flags) ?? misfit(value, verb)
  switch (value.kind) {
    case 'time':
      return formatText(formatGoTime(value.timeMs, undefined, value.zone), verb, flags) ?? misfit(value, verb)
    case 'duration':
      return (
        formatText(formatGoDuration(value.nanoseconds), verb, flags) ??
        formatInteger(value.nanoseconds, verb, flags) ??
        misfit(value, verb)
      )
    case 'map':
      return `map[${join(value.keys(), (key) => `${inner(key)}:${inner(value.get(key))}`)}]`
    case 'slice':
      return `[${join(value.items, inner)}]`
    case 'struct': {
      const named = flags.plus && verb === 'v'
      const fields = join(value.fields, ([name, field]) => (named ? `${name}:${inner(field)}` : inner(field)))
      return `${value.isPointer ? '&' : ''}{${fields}}`
    }
  }
}

/** Stops inside of a value that holds the same parts over and over, before all of it is printed. */
function join<T>(parts: Iterable<T>, print: (part: T) => string): string {
  let text = ''
  let separator = ''
  for (const part of parts) {
    text += separator + print(part)
    separator = ' '
    if (text.length > MAX_LENGTH) throw new TooLongError(MAX_LENGTH)
  }
  return text
}

function formatText(text: string, verb: string, flags: Readonly<VerbFlags>): string | undefined {
  const { precision, sharp, plus, space } = flags
  switch (verb) {
    case 'v':
      return pad(sharp ? quoteGo(text) : cut(text, precision), flags)
    case 's':
      return pad(cut(text, precision), flags)
    case 'q': {
      const short = cut(text, precision)
      return pad(sharp && /^[^`\n\r]*$/.test(short) ? `\`${short}\`` : quoteGo(short, { ascii: plus }), flags)
    }
    case 'x':
    case 'X': {
      const bytes = [...Buffer.from(text)].slice(0, precision)
      const digits = bytes.map((byte) => byte.toString(16).padStart(2, '0'))
      const prefix = sharp && digits.length > 0 ? '0x' : ''
      const hex = prefix + digits.join(space ? ` ${prefix}` : '')
      return pad(verb === 'X' ? hex.toUpperCase() : hex, flags)
    }
    default:
      return undefined
  }
}

function cut(text: string, length: number | undefined): string {
  return length === undefined || text.length <= length ? text : [...text].slice(0, length).join('')
}

const BASES: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 }

function formatInteger(value: bigint, verb: string, flags: Readonly<VerbFlags>): string | undefined {
  const base = BASES[verb]
  if (base === undefined) return formatCharacter(value, verb, flags)
  const { precision, width, plus, space, sharp, zero } = flags
  if (precision === 0 && value === 0n) return pad('', { ...flags, zero: false })
  const sign = value < 0n ? '-' : plus && verb !== 'v' ? '+' : space ? ' ' : ''
  let digits = (value < 0n ? -value : value).toString(base)
  if (precision !== undefined) digits = digits.padStart(precision, '0')
  else if (zero && width !== undefined) digits = digits.padStart(width - sign.length, '0')
  const prefix = verb === 'O' ? '0o' : !sharp ? '' : base === 16 ? '0x' : base === 2 ? '0b' : base === 8 ? '0' : ''
  const text = prefix + digits
  return pad(sign + (verb === 'X' ? text.toUpperCase() : text), { ...flags, zero: false })
}

function formatCharacter(value: bigint, verb: string, flags: Readonly<VerbFlags>): string | undefined {
  const isCharacter = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn)
  const character = isCharacter ? String.fromCodePoint(Number(value)) : '\ufffd'
  if (verb === 'c') return pad(character, flags)
  if (verb === 'q') return pad(quoteGo(character, { quote: "'", ascii: flags.plus }), flags)
  if (verb === 'U') return pad(`U+${value.toString(16).toUpperCase().padStart(4, '0')}`, { ...flags, zero: false })
  return undefined
}

function formatNumber(value: number, verb: string, flags: Readonly<VerbFlags>): string | undefined {
  const format = verb === 'v' ? 'g' : verb === 'F' ? 'f' : verb
  if (!/^[eEfgG]$/.test(format)) return undefined
  const precision = flags.precision ?? (format === 'g' || format === 'G' ? -1 : 6)
  const text = formatFloat(value, format as FloatFormat, precision)
  const { plus, space, width, zero } = flags
  // `%+v` is not `%+g`: there the sign asks for the names of fields.
  const sign = text.startsWith('-') ? '-' : plus && verb !== 'v' ? '+' : space ? ' ' : value === Infinity ? '+' : ''
  const digits = text.replace(/^[-+]/, '')
  if (zero && Number.isFinite(value) && width !== undefined) return sign + digits.padStart(width - sign.length, '0')
  return pad(sign + digits, { ...flags, zero: false })
}

function pad(text: string, { width, minus, zero }: Readonly<VerbFlags>): string {
  if (width === undefined || text.length >= width * 2) return text
  const missing = width - [...text].length
  if (missing <= 0) return text
  return minus ? text + ' '.repeat(missing) : (zero ? '0' : ' ').repeat(missing) + text
}
