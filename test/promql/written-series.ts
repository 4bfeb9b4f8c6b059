import type { Labels } from '../../src/model/labels.ts'
import type { SeriesValue } from '../../src/rule/unit-test/series-notation.ts'

/** A series with its samples, as it is sent to a Prometheus. */
export interface WrittenSeries {
  readonly labels: Labels
  readonly samples: readonly { readonly timeMs: number; readonly value: SeriesValue }[]
}

/** The NaN that declares a series gone, little-endian: 0x7ff0000000000002. */
const STALE_NAN = Uint8Array.of(2, 0, 0, 0, 0, 0, 0xf0, 0x7f)

/**
 * Encodes a remote write request, version 1: the only way to give a Prometheus staleness markers from outside.
 *
 * @returns the body, in Snappy's block format without any compression
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec/
 */
export function encodeRemoteWrite(series: readonly WrittenSeries[]): Buffer {
  return snappyLiterals(Buffer.concat(series.map((each) => field(1, timeSeries(each)))))
}

function timeSeries({ labels, samples }: WrittenSeries): Buffer {
  const label = ([name, value]: readonly [string, string]) =>
    field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))]))
  const sample = ({ timeMs, value }: WrittenSeries['samples'][number]) =>
    field(2, Buffer.concat([Buffer.of(0x09), double(value), Buffer.of(0x10), varint(timeMs)]))
  return Buffer.concat([...[...labels].map(label), ...samples.map(sample)])
}

function double(value: SeriesValue): Uint8Array {
  if (value.kind === 'stale') return STALE_NAN
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value.kind === 'value' ? value.number : Number.NaN)
  return bytes
}

/** A field of bytes: its number, the wire type 2, its length, its content. */
function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of((number << 3) | 2), varint(content.length), content])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Buffer.of(...bytes, rest)
}

function snappyLiterals(content: Buffer): Buffer {
  const parts = [varint(content.length)]
  for (let at = 0; at < content.length; at += 0x10000) {
    const part = content.subarray(at, at + 0x10000)
    const head = Buffer.of(61 << 2, 0, 0)
    head.writeUInt16LE(part.length - 1, 1)
    parts.push(head, part)
  }
  return Buffer.concat(parts)
}
