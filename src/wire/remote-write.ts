/**
 * Requests of Prometheus' remote write 1.0, which are few fields of Protocol Buffers:
 * `WriteRequest { repeated TimeSeries timeseries = 1 }`, `TimeSeries { repeated Label labels = 1; repeated Sample samples = 2 }`,
 * `Label { string name = 1; string value = 2 }`, `Sample { double value = 1; int64 timestamp = 2 }`.
 *
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec/
 */

/** A staleness marker is a NaN with these bits. */
const STALE_LOW = 0x00000002
const STALE_HIGH = 0x7ff00000

/** Samples of one series, in the order of time. */
export interface WrittenSeries {
  /** Made by `encodeLabels`. */
  readonly labels: Uint8Array
  readonly timesMs: readonly number[]
  readonly values: readonly number[]
  readonly stale: readonly boolean[]
}

/** The labels of a series as the fields of a `TimeSeries`. @param pairs name, value, name, value, …, sorted by name */
export function encodeLabels(pairs: readonly string[]): Uint8Array {
  const parts: Uint8Array[] = []
  for (let i = 0; i < pairs.length; i += 2) {
    const label = Buffer.concat([textField(1, pairs[i] as string), textField(2, pairs[i + 1] as string)])
    parts.push(header(1, label.length), label)
  }
  return Buffer.concat(parts)
}

/** One sample: tag and double, tag and a time of at most ten bytes. */
const MAX_SAMPLE_BYTES = 20

export function encodeWriteRequest(series: readonly WrittenSeries[]): Uint8Array {
  let size = 0
  for (const { labels, timesMs } of series) size += labels.length + 12 + timesMs.length * (MAX_SAMPLE_BYTES + 2)
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for (const { labels, timesMs, values, stale } of series) {
    let length = labels.length
    for (const timeMs of timesMs) length += 2 + 9 + 1 + varintLength(timeMs)
    at = putVarint(bytes, at, (1 << 3) | 2)
    at = putVarint(bytes, at, length)
    bytes.set(labels, at)
    at += labels.length
    for (let i = 0; i < timesMs.length; i++) {
      const timeMs = timesMs[i] as number
      bytes[at++] = (2 << 3) | 2
      bytes[at++] = 9 + 1 + varintLength(timeMs)
      bytes[at++] = (1 << 3) | 1
      if (stale[i] === true) {
        bytes.writeUInt32LE(STALE_LOW, at)
        bytes.writeUInt32LE(STALE_HIGH, at + 4)
      } else bytes.writeDoubleLE(values[i] as number, at)
      at += 8
      bytes[at++] = 2 << 3
      at = putVarint(bytes, at, timeMs)
    }
  }
  return bytes.subarray(0, at)
}

function textField(field: number, text: string): Uint8Array {
  const bytes = Buffer.from(text, 'utf8')
  return Buffer.concat([header(field, bytes.length), bytes])
}

function header(field: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(1 + varintLength(length))
  bytes[0] = (field << 3) | 2
  putVarint(bytes, 1, length)
  return bytes
}

function varintLength(value: number): number {
  // Negative times take ten bytes, being 64 bits of two's complement.
  if (value < 0) return 10
  let length = 1
  for (let rest = value; rest >= 128; rest /= 128) length++
  return length
}

function putVarint(bytes: Uint8Array, from: number, value: number): number {
  let at = from
  if (value < 0) {
    let rest = BigInt.asUintN(64, BigInt(value))
    for (; rest >= 128n; rest >>= 7n) bytes[at++] = Number(rest & 127n) | 128
    bytes[at++] = Number(rest)
    return at
  }
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 128
  bytes[at++] = rest
  return at
}
