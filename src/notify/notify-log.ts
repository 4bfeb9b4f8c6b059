import type { NotifyLogRow } from '../store/notify.ts'

/** One integration of one receiver, for one group. */
export type LogPlace = Pick<NotifyLogRow, 'groupKey' | 'receiver' | 'integration'>

/** What each integration was last told about each group; an entry counts until it expires. */
export class NotifyLog {
  readonly #entries = new Map<string, NotifyLogRow>()

  constructor(rows: readonly NotifyLogRow[]) {
    for (const row of rows) this.put(row)
  }

  get(place: LogPlace, nowMs: number): NotifyLogRow | undefined {
    const entry = this.#entries.get(keyOf(place))
    return entry !== undefined && entry.expiresMs > nowMs ? entry : undefined
  }

  put(entry: NotifyLogRow): void {
    this.#entries.set(keyOf(entry), entry)
  }

  dropExpired(nowMs: number): void {
    for (const [key, entry] of this.#entries) if (entry.expiresMs <= nowMs) this.#entries.delete(key)
  }

  /**
   * Hands on what was told in groups that are no more to the groups that their alerts have come into.
   *
   * @param places where alerts are told of now, with their fingerprints
   * @returns entries that are new or have ended, to be written down
   */
  inherit(
    places: readonly (LogPlace & { readonly members: ReadonlySet<string>; readonly validMs: number })[],
    nowMs: number,
  ): readonly NotifyLogRow[] {
    const alive = new Set(places.map(({ groupKey }) => groupKey))
    const left = [...this.#entries.values()].filter(
      (entry) => !alive.has(entry.groupKey) && this.get(entry, nowMs) !== undefined,
    )
    const changed = new Map<string, NotifyLogRow>()
    for (const { members, validMs, ...place } of places) {
      if (this.get(place, nowMs) !== undefined) continue
      const isMember = (hash: string) => members.has(hash)
      const old = left.filter(
        ({ integration, firing, resolved }) =>
          integration === place.integration && (firing.some(isMember) || resolved.some(isMember)),
      )
      if (old.length === 0) continue
      const entry: NotifyLogRow = {
        ...place,
        firing: [...new Set(old.flatMap(({ firing }) => firing.filter(isMember)))],
        resolved: [...new Set(old.flatMap(({ resolved }) => resolved.filter(isMember)))],
        atMs: Math.min(...old.map(({ atMs }) => atMs)),
        expiresMs: nowMs + validMs,
      }
      this.put(entry)
      changed.set(keyOf(entry), entry)
      // Should the old group come back, it must not take for told what has changed since.
      for (const each of old) changed.set(keyOf(each), { ...each, expiresMs: nowMs })
    }
    for (const [key, entry] of changed) if (entry.expiresMs <= nowMs) this.#entries.delete(key)
    return [...changed.values()]
  }
}

function keyOf({ groupKey, receiver, integration }: LogPlace): string {
  return `${groupKey}\n${receiver}\n${integration}`
}
