import pino, { type DestinationStream, type Logger } from 'pino'
import { redact, redactText } from '../lib/redact.ts'

/** A logger whose lines always carry an `event` name beside the message. */
export type Log = Logger

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/**
 * JSON lines on standard output: `time` (ISO 8601, UTC), `level` (a word), `event`, `msg` and fields. Secrets, e-mail
 * addresses and card numbers are masked at any depth, in the message as well.
 */
export function createLog(
  level: LogLevel,
  destination: DestinationStream = pino.destination({ fd: 1, sync: false }),
): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => redact(fields) as Record<string, unknown>,
      },
      hooks: {
        logMethod(args, method) {
          const plain = withMessage(args).map((arg, i) =>
            typeof arg === 'string' ? redactText(arg) : i === 0 ? arg : redact(arg),
          )
          method.apply(this, plain as Parameters<typeof method>)
        },
      },
      serializers: { err: (error: unknown) => redact(error) },
    },
    destination,
  )
}

/** Where there is only an error pino takes the error's message for that of the line, as it is. */
function withMessage(args: readonly unknown[]): readonly unknown[] {
  const [first] = args
  const error = typeof first === 'object' && first !== null && 'err' in first ? first.err : first
  return args.length === 1 && error instanceof Error ? [first, error.message] : args
}
