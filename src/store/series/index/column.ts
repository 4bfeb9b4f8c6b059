/** A column of numbers that grows in place of its owner: what it is grown from can't be used any more. */
export type Column = Uint32Array<ArrayBuffer>

/** The same numbers with room for `length`, zeros behind them; the old memory is given back at once, not at the next collection. */
export function resized(column: Column, length: number): Column {
  return new Uint32Array(column.buffer.transfer(length * Uint32Array.BYTES_PER_ELEMENT))
}

/** Room for at least `needed`, a quarter more than there was. */
export function widened(column: Column, needed: number): Column {
  return resized(column, Math.max(needed, column.length + (column.length >>> 2), 16))
}
