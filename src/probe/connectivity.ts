import { randomInt } from 'node:crypto'
import { type AddressPolicy, isAllowed, resolveAddress } from '../lib/address.ts'
import type { Clock } from '../lib/clock.ts'
import { type Finding, type Reason, unknown } from '../model/finding.ts'
import { askDns } from './dns-exchange.ts'
import { formatHostAndPort, type HostAndPort } from './fields.ts'
import { connectTcp } from './tcp-socket.ts'

/** An address outside that answers as long as there is a way to it. */
export interface Beacon extends HostAndPort {
  /** Connected to, or asked a question. */
  readonly kind: 'tcp' | 'dns'
}

/** What a look at all beacons came to. */
export interface Verdict {
  readonly isOnline: boolean
  /** The one that answered first, or why each of them did not. */
  readonly detail: string
}

interface GuardOptions {
  readonly clock: Clock
  readonly beacons: readonly Beacon[]
  readonly timeoutMs: number
}

/** Failures that a missing way out could explain: whoever gave an answer, if a wrong one, was reached. */
const WITHOUT_ANSWER: ReadonlySet<Reason> = new Set(['dns', 'refused', 'unreachable', 'timeout', 'reset', 'tls'])

/**
 * Whether midwatch itself has a way out. It is asked whenever something outside is found down, and says of that moment: the
 * answer of a look that began after the failure. It is not believed as long as anything outside is found up.
 */
export class ConnectivityGuard {
  readonly #options: GuardOptions
  /** Since when no beacon answers. */
  #offlineSinceMs: number | undefined
  #lastOutsideUpMs = Number.NEGATIVE_INFINITY
  #running: Promise<Verdict> | undefined
  #next: Promise<Verdict> | undefined

  constructor(options: GuardOptions) {
    this.#options = options
  }

  get beacons(): readonly Beacon[] {
    return this.#options.beacons
  }

  /** Since when no beacon answers; undefined while one does. */
  get offlineSinceMs(): number | undefined {
    return this.#offlineSinceMs
  }

  /** Whether something outside was found up although no beacon answers. */
  get isContradicted(): boolean {
    return this.#offlineSinceMs !== undefined && this.#lastOutsideUpMs > this.#offlineSinceMs
  }

  /** Looks at all beacons now. Whoever asks while a look is under way shares the one that follows it. */
  look(): Promise<Verdict> {
    if (this.#running === undefined) {
      this.#running = this.#look().finally(() => {
        this.#running = undefined
      })
      return this.#running
    }
    this.#next ??= this.#running.then(() => {
      this.#next = undefined
      return this.look()
    })
    return this.#next
  }

  /** Something outside was found up by a look that began at this time. */
  noteUp(startMs: number): void {
    this.#lastOutsideUpMs = Math.max(this.#lastOutsideUpMs, startMs)
  }

  /** What is to be said of an outside check that was just found down. */
  async judge(finding: Finding): Promise<Finding> {
    if (finding.outcome !== 'down' || !WITHOUT_ANSWER.has(finding.reason)) return finding
    const { isOnline, detail } = await this.look()
    if (isOnline || this.isContradicted) return finding
    const since = new Date(this.#offlineSinceMs ?? this.#options.clock.now()).toISOString()
    const phase = finding.phase === undefined ? '' : `${finding.phase}: `
    const message = `midwatch has had no way out since ${since} (${detail}), so this says nothing: ${phase}${finding.message}`
    return unknown('offline', message, { details: finding.details, phase: finding.phase })
  }

  async #look(): Promise<Verdict> {
    const { clock, beacons, timeoutMs } = this.#options
    const startMs = clock.now()
    const abort = new AbortController()
    const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(timeoutMs)])
    const tries = beacons.map(async (beacon) => {
      await reach(beacon, signal)
      return formatHostAndPort(beacon)
    })
    try {
      const detail = await Promise.any(tries)
      this.#offlineSinceMs = undefined
      return { isOnline: true, detail: `${detail} answers` }
    } catch (error) {
      this.#offlineSinceMs ??= startMs
      const reasons = (error as AggregateError).errors.map((one, i) => {
        const name = formatHostAndPort(beacons[i] as Beacon)
        return signal.aborted && isAbort(one) ? `${name} does not answer` : `${name}: ${(one as Error).message}`
      })
      return { isOnline: false, detail: reasons.join('; ') }
    } finally {
      abort.abort()
    }
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && ['AbortError', 'TimeoutError'].includes(error.name)
}

/** @throws when there is no answer */
async function reach({ kind, host, port }: Beacon, signal: AbortSignal): Promise<void> {
  const address = await resolveAddress(host, { policy: 'any' satisfies AddressPolicy, prefer: 4, signal })
  switch (kind) {
    case 'tcp': {
      const socket = await connectTcp(address, port, signal)
      socket.destroy()
      return
    }
    case 'dns': {
      // The name servers of the root: every resolver knows them, and whatever it answers shows that it is there.
      const question = { id: randomInt(0x10000), name: '', type: 'NS' } as const
      await askDns(address, port, question, 'udp', { signal, onConnected: () => undefined })
      return
    }
  }
}

/** Names that are of no use outside of somebody's own network. RFC 6761, RFC 6762, RFC 8375, RFC 9476. */
const INNER_NAME = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|private|home\.arpa|alt|test|invalid)$/i

/** Where the looks of one check have led, as far as it says whether that is outside. */
export class Whereabouts {
  readonly #addresses = new Map<string, string>()

  /** A host was looked up; `address` is undefined when it was not found. */
  note(host: string, address: string | undefined): void {
    if (address !== undefined) this.#addresses.set(host, address)
  }

  /**
   * Whether any of these hosts is outside: what is not found now counts by what it was before, and else by its name. Loopback
   * and private addresses never are.
   */
  isOutside(hosts: Iterable<string>): boolean {
    for (const host of hosts) {
      const address = this.#addresses.get(host)
      if (address === undefined ? isPublicName(host) : isAllowed(address, 'public-only')) return true
    }
    return false
  }
}

function isPublicName(host: string): boolean {
  const name = host.replace(/\.$/, '')
  return name.includes('.') && !INNER_NAME.test(name)
}
