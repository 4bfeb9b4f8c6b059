import { formatGoDuration } from '../lib/go-format.ts'
import { formatGoTime, yearDay } from '../lib/go-time.ts'
import { type GoDuration, type GoTime, type GoValue, goType } from '../lib/go-value.ts'
import { CallError } from './humanize.ts'

type Method<T> = (value: T, args: readonly GoValue[]) => GoValue

const timeMethods: Readonly<Record<string, Method<GoTime>>> = {
  Format: ({ timeMs }, args) => formatGoTime(timeMs, only(args, 'string', 'Format')),
  String: ({ timeMs }) => formatGoTime(timeMs),
  UTC: (time) => time,
  Unix: ({ timeMs }) => BigInt(Math.floor(timeMs / 1000)),
  UnixMilli: ({ timeMs }) => BigInt(timeMs),
  Year: ({ timeMs }) => BigInt(new Date(timeMs).getUTCFullYear()),
  YearDay: ({ timeMs }) => BigInt(yearDay(new Date(timeMs))),
  Month: ({ timeMs }) => formatGoTime(timeMs, 'January'),
  Weekday: ({ timeMs }) => formatGoTime(timeMs, 'Monday'),
  Day: ({ timeMs }) => BigInt(new Date(timeMs).getUTCDate()),
  Hour: ({ timeMs }) => BigInt(new Date(timeMs).getUTCHours()),
  Minute: ({ timeMs }) => BigInt(new Date(timeMs).getUTCMinutes()),
  Second: ({ timeMs }) => BigInt(new Date(timeMs).getUTCSeconds()),
}

const durationMethods: Readonly<Record<string, Method<GoDuration>>> = {
  String: ({ nanoseconds }) => formatGoDuration(nanoseconds),
  Hours: ({ nanoseconds }) => Number(nanoseconds) / 3.6e12,
  Minutes: ({ nanoseconds }) => Number(nanoseconds) / 6e10,
  Seconds: ({ nanoseconds }) => Number(nanoseconds) / 1e9,
  Milliseconds: ({ nanoseconds }) => nanoseconds / 1_000_000n,
  Microseconds: ({ nanoseconds }) => nanoseconds / 1000n,
  Nanoseconds: ({ nanoseconds }) => nanoseconds,
}

/**
 * `receiver.name`: a field of a struct, an element of a map, or a method of a time or duration.
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
        if (args.length > 0) throw new CallError(`${name} is not a method but has arguments`)
        return receiver.get(name) ?? (receiver.elements === 'string' ? '' : null)
      case 'struct':
        if (!receiver.fields.has(name)) break
        if (args.length > 0) throw new CallError(`${name} has arguments but cannot be invoked as function`)
        return receiver.fields.get(name)
      case 'time':
        if (Object.hasOwn(timeMethods, name)) return call(timeMethods[name], receiver, name, args)
        break
      case 'duration':
        if (Object.hasOwn(durationMethods, name)) return call(durationMethods[name], receiver, name, args)
        break
      case 'slice':
        break
    }
  }
  throw new CallError(`can't evaluate field ${name} in type ${goType(receiver)}`)
}

function call<T>(method: Method<T> | undefined, receiver: T, name: string, args: readonly GoValue[]): GoValue {
  const wanted = name === 'Format' ? 1 : 0
  if (args.length !== wanted) throw new CallError(`wrong number of args for ${name}: want ${wanted} got ${args.length}`)
  return method?.(receiver, args)
}

function only(args: readonly GoValue[], type: 'string', name: string): string {
  const [value] = args
  if (typeof value === type) return value as string
  throw new CallError(`wrong type for value in ${name}; expected ${type}; got ${goType(value)}`)
}
