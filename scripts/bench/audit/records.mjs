/** Four words of a scattered number, as the hex digits of a trace id; the same number always gives the same id. */
export function traceOf(number) {
  let id = ''
  for (const salt of [0x2545f491, 0x68e31da4, 0x1b56c4e9, 0x7f4a7c15]) {
    let word = Math.imul(number ^ salt, 0x9e3779b1)
    word = Math.imul(word ^ (word >>> 15), 0x85ebca77)
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae3d)
    id += ((word ^ (word >>> 16)) >>> 0).toString(16).padStart(8, '0')
  }
  return id
}

/** The numbers of the traces of `records` records, four of each, in no order: nothing of one trace stands together. */
export function shuffledTraces(records) {
  const traces = Uint32Array.from({ length: records }, (_, i) => i >>> 2)
  let seed = 1
  for (let i = records - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    const j = Math.floor((seed / 2 ** 32) * (i + 1))
    const swapped = traces[i]
    traces[i] = traces[j]
    traces[j] = swapped
  }
  return traces
}

const START_MS = Date.UTC(2026, 0, 1)

/** A record as the audit trail hands it to the store. */
export function entryOf(i, trace) {
  return {
    atMs: START_MS + i,
    receivedMs: START_MS + i,
    traceId: traceOf(trace),
    spanId: null,
    event: 'order.created',
    actor: `user-${i % 5000}`,
    action: 'create',
    resource: `order/${i}`,
    outcome: 'success',
    durationMs: i % 1000,
    body: JSON.stringify({
      amount: i % 10_000,
      currency: 'EUR',
      customer: `c-${i % 100_000}`,
      channel: 'web',
      items: 3,
    }),
  }
}
