import { crc32 } from 'node:zlib'
import type { SampleBatch } from '../../model/sample.ts'

/**
 * One journal entry: version, flags, count, checksum of these and the rest, a gap, then the columns times, values, refs and, when there
 * are any, stale flags. A time that all samples share is written once. Little-endian; the columns lie where they can be read in
 * place.
 */
const VERSION = 2
const HEADER_BYTES = 16
const SAME_TIME = 1
const HAS_STALE = 2

/** A journal entry can't be read back. */
export class JournalError extends Error {
  override readonly name = 'JournalError'
}

/** @param batch its columns may be longer than it is */
export function encodeJournal({ length, refs, timesMs, values, stale }: SampleBatch): Uint8Array {
  const isSameTime = haveSameTime(timesMs, length)
  const columns = [
    timesMs.subarray(0, isSameTime ? Math.min(length, 1) : length),
    values.subarray(0, length),
    refs.subarray(0, length),
    ...(stale === undefined ? [] : [stale.subarray(0, length)]),
  ]
  const bytes = Buffer.alloc(columns.reduce((sum, { byteLength }) => sum + byteLength, HEADER_BYTES))
  bytes.writeUInt16LE(VERSION, 0)
  bytes.writeUInt16LE((isSameTime ? SAME_TIME : 0) | (stale === undefined ? 0 : HAS_STALE), 2)
  bytes.writeUInt32LE(length, 4)
  let offset = HEADER_BYTES
  for (const column of columns) {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), offset)
    offset += column.byteLength
  }
  bytes.writeUInt32LE(checksum(bytes), 8)
  return bytes
}

function haveSameTime(timesMs: Float64Array, length: number): boolean {
  for (let i = 1; i < length; i++) if (timesMs[i] !== timesMs[0]) return false
  return true
}

function checksum(bytes: Buffer): number {
  return crc32(bytes.subarray(12), crc32(bytes.subarray(0, 8)))
}

/** The samples of a journal entry. */
export interface JournalEntry {
  readonly length: number
  readonly refs: Uint32Array
  /** Of each sample, or one for all of them. */
  readonly timesMs: Float64Array
  readonly values: Float64Array
  readonly stale: Uint8Array | undefined
}

/**
 * Reads an entry back, in place where that can be.
 *
 * @throws JournalError when the entry is torn, changed or of an unknown version
 */
export function decodeJournal(body: Uint8Array): JournalEntry {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  if (bytes.length < HEADER_BYTES) throw new JournalError('shorter than its header')
  if (bytes.readUInt16LE(0) !== VERSION) throw new JournalError(`version ${bytes.readUInt16LE(0)} is not known`)
  const flags = bytes.readUInt16LE(2)
  const length = bytes.readUInt32LE(4)
  if (checksum(bytes) !== bytes.readUInt32LE(8)) throw new JournalError('the checksum does not match')
  const timeCount = flags & SAME_TIME ? Math.min(length, 1) : length
  const needed = timeCount * 8 + length * 12 + (flags & HAS_STALE ? length : 0)
  if (bytes.length - HEADER_BYTES !== needed) throw new JournalError('its length does not fit its count')
  // A copy where the columns would not be aligned.
  const { buffer, byteOffset } = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
  const start = byteOffset + HEADER_BYTES
  return {
    length,
    timesMs: new Float64Array(buffer, start, timeCount),
    values: new Float64Array(buffer, start + timeCount * 8, length),
    refs: new Uint32Array(buffer, start + (timeCount + length) * 8, length),
    stale: flags & HAS_STALE ? new Uint8Array(buffer, start + timeCount * 8 + length * 12, length) : undefined,
  }
}
