import { formatGoDuration } from '../lib/go-format.ts'
import { formatGoTime, inZone, yearDay } from '../lib/go-time.ts'
import { type GoDuration, type GoMethod, type GoMethods, type GoTime, type GoValue, goType } from '../lib/go-value.ts'
import { CallError } from './humanize.ts'

/** Where Go's clock begins; a time that was never set. */
export const ZERO_TIME_MS = -62_135_596_800_000

const MS = 1_000_000n
/** JavaScript's last moment. */
const MAX_TIME_MS = 8.64e15
const DURATION = 'time.Duration'

function methodsOf(time: GoTime): GoMethods {
  const { timeMs, zone = 'UTC' } = time
  const printed = (layout?: string) => formatGoTime(timeMs, layout, zone)
  const local = () => inZone(timeMs, zone).time
  return {
    Format: { parameters: ['string'], call: ([layout]) => printed(layout as string) },
    String: plain(() => printed()),
    UTC: plain(() => ({ kind: 'time', timeMs })),
    Local: plain(() => time),
    Unix: plain(() => BigInt(Math.floor(timeMs / 1000))),
    UnixMilli: plain(() => BigInt(timeMs)),
    UnixMicro: plain(() => BigInt(timeMs) * 1000n),
    UnixNano: plain(() => BigInt(timeMs) * MS),
    Nanosecond: plain(() => BigInt(local().getUTCMilliseconds()) * MS),
    Location: plain(() => zone),
    Year: plain(() => BigInt(local().getUTCFullYear())),
    YearDay: plain(() => BigInt(yearDay(local()))),
    Month: plain(() => printed('January')),
    Weekday: plain(() => printed('Monday')),
    Day: plain(() => BigInt(local().getUTCDate())),
    Hour: plain(() => BigInt(local().getUTCHours())),
    Minute: plain(() => BigInt(local().getUTCMinutes())),
    Second: plain(() => BigInt(local().getUTCSeconds())),
    IsZero: plain(() => timeMs === ZERO_TIME_MS),
    Add: ofDuration((span) => at(time, timeMs + Number(span) / 1e6)),
    AddDate: {
      parameters: ['int', 'int', 'int'],
      call: ([years, months, days]) => addDate(time, Number(years), Number(months), Number(days)),
    },
    // Both count from where Go's clock begins.
    Truncate: ofDuration((span) => at(time, ZERO_TIME_MS + Number(truncate(sinceZero(time), span) / MS))),
    Round: ofDuration((span) => at(time, ZERO_TIME_MS + Number(round(sinceZero(time), span) / MS))),
    Sub: ofTime((other) => ({ kind: 'duration', nanoseconds: BigInt(timeMs - other) * MS })),
    Before: ofTime((other) => timeMs < other),
    After: ofTime((other) => timeMs > other),
    Equal: ofTime((other) => timeMs === other),
  }
}

function methodsOfDuration({ nanoseconds }: GoDuration): GoMethods {
  return {
    String: plain(() => formatGoDuration(nanoseconds)),
    Hours: plain(() => Number(nanoseconds) / 3.6e12),
    Minutes: plain(() => Number(nanoseconds) / 6e10),
    Seconds: plain(() => Number(nanoseconds) / 1e9),
    Milliseconds: plain(() => nanoseconds / 1_000_000n),
    Microseconds: plain(() => nanoseconds / 1000n),
    Nanoseconds: plain(() => nanoseconds),
    Abs: plain(() => ({ kind: 'duration', nanoseconds: nanoseconds < 0n ? -nanoseconds : nanoseconds })),
    Truncate: ofDuration((span) => ({ kind: 'duration', nanoseconds: truncate(nanoseconds, span) })),
    Round: ofDuration((span) => ({ kind: 'duration', nanoseconds: round(nanoseconds, span) })),
  }
}

/** @throws CallError beyond the years that can be counted here */
function at(time: GoTime, timeMs: number): GoTime {
  if (!(Math.abs(timeMs) <= MAX_TIME_MS)) throw new CallError('the time is out of range')
  return { ...time, timeMs: Math.floor(timeMs) }
}

