import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Samples } from '../../model/sample.ts'

/**
 * A chunk's bytes, bit-exact: a head byte with flags, a checksum of the rest, then (deflated when that is shorter) the count,
 * the times as deltas of deltas, the values as scaled decimal deltas or raw doubles, and the stale flags when there are any.
 */
const HEAD_BYTES = 5
const DEFLATED = 1
const RAW_VALUES = 2
const HAS_STALE = 4

/** Powers of ten up to which a decimal value is tried as an integer. */
const MAX_SCALE = 9

/** A chunk can't be read back. */
export class ChunkError extends Error {
  override readonly name = 'ChunkError'
}

export function encodeChunk(samples: Samples): Uint8Array {
  const { length, timesMs, values, stale } = samples
  const bytes = new ByteWriter(length * 10 + 32)
  bytes.varint(length)
  let previousMs = 0
  let previousDelta = 0
  for (const timeMs of timesMs) {
    const delta = timeMs - previousMs
    bytes.signed(delta - previousDelta)
    previousDelta = delta
    previousMs = timeMs
  }
  const scale = decimalScale(values, stale)
  if (scale === undefined) for (const value of values) bytes.double(value)
  else {
    bytes.varint(scale)
    let previous = 0
    for (const [i, value] of values.entries()) {
      const scaled = stale?.[i] === 1 ? previous : Math.round(value * 10 ** scale)
      bytes.signed(scaled - previous)
      previous = scaled
    }
  }
  const hasStale = stale?.includes(1) ?? false
  if (hasStale) for (const flag of stale as Uint8Array) bytes.byte(flag)
  const plain = bytes.take()
  const packed = deflateRawSync(plain, { level: 1 })
  const isShorter = packed.length < plain.length
  const flags = (isShorter ? DEFLATED : 0) | (scale === undefined ? RAW_VALUES : 0) | (hasStale ? HAS_STALE : 0)
  const body = isShorter ? packed : plain
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt8(flags, 0)
  head.writeUInt32LE(crc32(body, flags), 1)
  return Buffer.concat([head, body])
}

/** @throws ChunkError when the bytes are not a chunk */
export function decodeChunk(body: Uint8Array): Samples {
  if (body.length < HEAD_BYTES) throw new ChunkError('not a readable chunk: it is shorter than its head')
  const [flags = 0] = body
  const rest = body.subarray(HEAD_BYTES)
  const checksum = new DataView(body.buffer, body.byteOffset).getUint32(1, true)
  // SQLite keeps no checksum of its pages: without this one, a changed bit would be a wrong value that looks right.
  if (crc32(rest, flags) !== checksum) throw new ChunkError('not a readable chunk: the checksum does not match')
  try {
    const bytes = new ByteReader(flags & DEFLATED ? inflateRawSync(rest, { maxOutputLength: 1 << 26 }) : rest)
    const length = bytes.varint()
    if (length > 1 << 22) throw new ChunkError('its count is out of range')
    const timesMs = new Float64Array(length)
    let timeMs = 0
    let delta = 0
    for (let i = 0; i < length; i++) {
      delta += bytes.signed()
      timeMs += delta
      timesMs[i] = timeMs
    }
    const values = new Float64Array(length)
    if (flags & RAW_VALUES) for (let i = 0; i < length; i++) values[i] = bytes.double()
    else {
      const divisor = 10 ** bytes.varint()
      let scaled = 0
      for (let i = 0; i < length; i++) {
        scaled += bytes.signed()
        values[i] = scaled / divisor
      }
    }
    let stale: Uint8Array | undefined
    if (flags & HAS_STALE) {
      stale = new Uint8Array(length)
      for (let i = 0; i < length; i++) {
        stale[i] = bytes.byte()
        if (stale[i] === 1) values[i] = Number.NaN
      }
    }
    return { length, timesMs, values, stale }
  } catch (error) {
    throw new ChunkError(`not a readable chunk: ${(error as Error).message}`, { cause: error })
  }
}

/** The least number of decimals with which every value comes back bit for bit, or undefined. */
function decimalScale(values: Float64Array, stale: Uint8Array | undefined): number | undefined {
  let scale = 0
  for (const [i, value] of values.entries()) {
    if (stale?.[i] === 1) continue
    while (!isExact(value, scale)) if (++scale > MAX_SCALE) return undefined
  }
  // A later, larger scale must still hold for the earlier values.
  return values.every((value, i) => stale?.[i] === 1 || isExact(value, scale)) ? scale : undefined
}

function isExact(value: number, scale: number): boolean {
  // Among whole numbers there is no negative zero.
  if (Object.is(value, -0)) return false
  const divisor = 10 ** scale
  const scaled = Math.round(value * divisor)
  return Math.abs(scaled) < 2 ** 51 && Object.is(scaled / divisor, value)
}

class ByteWriter {
  #bytes: Buffer
  #length = 0

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(capacity)
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** A whole number from 0 to 2^53. */
  varint(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length++] = rest
  }

  /** A whole number from -2^52 to 2^52, small ones short. */
  signed(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2)
  }

  double(value: number): void {
    this.#reserve(8)
    this.#bytes.writeDoubleLE(value, this.#length)
    this.#length += 8
  }

  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    this.#bytes = Buffer.concat([this.#bytes.subarray(0, this.#length)], this.#bytes.length * 2 + count)
  }
}

class ByteReader {
  readonly #bytes: Buffer
  #offset = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  byte(): number {
    if (this.#offset >= this.#bytes.length) throw new RangeError('it ends too early')
    return this.#bytes[this.#offset++] as number
  }

  varint(): number {
    let value = 0
    let factor = 1
    for (let byte = this.byte(); ; byte = this.byte()) {
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 0x80
      if (factor > 2 ** 56) throw new RangeError('a number is too long')
    }
  }

  signed(): number {
    const value = this.varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  double(): number {
    const value = this.#bytes.readDoubleLE(this.#offset)
    this.#offset += 8
    return value
  }
}
