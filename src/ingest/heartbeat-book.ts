import type { Finding } from '../model/finding.ts'
import type { Heartbeat, Ping } from '../model/heartbeat.ts'
import { judgeHeartbeat, type Watched } from './heartbeat.ts'
import { NO_PINGS, type PingMemory, remember, runDurationMs } from './ping-memory.ts'

interface BookOptions {
  /** The pings that are remembered of a heartbeat, newest first. */
  recent(name: string): readonly Ping[]
  /** Since when a heartbeat is expected, epoch milliseconds. */
  sinceMs(name: string): number
  /** The latest time in which midwatch did not run. */
  readonly absence: Watched['absence']
}

/** What is known of every heartbeat, in memory; read back from the store when a name is first asked for. */
export class HeartbeatBook {
  readonly #options: BookOptions
  readonly #memories = new Map<string, PingMemory>()

  constructor(options: BookOptions) {
    this.#options = options
  }

  /** How long the run took that this ping would end, milliseconds; undefined when its start is not known. */
  runDurationMs(ping: Omit<Ping, 'durationMs'>): number | undefined {
    return runDurationMs(this.#memory(ping.name), ping)
  }

  /** Takes a ping that is stored already. */
  note(ping: Ping): void {
    const known = this.#memories.get(ping.name)
    // A name that was not asked for yet finds this ping in the store.
    if (known === undefined) this.#memory(ping.name)
    else this.#memories.set(ping.name, remember(known, ping))
  }

  /** Forgets every other heartbeat; one that comes back later begins anew. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#memories.keys()) if (!names.has(name)) this.#memories.delete(name)
  }

  judge(name: string, heartbeat: Heartbeat, nowMs: number): Finding {
    const { sinceMs, absence } = this.#options
    return judgeHeartbeat(heartbeat, this.#memory(name), nowMs, { sinceMs: sinceMs(name), absence })
  }

  #memory(name: string): PingMemory {
    const known = this.#memories.get(name)
    if (known !== undefined) return known
    const { recent, sinceMs } = this.#options
    // Older pings are of a heartbeat of the same name that was taken out of the config since.
    const fromMs = sinceMs(name)
    const made = recent(name)
      .filter(({ atMs }) => atMs >= fromMs)
      .toReversed()
      .reduce(remember, NO_PINGS)
    this.#memories.set(name, made)
    return made
  }
}
