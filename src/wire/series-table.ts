import { hashBytes } from './byte-table.ts'

const SPACE = 32
const TAB = 9
const ROOT = 0
/** Load above which the hash table doubles. */
const MAX_FILL_SHARE = 0.6
/** A text in full comes at least this often, so that no text is far from one. */
const FULL_EVERY = 16
const MAX_SHARED = 0xffff
const WORD = 8

/**
 * Remembers the texts of a target's series (`name{a="b"}`, as bytes) with a dense number each, so that a series that has
 * been seen before costs one comparison and no parsing.
 *
 * A target writes its series in the same order every time, so the series expected next is the one that followed last
 * time; only when that fails is the text looked up by hash. Numbers start at 1; 0 stands for none.
 *
 * Neighbours differ in a few letters: of most texts only those are kept, and how much they share with the text of the number
 * before. What is read has that text at hand as well, and is compared with it there.
 */
export class SeriesTable {
  /** Of each text what it does not share with the one before. */
  #keys: Uint8Array<ArrayBuffer>
  #keyView: DataView
  /** Where the part of a number begins in `#keys`; the one after it says where it ends. */
  #offsets: Uint32Array<ArrayBuffer>
  /** How many bytes the text begins with (upper half) and ends with (lower half) that are those of the number before. */
  #shared: Uint32Array<ArrayBuffer>
  #hashes: Int32Array<ArrayBuffer>
  /** The number that followed a number when it was last seen. */
  #followers: Uint32Array<ArrayBuffer>
  /** Open addressing with linear probing; 0 is a free slot. */
  #slots: Uint32Array<ArrayBuffer>
  #count = 0
  /** Of the text that was looked up last. */
  #hash = 0
  #last = ROOT
  /** Where the text of `#last` stands. */
  #lastBytes: Uint8Array | undefined
  #lastStart = 0
  #lastEnd = 0

  /** A text in one piece, of which number, and its length. */
  #text = new Uint8Array(256)
  #textId = ROOT
  #textBytes = 0

  constructor(capacity = 16, keyBytes = 1024) {
    this.#keys = new Uint8Array(keyBytes)
    this.#keyView = viewOf(this.#keys)
    this.#offsets = new Uint32Array(capacity + 2)
    this.#shared = new Uint32Array(capacity + 1)
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
    return [this.#keys, this.#offsets, this.#shared, this.#hashes, this.#followers, this.#slots, this.#text].reduce(
      (sum, column) => sum + column.byteLength,
      0,
    )
  }

  /** The next series is the first of a scrape again; the bytes of the scrape before are let go. */
  rewind(): void {
    this.#last = ROOT
    this.#lastBytes = undefined
  }

  /** Where the text ends that was predicted, found or added last. */
  get end(): number {
    return this.#lastEnd
  }

