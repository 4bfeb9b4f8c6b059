import { z } from 'zod'
import { show } from '../lib/show.ts'
import { formatDuration } from '../model/duration.ts'
import type { Beacon } from '../probe/connectivity.ts'
import { formatHostAndPort, hostAndPort, refuse } from '../probe/fields.ts'
import { positiveMs } from './fields.ts'

/** How midwatch finds out whether it has a way out itself. */
export interface ConnectivityConfig {
  /** When none of them answers there is no way out; empty when nobody asks. */
  readonly anyOf: readonly Beacon[]
  readonly everyMs: number
  readonly timeoutMs: number
}

const EXAMPLE = '1.1.1.1:53'
const DNS = 'dns:'
const tcpTarget = hostAndPort(EXAMPLE)
const dnsTarget = hostAndPort('dns:9.9.9.9', 53)

/** `1.1.1.1:53` to connect to, or `dns:9.9.9.9` to ask over UDP. */
const beacon = z
  .string({ error: `is not an address; write host:port, such as ${EXAMPLE}, or dns:9.9.9.9` })
  .transform((text, context): Beacon => {
    const kind = text.startsWith(DNS) ? 'dns' : 'tcp'
    const address = kind === 'dns' ? dnsTarget.safeParse(text.slice(DNS.length)) : tcpTarget.safeParse(text)
    if (!address.success) return refuse(context, address.error.issues[0]?.message ?? `${show(text)} is not an address`)
    return { kind, ...address.data }
  })

/** As it is written in the config. */
export function formatBeacon({ kind, ...address }: Beacon): string {
  return kind === 'dns' ? `${DNS}${formatHostAndPort(address)}` : formatHostAndPort(address)
}

export const connectivity = z
  .strictObject({
    any_of: z
      .array(beacon, { error: `is not a list; write [${EXAMPLE}, 9.9.9.9:53]` })
      .default([])
      .describe(
        'Addresses outside: `1.1.1.1:53` is connected to, `dns:9.9.9.9` is asked. While none answers, outside checks are unknown.',
      ),
    every: positiveMs.default(15_000).describe('How often they are tried; besides, whenever an outside check fails.'),
    timeout: positiveMs.default(3000).describe('How long one may take to answer.'),
  })
  .transform((written, context): ConnectivityConfig => {
    const { any_of: anyOf, every: everyMs, timeout: timeoutMs } = written
    if (timeoutMs > everyMs) {
      const message = `is longer than every (${formatDuration(everyMs)}); write at most that, or a longer every`
      context.addIssue({ code: 'custom', message, path: ['timeout'], input: written })
    }
    return { anyOf, everyMs, timeoutMs }
  })
