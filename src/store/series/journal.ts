import { crc32 } from 'node:zlib'
import type { SampleBatch } from '../../model/sample.ts'

/**
 * One journal entry: version, flags, count, checksum of these and the rest, how many runs, then the columns times, values, series and,
 * when there are any, stale flags. A time that all samples share is written once; of series whose numbers follow each other, which are
 * a run, the first and how many. Little-endian; the columns lie where they can be read in place.
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
  const runs = runsOf(refs, length)
  const columns = [
    timesMs.subarray(0, isSameTime ? Math.min(length, 1) : length),
    values.subarray(0, length),
    runs ?? refs.subarray(0, length),
    ...(stale === undefined ? [] : [stale.subarray(0, length)]),
  ]
  const bytes = Buffer.alloc(columns.reduce((sum, { byteLength }) => sum + byteLength, HEADER_BYTES))
  bytes.writeUInt16LE(VERSION, 0)
  bytes.writeUInt16LE((isSameTime ? SAME_TIME : 0) | (stale === undefined ? 0 : HAS_STALE), 2)
  bytes.writeUInt32LE(length, 4)
  bytes.writeUInt32LE(runs === undefined ? 0 : runs.length / 2, 12)
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

/** The first number and the length of each run; undefined where the numbers by themselves are shorter. */
function runsOf(refs: Uint32Array, length: number): Uint32Array | undefined {
  let count = 0
  for (let i = 0; i < length; i++) if (i === 0 || refs[i] !== (refs[i - 1] as number) + 1) count++
  if (count * 2 >= length) return undefined
  const runs = new Uint32Array(count * 2)
  let at = -2
  for (let i = 0; i < length; i++) {
    if (i === 0 || refs[i] !== (refs[i - 1] as number) + 1) {
      at += 2
      runs[at] = refs[i] as number
    }
    ;(runs[at + 1] as number)++
  }
  return runs
}

function checksum(bytes: Buffer): number {
  return crc32(bytes.subarray(12), crc32(bytes.subarray(0, 8)))
}

/** The samples of a journal entry. */
export interface JournalEntry {
  readonly length: number
  /** Of each run of series whose numbers follow each other the first and how many, in turn. */
  readonly runs: Uint32Array
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
  const runCount = bytes.readUInt32LE(12)
  if (checksum(bytes) !== bytes.readUInt32LE(8)) throw new JournalError('the checksum does not match')
  const timeCount = flags & SAME_TIME ? Math.min(length, 1) : length
  const refWords = runCount === 0 ? length : runCount * 2
  const staleCount = flags & HAS_STALE ? length : 0
  if (bytes.length - HEADER_BYTES !== (timeCount + length) * 8 + refWords * 4 + staleCount) {
    throw new JournalError('its length does not fit its count')
  }
  // A copy where the columns would not be aligned.
  const { buffer, byteOffset } = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes)
  const start = byteOffset + HEADER_BYTES
  const refs = new Uint32Array(buffer, start + (timeCount + length) * 8, refWords)
  const runs = runCount === 0 ? runsOfOne(refs) : refs
  let inRuns = 0
  for (let i = 1; i < runs.length; i += 2) inRuns += runs[i] as number
  if (inRuns !== length) throw new JournalError('its runs do not fit its count')
  const staleStart = start + (timeCount + length) * 8 + refWords * 4
  return {
    length,
    timesMs: new Float64Array(buffer, start, timeCount),
    values: new Float64Array(buffer, start + timeCount * 8, length),
    runs,
    stale: flags & HAS_STALE ? new Uint8Array(buffer, staleStart, length) : undefined,
  }
}

function runsOfOne(refs: Uint32Array): Uint32Array {
  const runs = new Uint32Array(refs.length * 2).fill(1)
  for (let i = 0; i < refs.length; i++) runs[i * 2] = refs[i] as number
  return runs
}
