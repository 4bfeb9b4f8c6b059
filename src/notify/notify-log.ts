import type { NotifyLogRow } from '../store/notify.ts'
import type { NotifyAlert } from './notify-alert.ts'

/** One integration of one receiver, for one group. */
export type LogPlace = Pick<NotifyLogRow, 'groupKey' | 'receiver' | 'step' | 'integration'>

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
   * Leaves a time in which nobody could tell anything out: it brings neither a repetition nor the end of an entry nearer.
   *
   * @returns what has changed, to be written down
   */
  bridge(lastAliveMs: number, nowMs: number): readonly NotifyLogRow[] {
    const awayMs = nowMs - lastAliveMs
    if (awayMs <= 0) return []
    const changed = [...this.#entries.values()]
      .filter(({ expiresMs }) => expiresMs > lastAliveMs)
      .map((entry) => ({ ...entry, atMs: entry.atMs + awayMs, expiresMs: entry.expiresMs + awayMs }))
    for (const entry of changed) this.put(entry)
    return changed
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
        ({ step, integration, firing, resolved }) =>
          step === place.step &&
          integration === place.integration &&
          (firing.some(isMember) || resolved.some(isMember)),
      )
      if (old.length === 0) continue
      const toldMs = new Map<string, number>()
      for (const entry of old) {
        for (const [i, hash] of entry.firing.entries()) {
          if (isMember(hash)) toldMs.set(hash, Math.min(toldMs.get(hash) ?? entry.atMs, entry.toldMs[i] ?? entry.atMs))
        }
      }
      const entry: NotifyLogRow = {
        ...place,
        firing: [...toldMs.keys()],
        toldMs: [...toldMs.values()],
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

/** When an alert that fires was first told at a place, as its entry says; undefined where that was not since it fires. */
export function toldTimes(
  entry: NotifyLogRow | undefined,
): (alert: Pick<NotifyAlert, 'fingerprint' | 'startsAtMs'>) => number | undefined {
  const times = new Map(entry?.firing.map((hash, i) => [hash, entry.toldMs[i]]))
  return ({ fingerprint, startsAtMs }) => {
    const toldMs = times.get(fingerprint)
    return toldMs !== undefined && toldMs >= startsAtMs ? toldMs : undefined
  }
}

function keyOf({ groupKey, receiver, step, integration }: LogPlace): string {
  return `${groupKey}\n${receiver}\n${step}\n${integration}`
}
