const SPACE = 32
const TAB = 9
const ROOT = 0
/** Load above which the hash table doubles. */
const MAX_FILL_SHARE = 0.6

/**
 * Remembers the texts of a target's series (`name{a="b"}`, as bytes) with a dense number each, so that a series that has
 * been seen before costs one comparison and no parsing.
 *
 * A target writes its series in the same order every time, so the series expected next is the one that followed last
 * time; only when that fails is the text looked up by hash. Numbers start at 1; 0 stands for none.
 */
export class SeriesTable {
  #keys: Uint8Array
  #keyView: DataView
  /** Where the key of a number begins in `#keys`; the one after it says where it ends. */
  #offsets: Uint32Array
  #hashes: Int32Array
  /** The number that followed a number when it was last seen. */
  #followers: Uint32Array
  /** Open addressing with linear probing; 0 is a free slot. */
  #slots: Uint32Array
  #count = 0
  #last = ROOT

  constructor(capacity = 16, keyBytes = 1024) {
    this.#keys = new Uint8Array(keyBytes)
    this.#keyView = viewOf(this.#keys)
    this.#offsets = new Uint32Array(capacity + 2)
    this.#hashes = new Int32Array(capacity + 1)
    this.#followers = new Uint32Array(capacity + 1)
    this.#slots = new Uint32Array(slotCount(capacity))
  }

  /** How many series are known; the highest number. */
  get size(): number {
    return this.#count
  }

  /** What it holds in memory. */
  get byteLength(): number {
    return (
      this.#keys.byteLength +
      this.#offsets.byteLength +
      this.#hashes.byteLength +
      this.#followers.byteLength +
      this.#slots.byteLength
    )
  }

  /** The next series is the first of a scrape again. */
  rewind(): void {
    this.#last = ROOT
  }

  /** Length of the text of series `id`, in bytes. */
  textBytes(id: number): number {
    return (this.#offsets[id + 1] as number) - (this.#offsets[id] as number)
  }

  /**
   * The number of the series expected here, when its text stands at `start` and a blank follows it; otherwise 0.
   *
   * @param view over the same memory as `bytes`
   */
  predict(bytes: Uint8Array, view: DataView, start: number): number {
    const id = this.#followers[this.#last] as number
    if (id === 0) return 0
    const from = this.#offsets[id] as number
    const length = (this.#offsets[id + 1] as number) - from
    const end = start + length
    if (end >= bytes.length) return 0
    const after = bytes[end]
    if (after !== SPACE && after !== TAB) return 0
    if (length >= 8) {
      // Eight bytes at a time, the last eight overlapping those before: a third of the time of single bytes.
      const keyView = this.#keyView
      const lastWord = length - 8
      if (keyView.getBigInt64(from + lastWord, true) !== view.getBigInt64(start + lastWord, true)) return 0
      for (let at = 0; at < lastWord; at += 8) {
        if (keyView.getBigInt64(from + at, true) !== view.getBigInt64(start + at, true)) return 0
      }
    } else {
      const keys = this.#keys
      for (let at = 0; at < length; at++) if (keys[from + at] !== bytes[start + at]) return 0
    }
    this.#last = id
    return id
  }

  /** The number of the series whose text is `bytes[start, end)`, or 0. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(bytes, start, end)
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot] as number
      if (id === 0) return 0
      if (this.#hashes[id] === hash && this.#equals(id, bytes, start, end)) {
        this.#follow(id)
        return id
      }
    }
  }

  /** Takes up a series that `find` did not find. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const id = this.#count + 1
    if (id >= this.#hashes.length) this.#grow()
    const from = this.#offsets[id] as number
    const to = from + end - start
    if (to > this.#keys.length) this.#growKeys(to)
    this.#keys.set(bytes.subarray(start, end), from)
    this.#offsets[id + 1] = to
    const hash = hashBytes(bytes, start, end)
    this.#hashes[id] = hash
    this.#count = id
    if (id > this.#slots.length * MAX_FILL_SHARE) this.#rehash(this.#slots.length * 2)
    else this.#place(id, hash)
    this.#follow(id)
    return id
  }

  /**
   * Forgets the series for which `keeps` is false and numbers the others anew, in their old order.
   *
   * @returns the new number of each old one, 0 for those forgotten
   */
  compact(keeps: (id: number) => boolean): Uint32Array {
    const renumbered = new Uint32Array(this.#count + 1)
    let count = 0
    let keyEnd = 0
    for (let id = 1; id <= this.#count; id++) {
      if (!keeps(id)) continue
      count++
      renumbered[id] = count
      const from = this.#offsets[id] as number
      const to = this.#offsets[id + 1] as number
      this.#keys.copyWithin(keyEnd, from, to)
      this.#hashes[count] = this.#hashes[id] as number
      this.#offsets[count] = keyEnd
      keyEnd += to - from
    }
    const followers = new Uint32Array(count + 1)
    for (let id = 0; id <= this.#count; id++) {
      if (id !== ROOT && renumbered[id] === 0) continue
      followers[renumbered[id] as number] = renumbered[this.#followers[id] as number] as number
    }
    this.#keys = this.#keys.slice(0, keyEnd)
    this.#keyView = viewOf(this.#keys)
    this.#offsets = this.#offsets.slice(0, count + 2)
    this.#offsets[count + 1] = keyEnd
    this.#hashes = this.#hashes.slice(0, count + 1)
    this.#followers = followers
    this.#count = count
    this.#last = renumbered[this.#last] as number
    this.#rehash(slotCount(count))
    return renumbered
  }

  #follow(id: number): void {
    this.#followers[this.#last] = id
    this.#last = id
  }

  #equals(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#offsets[id] as number
    if ((this.#offsets[id + 1] as number) - from !== end - start) return false
    const keys = this.#keys
    for (let at = start; at < end; at++) if (keys[from + at - start] !== bytes[at]) return false
    return true
  }

  #place(id: number, hash: number): void {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = id
  }

  #rehash(slots: number): void {
    this.#slots = new Uint32Array(slots)
    for (let id = 1; id <= this.#count; id++) this.#place(id, this.#hashes[id] as number)
  }

  #grow(): void {
    const capacity = this.#hashes.length * 2
    this.#offsets = copyInto(new Uint32Array(capacity + 1), this.#offsets)
    this.#hashes = copyInto(new Int32Array(capacity), this.#hashes)
    this.#followers = copyInto(new Uint32Array(capacity), this.#followers)
  }

  #growKeys(needed: number): void {
    this.#keys = copyInto(new Uint8Array(Math.max(needed, this.#keys.length * 2)), this.#keys)
    this.#keyView = viewOf(this.#keys)
  }
}

/** FNV-1a of 32 bits. */
function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
  // The low bits choose the slot; fold the better mixed high ones in.
  return (hash ^ (hash >>> 15)) | 0
}

/** A power of two that leaves room at the fill share. */
function slotCount(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(16, capacity / MAX_FILL_SHARE + 1)))
}

function copyInto<T extends { set(source: T): void }>(target: T, source: T): T {
  target.set(source)
  return target
}

/** A view over the memory of `bytes`, with the same offsets. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
