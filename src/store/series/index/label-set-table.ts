import type { Column } from './column.ts'
import type { LabelRecords } from './label-records.ts'

/** Load above which the table doubles. */
const MAX_FILL_SHARE = 0.7
const MIN_SLOTS = 16

/** Finds the series that has exactly these terms: open addressing with linear probing over hashes and numbers of series. */
export class LabelSetTable {
  readonly #records: LabelRecords
  /** Two words a slot: the hash and the number of the series, 0 where the slot is free. */
  #slots: Column = new Uint32Array(MIN_SLOTS * 2)
  #size = 0

  constructor(records: LabelRecords) {
    this.#records = records
  }

  get byteLength(): number {
    return this.#slots.byteLength
  }

  /** The series with these terms, or 0. */
  find(terms: Uint32Array, count: number): number {
    const slots = this.#slots
    const mask = slots.length / 2 - 1
    const hash = hashOf(terms, 0, count)
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const ref = slots[slot * 2 + 1] as number
      if (ref === 0) return 0
      if (slots[slot * 2] === hash && this.#records.equals(ref, terms, count)) return ref
    }
  }

  /** Makes room for so many series. */
  reserve(series: number): void {
    const slots = 2 ** Math.ceil(Math.log2(series / MAX_FILL_SHARE))
    if (slots * 2 > this.#slots.length) this.#resize(slots * 2)
  }

  /** Takes up a series that is in the records and was not here. */
  add(ref: number): void {
    if (++this.#size > (this.#slots.length / 2) * MAX_FILL_SHARE) this.#resize(this.#slots.length * 2)
    this.#put(this.#hashOf(ref), ref)
  }

  /** The series has to be in the records still. */
  remove(ref: number): void {
    const slots = this.#slots
    const mask = slots.length / 2 - 1
    let hole = this.#hashOf(ref) & mask
    while (slots[hole * 2 + 1] !== ref) {
      if (slots[hole * 2 + 1] === 0) return
      hole = (hole + 1) & mask
    }
    // What stands behind moves up where it may: a hole would end the search for it.
    for (let slot = (hole + 1) & mask; slots[slot * 2 + 1] !== 0; slot = (slot + 1) & mask) {
      const home = (slots[slot * 2] as number) & mask
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      slots[hole * 2] = slots[slot * 2] as number
      slots[hole * 2 + 1] = slots[slot * 2 + 1] as number
      hole = slot
    }
    slots[hole * 2 + 1] = 0
    this.#size--
    if (slots.length > MIN_SLOTS * 2 && this.#size * 16 < slots.length) this.#resize(slots.length / 2)
  }

  #put(hash: number, ref: number): void {
    const slots = this.#slots
    const mask = slots.length / 2 - 1
    let slot = hash & mask
    while (slots[slot * 2 + 1] !== 0) slot = (slot + 1) & mask
    slots[slot * 2] = hash
    slots[slot * 2 + 1] = ref
  }

  #resize(words: number): void {
    const old = this.#slots
    this.#slots = new Uint32Array(words)
    for (let i = 0; i < old.length; i += 2) if (old[i + 1] !== 0) this.#put(old[i] as number, old[i + 1] as number)
  }

  #hashOf(ref: number): number {
    const { words } = this.#records
    const place = this.#records.place(ref)
    return hashOf(words, place + 1, words[place] as number)
  }
}

function hashOf(terms: Uint32Array, start: number, count: number): number {
  let hash = count
  for (let i = start; i < start + count; i++) {
    hash = Math.imul(hash ^ (terms[i] as number), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return hash >>> 0
}
