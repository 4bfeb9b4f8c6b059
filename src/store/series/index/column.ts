/** A column of numbers that grows in place of its owner: what it is grown from can't be used any more. */
export type Column = Uint32Array<ArrayBuffer>

/** The same numbers with room for `length`, zeros behind them; the old memory is given back at once, not at the next collection. */
export function resized(column: Column, length: number): Column {
  return new Uint32Array(column.buffer.transfer(length * Uint32Array.BYTES_PER_ELEMENT))
}

/** From this length on a column that is moved costs more than one that is too long. */
const LONG = 2 ** 16

/** Room for at least `needed`: half as much again as there was, for a long column a quarter. */
export function widened(column: Column, needed: number): Column {
  const more = column.length < LONG ? column.length >>> 1 : column.length >>> 2
  return resized(column, Math.max(needed, column.length + more, 16))
}
