/** Writes numbers into bytes that grow as needed. */
export class ByteWriter {
  #bytes: Buffer
  #length = 0

  constructor(capacity = 1024) {
    this.#bytes = Buffer.allocUnsafe(capacity)
  }

  get length(): number {
    return this.#length
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  uint32(value: number): void {
    this.#reserve(4)
    this.#length = this.#bytes.writeUInt32LE(value, this.#length)
  }

  double(value: number): void {
    this.#reserve(8)
    this.#length = this.#bytes.writeDoubleLE(value, this.#length)
  }

  /** A whole number from 0 to 2^54. */
  varint(value: number): void {
    this.#reserve(8)
    const bytes = this.#bytes
    let rest = value
    while (rest >= 0x80) {
      bytes[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    bytes[this.#length++] = rest
  }

  /** A whole number from -2^53 to 2^53, small ones short. */
  signed(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2)
  }

  copy(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  setUint32(offset: number, value: number): void {
    this.#bytes.writeUInt32LE(value, offset)
  }

  /** What was written, until the next write. */
  view(from = 0): Buffer {
    return this.#bytes.subarray(from, this.#length)
  }

  /** A copy of what was written; empty afterwards. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length))
    this.#length = 0
    return taken
  }

  clear(): void {
    this.#length = 0
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(this.#bytes.length * 2 + count)
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

/** Reads what `ByteWriter` wrote. Throws RangeError when the bytes end too early. */
export class ByteReader {
  readonly #bytes: Uint8Array
  // Of a Buffer, numbers are put together byte by byte.
  readonly #view: DataView
  offset: number

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.offset = offset
  }

  byte(): number {
    if (this.offset >= this.#bytes.length) throw new RangeError('it ends too early')
    return this.#bytes[this.offset++] as number
  }

  uint32(): number {
    const value = this.#view.getUint32(this.offset, true)
    this.offset += 4
    return value
  }

  double(): number {
    const value = this.#view.getFloat64(this.offset, true)
    this.offset += 8
    return value
  }

  varint(): number {
    let byte = this.byte()
    if (byte < 0x80) return byte
    let value = byte & 0x7f
    let factor = 0x80
    do {
      byte = this.byte()
      value += (byte & 0x7f) * factor
      factor *= 0x80
      if (factor > 2 ** 63) throw new RangeError('a number is too long')
    } while (byte >= 0x80)
    return value
  }

  signed(): number {
    const value = this.varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  take(count: number): Buffer {
    if (this.offset + count > this.#bytes.length) throw new RangeError('it ends too early')
    this.offset += count
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + this.offset - count, count)
  }
}
