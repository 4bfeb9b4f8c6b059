import { constants, crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import { ByteReader, ByteWriter } from './bytes.ts'
import { decimalScale, powerOfTen } from './decimal.ts'

/** Stored samples can't be read back. */
export class ChunkError extends Error {
  override readonly name = 'ChunkError'
}

/**
 * A packed column, bit-exact: flags, a checksum of the rest, then, deflated when that is shorter, the numbers. Times are
 * differences of differences. Values are whole numbers over a power of ten, as themselves or as differences of first or second
 * order, whichever is shortest, with exceptions for what is none (NaN, infinities, minus zero, staleness markers); or else
 * doubles, byte by byte of equal rank, so that alike ones stand together.
 */
const HEAD_BYTES = 5
const DEFLATED = 1
const DOUBLES = 2
const MOST_SAMPLES = 1 << 22
const MOST_BYTES = 1 << 26

/** A staleness marker among the exceptions: Prometheus' own bits for it. */
const STALE = Buffer.from([0x02, 0, 0, 0, 0, 0, 0xf0, 0x7f])

const scratch = new ByteWriter(1 << 14)

export function packTimes(timesMs: Float64Array, isFinal: boolean): Buffer {
  scratch.clear()
  let previousMs = 0
  let previousStep = 0
  for (const timeMs of timesMs) {
    const step = timeMs - previousMs
    scratch.signed(step - previousStep)
    previousStep = step
    previousMs = timeMs
  }
  return wrap(scratch.view(), 0, isFinal)
}

/** @throws ChunkError */
export function unpackTimes(packed: Uint8Array, count: number): Float64Array {
  const { bytes } = unwrap(packed, count)
  try {
    const reader = new ByteReader(bytes)
    const timesMs = new Float64Array(count)
    let timeMs = 0
    let step = 0
    for (let i = 0; i < count; i++) {
      step += reader.signed()
      timeMs += step
      timesMs[i] = timeMs
    }
    return timesMs
  } catch (error) {
    throw unreadable(error)
  }
}

/** @param isFinal whether it is worth the time to make it as short as it gets */
export function packValues(values: Float64Array, stale: Uint8Array | undefined, isFinal: boolean): Buffer {
  const count = values.length
  const isException = (value: number) => !Number.isFinite(value) || (value === 0 && 1 / value < 0)
  const scale = decimalScale(values, 0, count, isException)
  scratch.clear()
  if (scale < 0) {
    writeDoubles(values, stale)
    return wrap(scratch.view(), DOUBLES, isFinal)
  }
  const whole = new Float64Array(count)
  const power = powerOfTen(scale)
  const exceptions: number[] = []
  for (let i = 0; i < count; i++) {
    const value = values[i] as number
    if (stale?.[i] === 1 || isException(value)) {
      exceptions.push(i)
      whole[i] = i === 0 ? 0 : (whole[i - 1] as number)
    } else whole[i] = Math.round(value * power)
  }
  const order = isFinal ? shortestOrder(whole) : 1
  scratch.byte(scale | (order << 4))
  scratch.varint(exceptions.length)
  let before = 0
  for (const at of exceptions) {
    scratch.varint(at - before)
    before = at
    if (stale?.[at] === 1) scratch.copy(STALE)
    else scratch.double(values[at] as number)
  }
  writeDifferences(whole, order)
  return wrap(scratch.view(), 0, isFinal)
}

/** @throws ChunkError */
export function unpackValues(
  packed: Uint8Array,
  count: number,
): { readonly values: Float64Array; readonly stale: Uint8Array | undefined } {
  const { bytes, flags } = unwrap(packed, count)
  try {
    if (flags & DOUBLES) return readDoubles(bytes, count)
    const reader = new ByteReader(bytes)
    const head = reader.byte()
    const power = powerOfTen(head & 15)
    const order = head >> 4
    const exceptions: { at: number; bytes: Buffer }[] = []
    let at = 0
    for (let left = reader.varint(); left > 0; left--) {
      at += reader.varint()
      exceptions.push({ at, bytes: reader.take(8) })
    }
    const values = new Float64Array(count)
    readDifferences(bytes, reader.offset, values, order, power)
    let stale: Uint8Array | undefined
    for (const exception of exceptions) {
      if (exception.bytes.equals(STALE)) {
        stale ??= new Uint8Array(count)
        stale[exception.at] = 1
        values[exception.at] = Number.NaN
      } else values[exception.at] = exception.bytes.readDoubleLE(0)
    }
    return { values, stale }
  } catch (error) {
    throw unreadable(error)
  }
}

/** Which of plain numbers, differences and differences of differences takes the fewest bytes. */
function shortestOrder(whole: Float64Array): number {
  const lengths = [0, 0, 0]
  let [previous, previousStep] = [0, 0]
  for (const value of whole) {
    const step = value - previous
    lengths[0] = (lengths[0] as number) + bitsOf(value)
    lengths[1] = (lengths[1] as number) + bitsOf(step)
    lengths[2] = (lengths[2] as number) + bitsOf(step - previousStep)
    previous = value
    previousStep = step
  }
  // Second differences of large numbers could leave the range in which whole numbers are exact.
  const isLarge = whole.some((value) => Math.abs(value) >= 2 ** 50)
  const best = Math.min(...(isLarge ? lengths.slice(0, 2) : lengths))
  return lengths.indexOf(best)
}

/** About how many bits are left to the entropy coder. */
function bitsOf(value: number): number {
  return Math.log2(Math.abs(value) + 1)
}

function writeDifferences(whole: Float64Array, order: number): void {
  let previous = 0
  let previousStep = 0
  for (const value of whole) {
    if (order === 0) scratch.signed(value)
    else {
      const step = value - previous
      scratch.signed(order === 1 ? step : step - previousStep)
      previousStep = step
      previous = value
    }
  }
}

function readDifferences(bytes: Uint8Array, start: number, values: Float64Array, order: number, power: number): void {
  const count = values.length
  let offset = start
  let value = 0
  let step = 0
  for (let i = 0; i < count; i++) {
    let byte = bytes[offset++] as number
    let coded = byte
    if (byte >= 0x80) {
      coded = byte & 0x7f
      let factor = 0x80
      do {
        byte = bytes[offset++] as number
        coded += (byte & 0x7f) * factor
        factor *= 0x80
      } while (byte >= 0x80)
    }
    // Zigzag; whole numbers beyond 31 bits know no bit operations.
    const number = coded < 0x80000000 ? (coded >>> 1) ^ -(coded & 1) : coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2
    if (order === 1) value += number
    else if (order === 0) value = number
    else {
      step += number
      value += step
    }
    values[i] = value / power
  }
  if (offset > bytes.length || Number.isNaN(value)) throw new RangeError('it ends too early')
}

function writeDoubles(values: Float64Array, stale: Uint8Array | undefined): void {
  const count = values.length
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  const isStale = stale?.includes(1) ?? false
  scratch.byte(isStale ? 1 : 0)
  if (isStale) scratch.copy(stale as Uint8Array)
  for (let rank = 7; rank >= 0; rank--) for (let i = 0; i < count; i++) scratch.byte(bytes[i * 8 + rank] as number)
}

function readDoubles(bytes: Uint8Array, count: number) {
  const isStale = bytes[0] === 1
  const start = 1 + (isStale ? count : 0)
  if (bytes.length < start + count * 8) throw new RangeError('it ends too early')
  const values = new Float64Array(count)
  const target = new Uint8Array(values.buffer)
  for (let rank = 7, at = start; rank >= 0; rank--) {
    for (let i = 0; i < count; i++) target[i * 8 + rank] = bytes[at++] as number
  }
  const stale = isStale ? bytes.slice(1, start) : undefined
  if (stale !== undefined) for (let i = 0; i < count; i++) if (stale[i] === 1) values[i] = Number.NaN
  return { values, stale }
}

function wrap(plain: Buffer, kind: number, isFinal: boolean): Buffer {
  let body = plain
  let flags = kind
  if (isFinal && plain.length > 16) {
    const packed = deflateRawSync(plain, { level: 6, strategy: constants.Z_DEFAULT_STRATEGY })
    if (packed.length < plain.length) {
      body = packed
      flags |= DEFLATED
    }
  }
  const wrapped = Buffer.allocUnsafe(HEAD_BYTES + body.length)
  wrapped.writeUInt8(flags, 0)
  wrapped.writeUInt32LE(crc32(body, flags), 1)
  wrapped.set(body, HEAD_BYTES)
  return wrapped
}

function unwrap(packed: Uint8Array, count: number): { bytes: Uint8Array; flags: number } {
  if (packed.length < HEAD_BYTES) throw new ChunkError('not a readable chunk: it is shorter than its head')
  if (count > MOST_SAMPLES) throw new ChunkError('not a readable chunk: its count is out of range')
  const flags = packed[0] as number
  const body = packed.subarray(HEAD_BYTES)
  const checksum = new DataView(packed.buffer, packed.byteOffset).getUint32(1, true)
  // SQLite keeps no checksum of its pages: without this one, a changed bit would be a wrong value that looks right.
  if (crc32(body, flags) !== checksum) throw new ChunkError('not a readable chunk: the checksum does not match')
  try {
    return { bytes: flags & DEFLATED ? inflateRawSync(body, { maxOutputLength: MOST_BYTES }) : body, flags }
  } catch (error) {
    throw unreadable(error)
  }
}

function unreadable(error: unknown): ChunkError {
  return new ChunkError(`not a readable chunk: ${(error as Error).message}`, { cause: error })
}
