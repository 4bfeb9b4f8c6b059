import type { PingKind } from '../model/heartbeat.ts'

/** What the part of an address behind `/ping/` asks for. */
export interface PingAddress {
  /** A token of its own in the address, for what can send no header. */
  readonly token: string | undefined
  readonly name: string
  readonly kind: PingKind
  readonly exitCode: number | undefined
}

type Signal = Pick<PingAddress, 'kind' | 'exitCode'>

const WORDS: ReadonlyMap<string, PingKind> = new Map([
  ['start', 'start'],
  ['fail', 'fail'],
  ['log', 'log'],
])

const SUCCESS: Signal = { kind: 'success', exitCode: undefined }

/**
 * What an address may mean, likeliest first: `name`, `name/start`, `token/name`, `token/name/3`. With two parts the second may
 * be a signal or a name.
 */
export function readPingAddress(parts: readonly string[]): readonly PingAddress[] {
  const [first = '', second = '', third = ''] = parts
  if (parts.some((part) => part === '')) return []
  switch (parts.length) {
    case 1:
      return [{ token: undefined, name: first, ...SUCCESS }]
    case 2: {
      const signal = signalOf(second)
      const withToken = { token: first, name: second, ...SUCCESS }
      return signal === undefined ? [withToken] : [{ token: undefined, name: first, ...signal }, withToken]
    }
    case 3: {
      const signal = signalOf(third)
      return signal === undefined ? [] : [{ token: first, name: second, ...signal }]
    }
    default:
      return []
  }
}

function signalOf(text: string): Signal | undefined {
  const kind = WORDS.get(text)
  if (kind !== undefined) return { kind, exitCode: undefined }
  const code = /^\d{1,3}$/.test(text) ? Number(text) : 256
  return code > 255 ? undefined : { kind: 'exit', exitCode: code }
}

const UUID = /^[\da-f]{8}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{4}-?[\da-f]{12}$/i

/** The run id of `?rid=`, in the one form in which it is compared; undefined when it is no UUID. */
export function readRunId(text: string): string | undefined {
  return UUID.test(text) ? text.toLowerCase().replaceAll('-', '') : undefined
}
