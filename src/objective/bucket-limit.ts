/** The condition that picks one bucket of a histogram: Prometheus 3 writes whole limits as 1.0, others as 1. */
export function bucketMatcher(limit: number): string {
  return Number.isInteger(limit) ? `le=~"${limit}([.]0)?"` : `le="${limit}"`
}
