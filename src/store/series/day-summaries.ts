import { crc32 } from 'node:zlib'
import { ByteCache } from '../../lib/byte-cache.ts'
import { SUMMARY_SIZE } from '../../model/summary.ts'
import type { Connection } from '../database.ts'

const DAY_MS = 86_400_000
const DAYS = 2 ** 20
/** The numbers behind it lie where they can be read in place. */
const HEAD_BYTES = 8
const VERSION = 2
/** All series of a group are there. */
const EVERYBODY = 0xffff
const SUMMARY_BYTES = SUMMARY_SIZE * 8
const BUDGET_BYTES = 32 << 20

/** The key of a group's day, which ends at `toMs`. */
export function dayKey(group: number, toMs: number): number {
  return group * DAYS + toMs / DAY_MS
}

/**
 * One day of a group: a checksum, which series there are, a version, and of each series its numbers. Not deflated: undoing that would take
 * longer than all the rest of a first question about a month.
 *
 * @param summaries by the series' place in the group
 */
export function packDay(summaries: ReadonlyMap<number, Float64Array>): Buffer {
  let mask = 0
  const numbers = Buffer.alloc(summaries.size * SUMMARY_BYTES)
  const slots = [...summaries.keys()].sort((a, b) => a - b)
  for (const [i, slot] of slots.entries()) {
    const summary = summaries.get(slot) as Float64Array
    mask |= 1 << slot
    numbers.set(new Uint8Array(summary.buffer, summary.byteOffset, SUMMARY_BYTES), i * SUMMARY_BYTES)
  }
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt16LE(VERSION, 6)
  head.writeUInt16LE(mask, 4)
  head.writeUInt32LE(crc32(numbers, mask), 0)
  return Buffer.concat([head, numbers])
}

interface Day {
  readonly mask: number
  readonly numbers: Float64Array
}

/** The days of one group within a range. */
export class GroupDays {
  readonly version: number
  /** Days that end after this are there. */
  readonly afterMs: number
  readonly toMs: number
  readonly #days: ReadonlyMap<number, Day>

  constructor(version: number, { afterMs, toMs }: DayRange, days: ReadonlyMap<number, Day>) {
    this.version = version
    this.afterMs = afterMs
    this.toMs = toMs
    this.#days = days
  }

  /**
   * Puts what a series' day came to into `target` at `at`.
   *
   * @param toMs when the day ends
   * @returns undefined when nothing readable is there, false when the series was not there on that day
   */
  read(toMs: number, slot: number, target: Float64Array, at: number): boolean | undefined {
    const day = this.#days.get(toMs)
    if (day === undefined) return undefined
    const { mask, numbers } = day
    const bit = 1 << slot
    if ((mask & bit) === 0) return false
    const from = (mask === EVERYBODY ? slot : countOnes(mask & (bit - 1))) * SUMMARY_SIZE
    for (let i = 0; i < SUMMARY_SIZE; i++) target[at + i] = numbers[from + i] as number
    return true
  }
}

interface DayRange {
  readonly afterMs: number
  readonly toMs: number
}

/** Reads the days of groups, all that are wanted of a group at once. */
export class DaySummaries {
  readonly #reader: Connection
  readonly #groups = new ByteCache<GroupDays>(BUDGET_BYTES)

  constructor(reader: Connection) {
    this.#reader = reader
  }

  clear(): void {
    this.#groups.clear()
  }

  /**
   * The days of a group that end after `afterMs` and up to `toMs`.
   *
   * @param version changes when days of the group were written anew
   */
  of(group: number, version: number, range: DayRange): GroupDays {
    const { afterMs, toMs } = range
    const known = this.#groups.get(group)
    if (known !== undefined && known.version === version && known.afterMs <= afterMs && known.toMs >= toMs) return known
    const rows = this.#reader
      .statement('SELECT id, body FROM day_summary WHERE id > ? AND id <= ? ORDER BY id')
      .all(dayKey(group, Math.max(0, Math.floor(afterMs / DAY_MS) * DAY_MS)), dayKey(group, toMs)) as {
      id: number
      body: Buffer
    }[]
    const days = new Map<number, Day>()
    let bytes = 1000
    for (const { id, body } of rows) {
      const day = unpackDay(body)
      if (day === undefined) continue
      days.set((id - group * DAYS) * DAY_MS, day)
      bytes += day.numbers.byteLength + 150
    }
    const read = new GroupDays(version, range, days)
    this.#groups.set(group, read, bytes)
    return read
  }
}

/** Undefined when it is damaged, or of an earlier build: the segments' own directories have it, too. */
function unpackDay(packed: Buffer): Day | undefined {
  if (packed.length < HEAD_BYTES || packed.readUInt16LE(6) !== VERSION) return undefined
  const mask = packed.readUInt16LE(4)
  const body = packed.subarray(HEAD_BYTES)
  if (crc32(body, mask) !== packed.readUInt32LE(0)) return undefined
  if (body.length !== countOnes(mask) * SUMMARY_BYTES) return undefined
  const { buffer, byteOffset, length } = body.byteOffset % 8 === 0 ? body : new Uint8Array(body)
  return { mask, numbers: new Float64Array(buffer, byteOffset, length / 8) }
}

function countOnes(mask: number): number {
  let count = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++
  return count
}
