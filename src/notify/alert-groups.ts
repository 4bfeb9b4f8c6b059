import type { Labels } from '../model/labels.ts'
import type { NotifyChange, NotifyGroupRow } from '../store/notify.ts'
import type { NotifyAlert } from './notify-alert.ts'
import { groupKey, groupLabels, matchRoutes, type Route } from './route.ts'

/** Alerts of one route with equal group labels, which are told together. */
export interface Group {
  readonly route: Route
  readonly key: string
  readonly labels: Labels
  /** Fingerprints. */
  readonly members: Set<string>
  nextFlushMs: number
  flushed: boolean
  /** When the next step of its escalation is due; undefined while none is. */
  escalateAtMs: number | undefined
}

export type GroupPlace = NotifyChange['goneGroups'][number]

/** How often groups of which nothing is left are let go, as in Alertmanager. */
const SWEEP_EVERY_MS = 30_000

/**
 * Which alerts are told together, and when each group is looked at next. A group without alerts keeps its times until the
 * next sweep, so that an alert which comes and goes is not told each time at once.
 */
export class AlertGroups {
  readonly #groups = new Map<string, Group>()
  #sweptMs: number

  constructor(nowMs: number) {
    this.#sweptMs = nowMs
  }

  /** Lets go of groups without alerts when it is time. */
  sweep(nowMs: number): void {
    const sinceMs = nowMs - this.#sweptMs
    // A clock that was put back begins the time anew.
    if (sinceMs >= 0 && sinceMs < SWEEP_EVERY_MS) return
    this.#sweptMs = nowMs - (sinceMs < 0 ? 0 : sinceMs % SWEEP_EVERY_MS)
    for (const [id, { members }] of this.#groups) if (members.size === 0) this.#groups.delete(id)
  }

  /** When the next group is due, or the next step of an escalation; undefined when there is none. */
  get nextDueMs(): number | undefined {
    let nextMs: number | undefined
    for (const { members, nextFlushMs, escalateAtMs = nextFlushMs } of this.#groups.values()) {
      if (members.size === 0) continue
      nextMs = Math.min(nextMs ?? nextFlushMs, nextFlushMs, escalateAtMs)
    }
    return nextMs
  }

  due(nowMs: number): Group[] {
    return [...this.#groups.values()].filter((group) => isDue(group, nowMs))
  }

  [Symbol.iterator](): Iterator<Group> {
    return this.#groups.values()
  }

  dueToEscalate(nowMs: number): Group[] {
    return [...this.#groups.values()].filter(({ escalateAtMs }) => escalateAtMs !== undefined && escalateAtMs <= nowMs)
  }

  get rows(): NotifyGroupRow[] {
    return [...this.#groups.values()].map(groupRow)
  }

  find({ routeId, groupKey }: GroupPlace): Group | undefined {
    return this.#groups.get(idOf(routeId, groupKey))
  }

  has({ routeId, groupKey }: GroupPlace): boolean {
    return this.#groups.has(idOf(routeId, groupKey))
  }

  /** Puts an alert into its groups: one for each route that it takes. */
  place(alert: NotifyAlert, root: Route, nowMs: number): { readonly group: Group; readonly isNew: boolean }[] {
    return matchRoutes(root, alert.labels).map((route) => {
      const labels = groupLabels(route, alert.labels)
      const key = groupKey(route, labels)
      const id = idOf(route.id, key)
      const known = this.#groups.get(id)
      // An alert that has been there for longer than the wait (after a restart, say) need not wait again.
      const hasWaited = alert.startsAtMs + route.groupWaitMs < nowMs
      if (known !== undefined) {
        const isNew = !known.members.has(alert.fingerprint)
        if (known.members.size === 0) known.nextFlushMs = nextTickMs(known, nowMs)
        if (hasWaited && !known.flushed) known.nextFlushMs = nowMs
        known.members.add(alert.fingerprint)
        return { group: known, isNew }
      }
      const nextFlushMs = hasWaited ? nowMs : nowMs + route.groupWaitMs
      const members = new Set([alert.fingerprint])
      const made: Group = { route, key, labels, members, nextFlushMs, flushed: false, escalateAtMs: undefined }
      this.#groups.set(id, made)
      return { group: made, isNew: true }
    })
  }

  /**
   * Puts all alerts into groups anew; a group that was there before goes on with its time.
   *
   * @returns groups that are no more
   */
  regroup(
    alerts: Iterable<NotifyAlert>,
    root: Route,
    before: readonly NotifyGroupRow[],
    nowMs: number,
  ): readonly GroupPlace[] {
    this.#groups.clear()
    for (const alert of alerts) this.place(alert, root, nowMs)
    const gone: GroupPlace[] = []
    for (const { routeId, groupKey, nextFlushMs, flushed } of before) {
      const group = this.#groups.get(idOf(routeId, groupKey))
      if (group === undefined) {
        gone.push({ routeId, groupKey })
        continue
      }
      group.nextFlushMs = Math.min(nextFlushMs, nowMs + longestWaitMs(group))
      group.flushed = flushed
    }
    return gone
  }
}

/** A group's time is never farther away than its longest wait; where it is, the clock was put back. */
function isDue(group: Group, nowMs: number): boolean {
  if (group.members.size === 0) return false
  return group.nextFlushMs <= nowMs || group.nextFlushMs > nowMs + longestWaitMs(group)
}

/** When a group would have been looked at next, had there been something to look at. */
function nextTickMs({ route, nextFlushMs }: Group, nowMs: number): number {
  const behindMs = Math.max(nowMs - nextFlushMs, 0)
  return nextFlushMs + Math.ceil(behindMs / route.groupIntervalMs) * route.groupIntervalMs
}

function longestWaitMs({ route }: Group): number {
  return Math.max(route.groupWaitMs, route.groupIntervalMs)
}

/** Names a group among all of them. */
export function groupId({ route, key }: Pick<Group, 'route' | 'key'>): string {
  return idOf(route.id, key)
}

function idOf(routeId: string, key: string): string {
  return `${routeId}\n${key}`
}

export function groupRow({ route, key, labels, nextFlushMs, flushed }: Group): NotifyGroupRow {
  return { routeId: route.id, groupKey: key, labels: JSON.stringify(labels.pairs), nextFlushMs, flushed }
}