/** What the clock on a wall of the zone shows stays, and what is too much of a part goes over into the next. */
function addDate(time: GoTime, years: number, months: number, days: number): GoTime {
  const { timeMs, zone = 'UTC' } = time
  const { time: wall, offsetMinutes } = inZone(timeMs, zone)
  const shifted = new Date(wall)
  shifted.setUTCFullYear(wall.getUTCFullYear() + years, wall.getUTCMonth() + months, wall.getUTCDate() + days)
  const then = at(time, timeMs + shifted.getTime() - wall.getTime())
  return at(time, then.timeMs - (inZone(then.timeMs, zone).offsetMinutes - offsetMinutes) * 60_000)
}

function sinceZero({ timeMs }: GoTime): bigint {
  return BigInt(timeMs - ZERO_TIME_MS) * MS
}

function truncate(nanoseconds: bigint, span: bigint): bigint {
  return span <= 0n ? nanoseconds : nanoseconds - (nanoseconds % span)
}

/** A half goes away from zero. */
function round(nanoseconds: bigint, span: bigint): bigint {
  if (span <= 0n) return nanoseconds
  const rest = nanoseconds % span
  const isFar = (rest < 0n ? -rest : rest) * 2n >= span
  const away = !isFar ? 0n : nanoseconds < 0n ? -span : span
  return nanoseconds - rest + away
}

function ofDuration(call: (nanoseconds: bigint) => GoValue): GoMethod {
  return { parameters: [DURATION], call: ([span]) => call(span as bigint) }
}

function plain(call: () => GoValue): GoMethod {
  return { parameters: [], call }
}

function ofTime(call: (otherMs: number) => GoValue): GoMethod {
  return { parameters: ['*time.Time'], call: ([other]) => call((other as GoTime).timeMs) }
}

/**
 * `receiver.name`: a method, a field of a struct, or an element of a map.
 *
 * @param args only methods take some
 * @throws CallError
 */
export function evaluateField(receiver: GoValue, name: string, args: readonly GoValue[]): GoValue {
  if (receiver === undefined) return undefined
  if (receiver === null) throw new CallError(`nil pointer evaluating interface {}.${name}`)
  if (typeof receiver === 'object') {
    switch (receiver.kind) {
      case 'map':
        if (has(receiver.methods, name)) return call(receiver.methods, name, args)
        if (args.length > 0) throw new CallError(`${name} is not a method but has arguments`)
        return receiver.get(name) ?? (receiver.elements === 'string' ? '' : null)
      case 'struct':
        if (!receiver.fields.has(name)) break
        if (args.length > 0) throw new CallError(`${name} has arguments but cannot be invoked as function`)
        return receiver.fields.get(name)
      case 'time': {
        const methods = methodsOf(receiver)
        if (has(methods, name)) return call(methods, name, args)
        break
      }
      case 'duration': {
        const methods = methodsOfDuration(receiver)
        if (has(methods, name)) return call(methods, name, args)
        break
      }
      case 'slice':
        if (has(receiver.methods, name)) return call(receiver.methods, name, args)
        break
    }
  }
  throw new CallError(`can't evaluate field ${name} in type ${goType(receiver)}`)
}

function has(methods: GoMethods | undefined, name: string): methods is GoMethods {
  return methods !== undefined && Object.hasOwn(methods, name)
}

function call(methods: GoMethods, name: string, args: readonly GoValue[]): GoValue {
  const method = methods[name] as GoMethod
  const { parameters } = method
  if (args.length !== parameters.length) {
    throw new CallError(`wrong number of args for ${name}: want ${parameters.length} got ${args.length}`)
  }
  return method.call(parameters.map((type, i) => argument(name, args[i], type)))
}

/** Go's constants have no type of their own: `28800e9` is a whole number where one is wanted. */
function argument(name: string, value: GoValue, type: string): GoValue {
  if (type === 'int' || type === DURATION) {
    if (typeof value === 'bigint') return value
    if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 63) return BigInt(value)
    if (type === DURATION && typeof value === 'object' && value?.kind === 'duration') return value.nanoseconds
  } else if (goType(value) === type) return value
  throw new CallError(`wrong type for value in ${name}; expected ${type}; got ${goType(value)}`)
}
