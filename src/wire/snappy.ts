import { compress } from 'snappyjs'

/** Packs in Snappy's block format, as remote write wants it. */
export function packSnappy(bytes: Uint8Array): Uint8Array {
  return compress(bytes)
}
