import type { ProbeContext } from '../../src/probe/probe.ts'

/** What a run of a probe gets in tests: five seconds, any address, and no series to query. */
export function probeContext({ timeoutMs = 5_000, ...given }: Partial<ProbeContext> = {}): ProbeContext {
  return {
    signal: AbortSignal.timeout(timeoutMs),
    timeoutMs,
    addressPolicy: 'any',
    query: async () => [],
    ...given,
  }
}
