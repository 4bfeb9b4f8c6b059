interface Backoff {
  readonly firstMs: number
  readonly factor: number
  readonly maxMs: number
  /** Part of the delay that is drawn by chance, 0 to 1, so that many retries do not come together. */
  readonly jitterShare: number
}

/**
 * How long to wait before try number `attempt` (1 is the first repetition).
 *
 * @returns milliseconds, within ± `jitterShare` of the exponential curve and never above `maxMs`
 */
export function backoffMs(
  attempt: number,
  { firstMs, factor, maxMs, jitterShare }: Backoff,
  random = Math.random,
): number {
  const planMs = Math.min(firstMs * factor ** (attempt - 1), maxMs)
  return Math.min(planMs * (1 - jitterShare + 2 * jitterShare * random()), maxMs)
}
