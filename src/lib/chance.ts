import { randomBytes, randomFillSync } from 'node:crypto'

const POOL_BYTES = 4096

const pool = Buffer.alloc(POOL_BYTES)
let usedBytes = POOL_BYTES

/**
 * Bytes that nobody can guess, to be used or copied at once: later calls write over them. Asking the system for 16 of them
 * costs much the same as for 4,000, so they are had in stock.
 */
export function chance(bytes: number): Buffer {
  if (bytes > POOL_BYTES) return randomBytes(bytes)
  if (usedBytes + bytes > POOL_BYTES) {
    randomFillSync(pool)
    usedBytes = 0
  }
  usedBytes += bytes
  return pool.subarray(usedBytes - bytes, usedBytes)
}
