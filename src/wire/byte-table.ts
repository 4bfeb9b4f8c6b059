/** Load above which the hash table doubles. */
const MAX_FILL_SHARE = 0.6

/** Gives a dense number to every different run of bytes, from 1 on. */
export class ByteTable {
  #keys = new Uint8Array(1024)
  /** Where the bytes of a number begin in `#keys`; the one after it says where they end. */
  #offsets = new Uint32Array(64)
  #hashes = new Int32Array(64)
  /** Open addressing with linear probing; 0 is a free slot. */
  #slots = new Uint32Array(128)
  #count = 0

  /** The number of `bytes[start, end)`, or 0. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashBytes(bytes, start, end)
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot] as number
      if (number === 0) return 0
      if (this.#hashes[number] === hash && this.#equals(number, bytes, start, end)) return number
    }
  }

  /** Takes up what `find` did not find. */
  add(bytes: Uint8Array, start: number, end: number): number {
    const number = ++this.#count
    if (number + 1 >= this.#offsets.length) this.#grow()
    const from = this.#offsets[number] as number
    const to = from + end - start
    if (to > this.#keys.length) {
      this.#keys = new Uint8Array(this.#keys.buffer.transfer(Math.max(to, this.#keys.length * 2)))
    }
    for (let at = start; at < end; at++) this.#keys[from + at - start] = bytes[at] as number
    this.#offsets[number + 1] = to
    this.#hashes[number] = hashBytes(bytes, start, end)
    if (number > this.#slots.length * MAX_FILL_SHARE) this.#rehash()
    else this.#place(number)
    return number
  }

  #equals(number: number, bytes: Uint8Array, start: number, end: number): boolean {
    const from = this.#offsets[number] as number
    if ((this.#offsets[number + 1] as number) - from !== end - start) return false
    const keys = this.#keys
    for (let at = start; at < end; at++) if (keys[from + at - start] !== bytes[at]) return false
    return true
  }

  #place(number: number): void {
    const mask = this.#slots.length - 1
    let slot = (this.#hashes[number] as number) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = number
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2)
    for (let number = 1; number <= this.#count; number++) this.#place(number)
  }

  #grow(): void {
    const bytes = this.#offsets.byteLength * 2
    this.#offsets = new Uint32Array(this.#offsets.buffer.transfer(bytes))
    this.#hashes = new Int32Array(this.#hashes.buffer.transfer(bytes))
  }
}

/** FNV-1a of 32 bits. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
  // The low bits choose the slot; fold the better mixed high ones in.
  return (hash ^ (hash >>> 15)) | 0
}
