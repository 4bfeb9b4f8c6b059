import { goSprint, goSprintf, goSprintln } from '../lib/go-printf.ts'
import { type GoValue, goType } from '../lib/go-value.ts'
import type { TemplateFunction } from './function.ts'
import { CallError } from './humanize.ts'
import { compareBytes, escapeHtml, escapeJs, queryEscape } from './text.ts'
import { isTrue, printable } from './value.ts'

/** The functions of Go's text/template. */
export const goFunctions: readonly TemplateFunction[] = [
  { name: 'and', parameters: ['any'], rest: 'any', stopsAt: false, call: (args) => args.at(-1) },
  { name: 'or', parameters: ['any'], rest: 'any', stopsAt: true, call: (args) => args.at(-1) },
  { name: 'not', parameters: ['any'], call: ([value]) => !isTrue(value) },
  { name: 'eq', parameters: ['any'], rest: 'any', call: ([first, ...others]) => equalsAny(first, others) },
  { name: 'ne', parameters: ['any', 'any'], call: ([a, b]) => !equalsAny(a, [b]) },
  { name: 'lt', parameters: ['any', 'any'], call: ([a, b]) => isLess(a, b) },
  { name: 'le', parameters: ['any', 'any'], call: ([a, b]) => isLess(a, b) || equalsAny(a, [b]) },
  // NaN is neither less nor equal, and therefore greater.
  { name: 'gt', parameters: ['any', 'any'], call: ([a, b]) => !(isLess(a, b) || equalsAny(a, [b])) },
  { name: 'ge', parameters: ['any', 'any'], call: ([a, b]) => !isLess(a, b) },
  { name: 'len', parameters: ['any'], call: ([value]) => length(value) },
  { name: 'index', parameters: ['any'], rest: 'any', call: ([value, ...keys]) => keys.reduce(index, value) },
  { name: 'slice', parameters: ['any'], rest: 'any', call: ([value, ...bounds]) => slice(value, bounds) },
  { name: 'print', parameters: [], rest: 'any', call: (args, { maxLength }) => goSprint(args, maxLength) },
  { name: 'println', parameters: [], rest: 'any', call: (args, { maxLength }) => goSprintln(args, maxLength) },
  {
    name: 'printf',
    parameters: ['string'],
    rest: 'any',
    call: ([format, ...args], { maxLength }) => goSprintf(format as string, args, maxLength),
  },
  { name: 'html', parameters: [], rest: 'any', call: (args, { maxLength }) => escapeHtml(joined(args, maxLength)) },
  { name: 'js', parameters: [], rest: 'any', call: (args, { maxLength }) => escapeJs(joined(args, maxLength)) },
  {
    name: 'urlquery',
    parameters: [],
    rest: 'any',
    call: (args, { maxLength }) => queryEscape(joined(args, maxLength)),
  },
  {
    name: 'call',
    parameters: ['any'],
    rest: 'any',
    call([value]) {
      throw new CallError(value === null ? 'call of nil' : `non-function of type ${goType(value)}`)
    },
  },
]

function joined(args: readonly GoValue[], maxLength: number): string {
  return goSprint(args.map(printable), maxLength)
}

function equalsAny(first: GoValue, others: readonly GoValue[]): boolean {
  if (others.length === 0) throw new CallError('missing argument for comparison')
  return others.some((other) => equals(first, other))
}

function equals(a: GoValue, b: GoValue): boolean {
  const [x, y] = [a ?? null, b ?? null]
  if (x === null || y === null) return x === y
  if (typeof x !== typeof y) throw new CallError('incompatible types for comparison')
  if (typeof x === 'object' || typeof y === 'object') {
    throw new CallError(`non-comparable types ${goType(x)} and ${goType(y)}`)
  }
  return x === y
}

function isLess(a: GoValue, b: GoValue): boolean {
  const basic = (value: GoValue) => value !== null && /^(?:string|number|bigint|boolean)$/.test(typeof value)
  if (!basic(a) || !basic(b)) throw new CallError('invalid type for comparison')
  if (typeof a !== typeof b) throw new CallError('incompatible types for comparison')
  if (typeof a === 'boolean') throw new CallError('invalid type for comparison')
  if (typeof a === 'string') return compareBytes(a, b as string) < 0
  return (a as number | bigint) < (b as number | bigint)
}

function length(value: GoValue): bigint {
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value))
  if (value === undefined || value === null) throw new CallError('len of nil pointer')
  if (typeof value === 'object' && value.kind === 'map') return BigInt(value.size)
  if (typeof value === 'object' && value.kind === 'slice') return BigInt(value.items.length)
  throw new CallError(`len of type ${goType(value)}`)
}

function index(value: GoValue, key: GoValue): GoValue {
  if (value === undefined || value === null) throw new CallError('index of untyped nil')
  if (typeof value === 'object' && value.kind === 'map') {
    if (typeof key !== 'string') throw new CallError(`value has type ${goType(key)}; should be string`)
    return value.get(key) ?? (value.elements === 'string' ? '' : null)
  }
  if (typeof value === 'object' && value.kind === 'slice') return value.items[position(key, value.items.length - 1)]
  if (typeof value !== 'string') throw new CallError(`can't index item of type ${goType(value)}`)
  const bytes = Buffer.from(value)
  return BigInt(bytes[position(key, bytes.length - 1)] as number)
}

function slice(value: GoValue, bounds: readonly GoValue[]): GoValue {
  if (value === undefined || value === null) throw new CallError('slice of untyped nil')
  if (bounds.length > 3) throw new CallError(`too many slice indexes: ${bounds.length}`)
  const isText = typeof value === 'string'
  if (!isText && !(typeof value === 'object' && value.kind === 'slice')) {
    throw new CallError(`can't slice item of type ${goType(value)}`)
  }
  if (isText && bounds.length === 3) throw new CallError('cannot 3-index slice a string')
  const parts = isText ? Buffer.from(value) : value.items
  const [start = 0, end = parts.length] = bounds.map((bound) => position(bound, parts.length))
  if (start > end) throw new CallError(`invalid slice index: ${start} > ${end}`)
  return isText
    ? (parts as Buffer).subarray(start, end).toString('utf8')
    : { ...value, items: (parts as readonly GoValue[]).slice(start, end) }
}

function position(key: GoValue, max: number): number {
  if (key === undefined || key === null) throw new CallError('cannot index slice/array with nil')
  if (typeof key !== 'bigint') throw new CallError(`cannot index slice/array with type ${goType(key)}`)
  if (key < 0n || key > BigInt(max)) throw new CallError(`index out of range: ${key}`)
  return Number(key)
}
