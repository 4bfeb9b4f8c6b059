import { connect } from 'node:net'
import type { Finding } from '../../src/model/finding.ts'
import type { ProbeContext } from '../../src/probe/probe.ts'
import { listenTcp } from './listen.ts'

/** What a run of a probe gets in tests: more time than any answer on a busy machine takes, any address, no series to query. */
export function probeContext({ timeoutMs = 30_000, ...given }: Partial<ProbeContext> = {}): ProbeContext {
  return {
    signal: AbortSignal.timeout(timeoutMs),
    timeoutMs,
    addressPolicy: 'any',
    query: async () => [],
    ...given,
  }
}

/**
 * What a probe finds whose time is over when a target in this process has done what it does: then, and not after so many
 * milliseconds, in which a busy machine may not even have connected.
 *
 * @param hasActed asked again and again
 */
export async function findingWhenOver(
  run: (context: ProbeContext) => Promise<Finding>,
  hasActed: () => boolean,
  given: Partial<ProbeContext> = {},
): Promise<Finding> {
  const over = new AbortController()
  const running = run(probeContext({ ...given, signal: over.signal }))
  while (!hasActed()) await new Promise((resolve) => setImmediate(resolve))
  await thereAndBack()
  over.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
  return running
}

/** What was written on loopback before has been read afterwards. */
async function thereAndBack(): Promise<void> {
  await using server = await listenTcp((socket) => socket.pipe(socket))
  const socket = connect(server.port, '127.0.0.1')
  for (let i = 0; i < 3; i++) {
    socket.write('x')
    await new Promise((resolve) => socket.once('data', resolve))
  }
  socket.destroy()
}
