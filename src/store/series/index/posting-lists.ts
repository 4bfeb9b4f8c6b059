import { type Column, resized, widened } from './column.ts'

/** How much room a short list may have; the class of a list is a place in here. A list of one stands in its term's column. */
const ROOMS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256] as const
const LONGEST = 256
/** The class of a list that has an array of its own. */
const OWN = ROOMS.length
/** Numbers that are gone are swept from a list before it is read, or when they are this many and half of it. */
const MANY_GONE = 64

/**
 * For each term the numbers of the series that have it, ascending.
 *
 * Most terms of some label (a pod's name, a request's path) have few series: their lists share one array, in blocks of
 * some sizes, since an array of its own costs as much as a hundred numbers.
 */
export class PostingLists {
  #blocks: Column = new Uint32Array(256)
  #blocksEnd = 1
  /** By class: the first free block, which says where the next one is; 0 is none. */
  readonly #freeBlocks = new Uint32Array(ROOMS.length)
  readonly #arrays: Column[] = []
  readonly #freeArrays: number[] = []

  // By term.
  #classes = new Uint8Array(64)
  /** The only number itself, where its block begins, or which array it is; by class. */
  #places: Column = new Uint32Array(64)
  #lengths: Column = new Uint32Array(64)
  #gone: Column = new Uint32Array(64)

  get byteLength(): number {
    const columns = [this.#blocks, this.#classes, this.#places, this.#lengths, this.#gone, ...this.#arrays]
    return columns.reduce((sum, column) => sum + column.byteLength, 0)
  }

  /** How many series have the term. */
  count(term: number): number {
    return term < this.#lengths.length ? (this.#lengths[term] as number) - (this.#gone[term] as number) : 0
  }

  /** `ref` has to be greater than those before. */
  add(term: number, ref: number): void {
    if (term >= this.#lengths.length) this.#grow(term + 1)
    const length = this.#lengths[term] as number
    if (length === 0) {
      this.#classes[term] = 0
      this.#places[term] = ref
    } else {
      if (length === this.#room(term)) this.#move(term, length + 1)
      this.array(term)[this.start(term) + length] = ref
    }
    this.#lengths[term] = length + 1
  }

  /**
   * One of the term's series is gone; `isThere` says which ones are left.
   *
   * @returns how many are left
   */
  forget(term: number, isThere: (ref: number) => boolean): number {
    const gone = (this.#gone[term] as number) + 1
    this.#gone[term] = gone
    const left = (this.#lengths[term] as number) - gone
    if (left === 0) this.#clear(term)
    else if (gone > MANY_GONE && gone > left) this.sweep(term, isThere)
    return left
  }

  /** Takes numbers of series that are gone out of the list. */
  sweep(term: number, isThere: (ref: number) => boolean): void {
    if (this.#gone[term] === 0) return
    const array = this.array(term)
    const start = this.start(term)
    const end = start + (this.#lengths[term] as number)
    let to = start
    for (let at = start; at < end; at++) if (isThere(array[at] as number)) array[to++] = array[at] as number
    this.#lengths[term] = to - start
    this.#gone[term] = 0
    if ((to - start) * 2 < this.#room(term)) this.#move(term, to - start)
  }

  /** Where the list is, from `start(term)` on; until the next change. */
  array(term: number): Uint32Array {
    const kind = this.#classes[term] as number
    if (kind === 0) return this.#places
    return kind === OWN ? (this.#arrays[this.#places[term] as number] as Column) : this.#blocks
  }

  start(term: number): number {
    const kind = this.#classes[term] as number
    return kind === 0 ? term : kind === OWN ? 0 : (this.#places[term] as number)
  }

  /** How long the list is in the array, numbers that are gone included until `sweep`. */
  length(term: number): number {
    return this.#lengths[term] as number
  }

  #room(term: number): number {
    const kind = this.#classes[term] as number
    return kind === OWN ? this.array(term).length : (ROOMS[kind] as number)
  }

  /** To a place with room for `needed`. */
  #move(term: number, needed: number): void {
    const length = Math.min(this.#lengths[term] as number, needed)
    if (needed > LONGEST && this.#classes[term] === OWN) {
      const number = this.#places[term] as number
      const array = this.#arrays[number] as Column
      this.#arrays[number] = needed > array.length ? widened(array, needed) : resized(array, needed + (needed >>> 2))
      return
    }
    const start = this.start(term)
    const list = this.array(term).slice(start, start + length)
    this.#release(term)
    if (needed > LONGEST) {
      const array = new Uint32Array(needed + (needed >>> 2))
      array.set(list)
      this.#places[term] = this.#freeArrays.pop() ?? this.#arrays.length
      this.#arrays[this.#places[term] as number] = array
      this.#classes[term] = OWN
      return
    }
    const kind = ROOMS.findIndex((room) => room >= needed)
    this.#classes[term] = kind
    if (kind === 0) this.#places[term] = list[0] as number
    else {
      const place = this.#block(kind)
      this.#places[term] = place
      this.#blocks.set(list, place)
    }
  }

  #block(kind: number): number {
    const free = this.#freeBlocks[kind] as number
    if (free !== 0) {
      this.#freeBlocks[kind] = this.#blocks[free] as number
      return free
    }
    const place = this.#blocksEnd
    this.#blocksEnd = place + (ROOMS[kind] as number)
    if (this.#blocksEnd > this.#blocks.length) this.#blocks = widened(this.#blocks, this.#blocksEnd)
    return place
  }

  /** Gives back the place where a list stood. */
  #release(term: number): void {
    const kind = this.#classes[term] as number
    const place = this.#places[term] as number
    if (kind === OWN) {
      this.#arrays[place] = new Uint32Array(0)
      this.#freeArrays.push(place)
    } else if (kind !== 0) {
      this.#blocks[place] = this.#freeBlocks[kind] as number
      this.#freeBlocks[kind] = place
    }
  }

  #clear(term: number): void {
    this.#release(term)
    this.#classes[term] = 0
    this.#lengths[term] = 0
    this.#gone[term] = 0
  }

  #grow(needed: number): void {
    this.#places = widened(this.#places, needed)
    this.#lengths = resized(this.#lengths, this.#places.length)
    this.#gone = resized(this.#gone, this.#places.length)
    this.#classes = new Uint8Array(this.#classes.buffer.transfer(this.#places.length))
  }
}
