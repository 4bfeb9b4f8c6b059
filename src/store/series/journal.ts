import { crc32 } from 'node:zlib'
import type { SampleBatch } from '../../model/sample.ts'

/**
 * One journal entry: version, flags, count, checksum of these and the rest, then the columns refs, times, values and, when there are
 * any, stale flags. A time that all samples share is written once. Little-endian.
 */
const VERSION = 1
const HEADER_BYTES = 12
const SAME_TIME = 1
const HAS_STALE = 2

/** A journal entry can't be read back. */
export class JournalError extends Error {
  override readonly name = 'JournalError'
}

export function encodeJournal({ length, refs, timesMs, values, stale }: SampleBatch): Uint8Array {
  const sameTime = timesMs.every((timeMs) => timeMs === timesMs[0])
  const times = sameTime ? timesMs.subarray(0, 1) : timesMs
  const bytes = Buffer.alloc(
    HEADER_BYTES + refs.byteLength + times.byteLength + values.byteLength + (stale?.length ?? 0),
  )
  bytes.writeUInt16LE(VERSION, 0)
  bytes.writeUInt16LE((sameTime ? SAME_TIME : 0) | (stale === undefined ? 0 : HAS_STALE), 2)
  bytes.writeUInt32LE(length, 4)
  let offset = HEADER_BYTES
  for (const column of [times, values, refs, stale]) {
    if (column === undefined) continue
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), offset)
    offset += column.byteLength
  }
  bytes.writeUInt32LE(checksum(bytes), 8)
  return bytes
}

function checksum(bytes: Buffer): number {
  return crc32(bytes.subarray(HEADER_BYTES), crc32(bytes.subarray(0, 8)))
}

/** @throws JournalError when the entry is torn, changed or of an unknown version */
export function decodeJournal(body: Uint8Array): SampleBatch {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  if (bytes.length < HEADER_BYTES) throw new JournalError('shorter than its header')
  if (bytes.readUInt16LE(0) !== VERSION) throw new JournalError(`version ${bytes.readUInt16LE(0)} is not known`)
  const flags = bytes.readUInt16LE(2)
  const length = bytes.readUInt32LE(4)
  if (checksum(bytes) !== bytes.readUInt32LE(8)) throw new JournalError('the checksum does not match')
  const timeCount = flags & SAME_TIME ? Math.min(length, 1) : length
  const needed = timeCount * 8 + length * 12 + (flags & HAS_STALE ? length : 0)
  if (bytes.length - HEADER_BYTES !== needed) throw new JournalError('its length does not fit its count')
  // A copy, so that the columns are aligned.
  const columns = new Uint8Array(bytes.subarray(HEADER_BYTES)).buffer
  const times = new Float64Array(columns, 0, timeCount)
  return {
    length,
    timesMs: flags & SAME_TIME ? new Float64Array(length).fill(times[0] ?? 0) : times,
    values: new Float64Array(columns, timeCount * 8, length),
    refs: new Uint32Array(columns, timeCount * 8 + length * 8, length),
    stale: flags & HAS_STALE ? new Uint8Array(columns, timeCount * 8 + length * 12, length) : undefined,
  }
}
