const MASK = 0xffff_ffff_ffff_ffffn
const P1 = 0x9e3779b185ebca87n
const P2 = 0xc2b2ae3d27d4eb4fn
const P3 = 0x165667b19e3779f9n
const P4 = 0x85ebca77c2b2ae63n
const P5 = 0x27d4eb2f165667c5n

/**
 * XXH64 with seed 0.
 *
 * @see https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
 */
export function xxhash64(data: Buffer): bigint {
  const times = (a: bigint, b: bigint) => (a * b) & MASK
  const plus = (a: bigint, b: bigint) => (a + b) & MASK
  const turn = (a: bigint, bits: bigint) => ((a << bits) | (a >> (64n - bits))) & MASK
  const round = (lane: bigint, input: bigint) => times(turn(plus(lane, times(input, P2)), 31n), P1)
  let at = 0
  let hash = P5
  if (data.length >= 32) {
    let lanes = [plus(P1, P2), P2, 0n, (MASK + 1n - P1) & MASK]
    for (; at + 32 <= data.length; at += 32) {
      lanes = lanes.map((lane, i) => round(lane, data.readBigUInt64LE(at + 8 * i)))
    }
    hash = lanes.reduce((sum, lane, i) => plus(sum, turn(lane, [1n, 7n, 12n, 18n][i] as bigint)), 0n)
    for (const lane of lanes) hash = plus(times(hash ^ round(0n, lane), P1), P4)
  }
  hash = plus(hash, BigInt(data.length))
  for (; at + 8 <= data.length; at += 8) {
    hash = plus(times(turn(hash ^ round(0n, data.readBigUInt64LE(at)), 27n), P1), P4)
  }
  if (at + 4 <= data.length) {
    hash = plus(times(turn(hash ^ times(BigInt(data.readUInt32LE(at)), P1), 23n), P2), P3)
    at += 4
  }
  for (; at < data.length; at++) hash = times(turn(hash ^ times(BigInt(data[at] as number), P5), 11n), P1)
  hash = times(hash ^ (hash >> 33n), P2)
  hash = times(hash ^ (hash >> 29n), P3)
  return hash ^ (hash >> 32n)
}

/** How far behind the multiples of its interval Prometheus evaluates a group: it takes that from the group's name and file. */
export function slotOffsetMs(file: string, name: string, intervalMs: number): number {
  const bytes = [...['file', file, 'name', name].flatMap((text) => [Buffer.from(text), Buffer.of(0xff)])]
  return Number(xxhash64(Buffer.concat(bytes)) % BigInt(intervalMs * 1_000_000)) / 1_000_000
}

/** The first name that begins like this and whose group is evaluated at most `withinMs` behind the multiples of its interval. */
export function nameOnGrid(file: string, base: string, intervalMs: number, withinMs: number): string {
  for (let i = 0; ; i++) {
    const name = `${base} ${i}`
    if (slotOffsetMs(file, name, intervalMs) <= withinMs) return name
  }
}
