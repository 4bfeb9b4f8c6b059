import { ByteCache } from '../../lib/byte-cache.ts'
import type { Samples } from '../../model/sample.ts'
import { AT } from '../../model/summary.ts'
import type { Connection } from '../database.ts'
import { Chunk } from './chunk.ts'
import { type ChunkPlace, Directory, readChunk, readTimes, slotOf, withoutMarkers } from './segment.ts'

const MEGABYTE = 1 << 20

/** Reads segments from the file and keeps what was used last. Whatever is damaged is told once and left out. */
export class SegmentReader {
  readonly #reader: Connection
  readonly #onCorrupt: (what: string) => void
  readonly #nameOf: (ref: number) => string
  readonly #directories = new ByteCache<Directory>(16 * MEGABYTE)
  readonly #bodies = new ByteCache<Uint8Array | null>(8 * MEGABYTE)
  readonly #times = new ByteCache<Float64Array>(16 * MEGABYTE)
  readonly #chunks = new ByteCache<Chunk>(64 * MEGABYTE)
  readonly #unreadable = new Set<string>()

  constructor(reader: Connection, onCorrupt: (what: string) => void, nameOf: (ref: number) => string) {
    this.#reader = reader
    this.#onCorrupt = onCorrupt
    this.#nameOf = nameOf
  }

  /** Puts the summary of what a segment has of a series into `target`; false when that is nothing. */
  summary(segment: number, ref: number, target: Float64Array, at: number): boolean {
    return (
      this.#reading(segment, ref, 'summary', () => this.#directory(segment)?.summary(slotOf(ref), target, at)) ?? false
    )
  }

  chunks(segment: number, ref: number): readonly ChunkPlace[] {
    return this.#reading(segment, ref, 'chunks', () => this.#directory(segment)?.chunks(slotOf(ref))) ?? []
  }

  /**
   * The samples of a chunk; where they are gone and only the sums are left, its first and its last.
   *
   * @returns undefined when it can't be read
   */
  chunk(segment: number, ref: number, index: number, place: ChunkPlace): Chunk | undefined {
    const key = (segment * 16 + slotOf(ref)) * 256 + index
    const known = this.#chunks.get(key)
    if (known !== undefined) return known
    const chunk = this.#reading(segment, ref, String(index), () => this.#read(segment, place))
    if (chunk !== undefined) this.#chunks.set(key, chunk, chunk.bytes)
    return chunk
  }

  /** After segments were changed or their numbers given to others. */
  clear(): void {
    this.#directories.clear()
    this.#bodies.clear()
    this.#times.clear()
    this.#chunks.clear()
  }

  #read(segment: number, place: ChunkPlace): Chunk | undefined {
    const directory = this.#directory(segment)
    const body = this.#body(segment)
    if (directory === undefined || body === undefined) return undefined
    const hasDrops = place.numbers[AT.resets] !== 0
    if (body === null) return new Chunk(outline(place), undefined, hasDrops)
    const clockKey = segment * 4096 + place.clock
    let timesMs = this.#times.get(clockKey)
    if (timesMs === undefined) {
      timesMs = readTimes(directory, body, place.clock)
      this.#times.set(clockKey, timesMs, timesMs.byteLength + 100)
    }
    const samples = { length: place.count, timesMs, ...readChunk(body, place) }
    return new Chunk(samples, withoutMarkers(samples), hasDrops)
  }

  #directory(segment: number): Directory | undefined {
    const known = this.#directories.get(segment)
    if (known !== undefined) return known
    const bytes = this.#column('directory', segment) ?? undefined
    if (bytes === undefined) return undefined
    const directory = new Directory(bytes)
    this.#directories.set(segment, directory, bytes.length + 200)
    return directory
  }

  /** Null when the samples are gone. */
  #body(segment: number): Uint8Array | null | undefined {
    const known = this.#bodies.get(segment)
    if (known !== undefined) return known
    const bytes = this.#column('body', segment)
    if (bytes !== undefined) this.#bodies.set(segment, bytes, (bytes?.length ?? 0) + 200)
    return bytes
  }

  #column(name: 'directory' | 'body', segment: number): Uint8Array | null | undefined {
    const row = this.#reader.statement(`SELECT ${name} AS bytes FROM segment WHERE id = ?`).get(segment) as
      | { bytes: Uint8Array | null }
      | undefined
    return row?.bytes
  }

  #reading<Result>(segment: number, ref: number, part: string, read: () => Result): Result | undefined {
    try {
      return read()
    } catch (error) {
      const key = `${segment} ${ref} ${part}`
      if (!this.#unreadable.has(key)) {
        this.#unreadable.add(key)
        this.#onCorrupt(`segment ${segment}, series ${this.#nameOf(ref)}: ${(error as Error).message}`)
      }
      return undefined
    }
  }
}

/** What is left of a chunk whose samples are gone: its first and its last. */
function outline({ numbers }: ChunkPlace): Samples {
  const count = numbers[AT.count] as number
  const length = Math.min(count, 2)
  return {
    length,
    timesMs: Float64Array.of(numbers[AT.firstMs] as number, numbers[AT.lastMs] as number).slice(0, length),
    values: Float64Array.of(numbers[AT.first] as number, numbers[AT.last] as number).slice(0, length),
    stale: undefined,
  }
}
