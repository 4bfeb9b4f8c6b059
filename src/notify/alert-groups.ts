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

/** Which alerts are told together, and when each group is looked at next. */
export class AlertGroups {
  readonly #groups = new Map<string, Group>()

  /** When the next group is due, or the next step of an escalation; undefined when there is none. */
  get nextDueMs(): number | undefined {
    let nextMs: number | undefined
    for (const { nextFlushMs, escalateAtMs = nextFlushMs } of this.#groups.values()) {
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

  has({ routeId, groupKey }: GroupPlace): boolean {
    return this.#groups.has(idOf(routeId, groupKey))
  }

  delete(group: Group): void {
    this.#groups.delete(groupId(group))
  }

  /** Puts an alert into its groups: one for each route that it takes. */
  place(alert: NotifyAlert, root: Route, nowMs: number): { readonly group: Group; readonly isNew: boolean }[] {
    return matchRoutes(root, alert.labels).map((route) => {
      const labels = groupLabels(route, alert.labels)
      const key = groupKey(route, labels)
      const id = idOf(route.id, key)
      const known = this.#groups.get(id)
      if (known !== undefined) {
        const isNew = !known.members.has(alert.fingerprint)
        known.members.add(alert.fingerprint)
        return { group: known, isNew }
      }
      // An alert that has been there for longer than the wait (after a restart, say) need not wait again.
      const hasWaited = alert.startsAtMs + route.groupWaitMs < nowMs
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
  return group.nextFlushMs <= nowMs || group.nextFlushMs > nowMs + longestWaitMs(group)
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
