import { type Address, type AddressPolicy, addressBytes, resolveAddress } from '../lib/address.ts'
import { systemClock } from '../lib/clock.ts'
import { isSecretKey } from '../lib/redact.ts'
import type { ProbeMetric } from '../model/finding.ts'
import type { ProbeContext, ProbeMetricDoc } from './probe.ts'

/** The metrics of a `Lookup`. */
export const lookupMetrics = {
  probe_dns_lookup_time_seconds: { help: 'Time that the lookup of the target name took.' },
  probe_ip_protocol: { help: 'IP version that was used: 4 or 6, 0 when the name was not resolved.' },
  probe_ip_addr_hash: { help: 'FNV-1a hash of the address, to see when it changes; 0 when the name was not resolved.' },
} as const satisfies Record<string, ProbeMetricDoc>

/** The name of one target, looked up once in a run. Connect to its address, not to the name again. */
export class Lookup {
  #seconds = 0
  #address: Address | undefined

  /** @throws ForbiddenAddressError, the resolver's error, or the signal's reason */
  async resolve(host: string, context: ProbeContext, prefer?: 4 | 6): Promise<Address> {
    const startMs = systemClock.monotonicMs()
    try {
      this.#address = await resolveTarget(host, context, prefer)
      return this.#address
    } finally {
      this.#seconds = (systemClock.monotonicMs() - startMs) / 1000
    }
  }

  metrics(): ProbeMetric[] {
    const address = this.#address
    return [
      { name: 'probe_dns_lookup_time_seconds', value: this.#seconds },
      { name: 'probe_ip_protocol', value: address?.family ?? 0 },
      { name: 'probe_ip_addr_hash', value: address === undefined ? 0 : addressHash(address.address) },
    ]
  }
}

/**
 * The address of a host under the policy of the run. Where a name has addresses of both families IPv4 is taken unless
 * told otherwise: many containers resolve IPv6 without being able to reach it.
 *
 * @throws ForbiddenAddressError, the resolver's error (`ENOTFOUND`, `EAI_AGAIN`), or the signal's reason
 */
export async function resolveTarget(host: string, context: ProbeContext, prefer: 4 | 6 = 4): Promise<Address> {
  const { signal, addressPolicy, visited } = context
  signal.throwIfAborted()
  // RFC 6761 section 6.3: a name that always means loopback needs no resolver.
  const name = host === 'localhost' ? (prefer === 6 ? '::1' : '127.0.0.1') : host
  visited?.(name, undefined)
  const found = await resolveAddress(name, { policy: addressPolicy satisfies AddressPolicy, prefer, signal })
  visited?.(name, found.address)
  return found
}

/**
 * The address as blackbox_exporter hashes it: FNV-1a, 32 bits, over its 4 or 16 bytes.
 *
 * @returns 0 to 2³²-1; 127.0.0.1 gives 3668918509
 */
export function addressHash(address: string): number {
  let hash = 0x811c9dc5
  for (const byte of addressBytes(address)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

/** A URL as it may be shown: without user and fragment, and with `***` for parameters whose names say that they are secret. */
export function displayUrl(url: URL): string {
  const shown = new URL(url)
  shown.username = ''
  shown.password = ''
  shown.hash = ''
  for (const name of new Set(shown.searchParams.keys())) if (isSecretKey(name)) shown.searchParams.set(name, '***')
  return shown.href
}

/** The host of a URL as it is resolved and connected to: an IPv6 address without its brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}