  /**
   * The number of the series expected here, when its text stands at `start` and a blank follows it; otherwise 0.
   *
   * @param view over the same memory as `bytes`
   */
  predict(bytes: Uint8Array, view: DataView, start: number): number {
    const last = this.#last
    const id = this.#followers[last] as number
    if (id === 0) return 0
    const shared = this.#shared[id] as number
    const prefix = shared >>> 16
    const suffix = shared & 0xffff
    const from = this.#offsets[id] as number
    const own = (this.#offsets[id + 1] as number) - from
    const end = start + prefix + own + suffix
    if (end >= bytes.length) return 0
    const after = bytes[end]
    if (after !== SPACE && after !== TAB) return 0
    if (shared !== 0 && (last !== id - 1 || this.#lastBytes !== bytes)) {
      if (!this.#equals(id, bytes, start, end)) return 0
    } else if (own >= WORD) {
      // Word by word, the last one of the own part overlapping the one before: a third of the time of single bytes.
      const keyView = this.#keyView
      const ownAt = start + prefix
      const lastWord = own - WORD
      if (keyView.getBigInt64(from + lastWord, true) !== view.getBigInt64(ownAt + lastWord, true)) return 0
      for (let at = 0; at < lastWord; at += WORD) {
        if (keyView.getBigInt64(from + at, true) !== view.getBigInt64(ownAt + at, true)) return 0
      }
      const before = this.#lastStart
      for (let at = 0; at < prefix; at += WORD) {
        if (view.getBigInt64(before + at, true) !== view.getBigInt64(start + at, true)) return 0
      }
      const beforeEnd = this.#lastEnd
      for (let at = suffix; at > 0; at -= WORD) {
        if (view.getBigInt64(beforeEnd - at, true) !== view.getBigInt64(end - at, true)) return 0
      }
    } else {
      const keys = this.#keys
      for (let at = 0; at < own; at++) if (keys[from + at] !== bytes[start + at]) return 0
    }
    this.#last = id
    if (this.#lastBytes !== bytes) this.#lastBytes = bytes
    this.#lastStart = start
    this.#lastEnd = end
    return id
  }

  /** The number of the series whose text is `bytes[start, end)`, or 0. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(bytes, start, end)
    this.#hash = hash
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = this.#slots[slot] as number
      if (id === 0) return 0
      if (this.#hashes[id] === hash && this.#equals(id, bytes, start, end)) {
        this.#follow(id, bytes, start, end)
        return id
      }
    }
  }

  /** Takes up the series that `find` was asked for last and did not find. */
  add(bytes: Uint8Array, start: number, end: number): number {
    if (this.#textId !== this.#count) this.#show(this.#count)
    const id = this.#append(bytes, start, end)
    const hash = this.#hash
    this.#hashes[id] = hash
    if (id > this.#slots.length * MAX_FILL_SHARE) this.#rehash(this.#slots.length * 2)
    else this.#place(id, hash)
    this.#follow(id, bytes, start, end)
    return id
  }

  /**
   * Forgets the series for which `keeps` is false and numbers the others anew, in their old order.
   *
   * @returns the new number of each old one, 0 for those forgotten
   */
  compact(keeps: (id: number) => boolean): Uint32Array {
    const renumbered = new Uint32Array(this.#count + 1)
    const kept = new SeriesTable(this.#count, this.#keys.length)
    for (let id = 1; id <= this.#count; id++) {
      this.#show(id)
      if (!keeps(id)) continue
      const now = kept.#append(this.#text, 0, this.#textBytes)
      kept.#hashes[now] = this.#hashes[id] as number
      renumbered[id] = now
    }
    for (let id = 0; id <= this.#count; id++) {
      if (id !== ROOT && renumbered[id] === 0) continue
      kept.#followers[renumbered[id] as number] = renumbered[this.#followers[id] as number] as number
    }
    const count = kept.#count
    this.#keys = kept.#keys.slice(0, kept.#offsets[count + 1])
    this.#keyView = viewOf(this.#keys)
    this.#offsets = kept.#offsets.slice(0, count + 2)
    this.#shared = kept.#shared.slice(0, count + 1)
    this.#hashes = kept.#hashes.slice(0, count + 1)
    this.#followers = kept.#followers.slice(0, count + 1)
    this.#count = count
    this.#last = renumbered[this.#last] as number
    this.#lastBytes = undefined
    this.#textId = ROOT
    this.#textBytes = 0
    this.#rehash(slotCount(count))
    return renumbered
  }

  #follow(id: number, bytes: Uint8Array, start: number, end: number): void {
    this.#followers[this.#last] = id
    this.#last = id
    this.#lastBytes = bytes
    this.#lastStart = start
    this.#lastEnd = end
  }

  /** Puts a text behind the others, the last of which is the one in `#text`. */
  #append(bytes: Uint8Array, start: number, end: number): number {
    const id = this.#count + 1
    if (id >= this.#hashes.length) this.#grow()
    const text = this.#text
    const before = this.#textBytes
    let prefix = 0
    let suffix = 0
    if (id % FULL_EVERY !== 0) {
      const most = Math.min(end - start, before, MAX_SHARED)
      while (prefix < most && bytes[start + prefix] === text[prefix]) prefix++
      while (suffix < most - prefix && bytes[end - 1 - suffix] === text[before - 1 - suffix]) suffix++
      // Whole words, for `predict`; the own part has one at least.
      prefix -= prefix % WORD
      suffix -= suffix % WORD
      if (end - start - prefix - suffix < WORD) {
        if (suffix > 0) suffix -= WORD
        else prefix = Math.max(0, prefix - WORD)
      }
    }
    this.#shared[id] = prefix * 2 ** 16 + suffix
    const from = this.#offsets[id] as number
    const to = from + end - start - prefix - suffix
    if (to > this.#keys.length) this.#growKeys(to)
    const keys = this.#keys
    for (let at = from, there = start + prefix; at < to; at++, there++) keys[at] = bytes[there] as number
    this.#offsets[id + 1] = to
    this.#count = id
    this.#extend(id)
    return id
  }

  #equals(id: number, bytes: Uint8Array, start: number, end: number): boolean {
    const shared = this.#shared[id] as number
    const own = (this.#offsets[id + 1] as number) - (this.#offsets[id] as number)
    if ((shared >>> 16) + own + (shared & 0xffff) !== end - start) return false
    this.#show(id)
    const text = this.#text
    for (let at = start; at < end; at++) if (text[at - start] !== bytes[at]) return false
    return true
  }

  /** Puts the text of a number into `#text`. */
  #show(id: number): void {
    if (id === this.#textId) return
    let from = id
    while (this.#shared[from] !== 0 && from - 1 !== this.#textId) from--
    for (let each = from; each <= id; each++) this.#extend(each)
  }

  /** Makes `#text`, when it is the text of the number before `id` or `id` shares nothing with it, that of `id`. */
  #extend(id: number): void {
    const shared = this.#shared[id] as number
    const prefix = shared >>> 16
    const suffix = shared & 0xffff
    const from = this.#offsets[id] as number
    const own = (this.#offsets[id + 1] as number) - from
    const length = prefix + own + suffix
    const before = this.#textBytes
    if (length > this.#text.length) this.#growText(length)
    const text = this.#text
    if (length !== before && suffix > 0) text.copyWithin(length - suffix, before - suffix, before)
    const keys = this.#keys
    for (let at = 0; at < own; at++) text[prefix + at] = keys[from + at] as number
    this.#textId = id
    this.#textBytes = length
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
    this.#shared = copyInto(new Uint32Array(capacity), this.#shared)
    this.#hashes = copyInto(new Int32Array(capacity), this.#hashes)
    this.#followers = copyInto(new Uint32Array(capacity), this.#followers)
  }

  #growKeys(needed: number): void {
    this.#keys = copyInto(new Uint8Array(Math.max(needed, this.#keys.length * 2)), this.#keys)
    this.#keyView = viewOf(this.#keys)
  }

  #growText(needed: number): void {
    this.#text = copyInto(new Uint8Array(needed * 2), this.#text)
  }
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
