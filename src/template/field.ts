import { formatGoDuration } from '../lib/go-format.ts'
import { formatGoTime, inZone, yearDay } from '../lib/go-time.ts'
import { type GoDuration, type GoMethod, type GoMethods, type GoTime, type GoValue, goType } from '../lib/go-value.ts'
import { CallError } from './humanize.ts'

/** Where Go's clock begins; a time that was never set. */
export const ZERO_TIME_MS = -62_135_596_800_000

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
    Year: plain(() => BigInt(local().getUTCFullYear())),
    YearDay: plain(() => BigInt(yearDay(local()))),
    Month: plain(() => printed('January')),
    Weekday: plain(() => printed('Monday')),
    Day: plain(() => BigInt(local().getUTCDate())),
    Hour: plain(() => BigInt(local().getUTCHours())),
    Minute: plain(() => BigInt(local().getUTCMinutes())),
    Second: plain(() => BigInt(local().getUTCSeconds())),
    IsZero: plain(() => timeMs === ZERO_TIME_MS),
    Sub: ofTime((other) => ({ kind: 'duration', nanoseconds: BigInt(timeMs - other) * 1_000_000n })),
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
  }
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
  for (const [i, type] of parameters.entries()) {
    if (goType(args[i]) === type) continue
    throw new CallError(`wrong type for value in ${name}; expected ${type}; got ${goType(args[i])}`)
  }
  return method.call(args)
}
