import type { AlertEvent, SentAlert } from '../model/alert.ts'
import { compareText, Labels } from '../model/labels.ts'
import type { Notification } from '../model/notification.ts'
import type { FlushChange, NotifyAlertRow, NotifyChange, NotifyGroupRow, NotifyLogRow } from '../store/notify.ts'
import { dedup } from './dedup.ts'
import { notificationOf } from './notification.ts'
import { fromSent, isResolved, mergeAlerts, type NotifyAlert } from './notify-alert.ts'
import { groupKey, groupLabels, matchRoutes, type Route } from './route.ts'
import { runStages, type Stage } from './stage.ts'

/** One way in which a receiver tells: a channel with what is special about its use here. */
export interface Integration {
  /** Names the channel in the outbox. */
  readonly channel: string
  readonly sendResolved: boolean
}

/** How telling is set up; swapped as a whole at a reload. */
export interface Routing {
  readonly root: Route
  readonly receivers: ReadonlyMap<string, readonly Integration[]>
}

interface DispatcherOptions {
  readonly routing: Routing
  readonly stages: readonly Stage[]
  /** What the check behind an alert last found, for the message. */
  readonly findingOf: (labels: Labels) => string | undefined
  readonly externalUrl: string
  /** How long a message is worth delivering. */
  readonly expiryMs: number
}

interface Restored {
  readonly alerts: readonly NotifyAlertRow[]
  readonly groups: readonly NotifyGroupRow[]
  readonly log: readonly NotifyLogRow[]
}

interface Group {
  readonly route: Route
  readonly key: string
  readonly labels: Labels
  readonly members: Set<string>
  nextFlushMs: number
  flushed: boolean
}

/** How long the rules have after a restart to say again what fires. */
const RESTART_GRACE_MS = 4 * 60_000

/**
 * Alerts, their groups and when each is to be told, with Alertmanager's semantics. It decides and says what has to be written
 * down; it waits for nothing, so that what it holds in memory is always ahead of or equal to the disk.
 */
export class Dispatcher {
  readonly #alerts = new Map<string, NotifyAlert>()
  readonly #groups = new Map<string, Group>()
  readonly #log = new Map<string, NotifyLogRow>()
  readonly #suppressedBefore = new Map<string, string>()
  #options: DispatcherOptions

  /** @param outage when the program ran last and when it runs again */
  constructor(
    options: DispatcherOptions,
    restored: Restored,
    outage: { readonly lastAliveMs: number; readonly nowMs: number },
  ) {
    this.#options = options
    for (const row of restored.log) this.#log.set(logKey(row), row)
    for (const row of restored.alerts) {
      const labels = Labels.fromSortedPairs(JSON.parse(row.labels) as string[])
      // What fired when we went away did not resolve because nobody could say that it still fires.
      const wasFiring = row.endsAtMs > outage.lastAliveMs
      const endsAtMs = wasFiring ? Math.max(row.endsAtMs, outage.nowMs + RESTART_GRACE_MS) : row.endsAtMs
      this.#alerts.set(row.fingerprint, { ...row, labels, endsAtMs })
    }
    const timers = new Map(restored.groups.map((row) => [idOf(row.routeId, row.groupKey), row]))
    for (const alert of this.#alerts.values()) {
      for (const group of this.#place(alert, alert.updatedAtMs)) {
        const row = timers.get(idOf(group.route.id, group.key))
        if (row === undefined) continue
        group.nextFlushMs = row.nextFlushMs
        group.flushed = row.flushed
      }
    }
  }

  get alerts(): readonly NotifyAlert[] {
    return [...this.#alerts.values()]
  }

  /** When the next group is due; undefined when there is none. */
  get nextDueMs(): number | undefined {
    let nextMs: number | undefined
    for (const { nextFlushMs } of this.#groups.values()) nextMs = Math.min(nextMs ?? nextFlushMs, nextFlushMs)
    return nextMs
  }

  /** Takes another set of routes; groups form anew, and the log keeps what was told from being told again. */
  reconfigure(options: DispatcherOptions, nowMs: number): void {
    this.#options = options
    this.#groups.clear()
    for (const alert of this.#alerts.values()) this.#place(alert, nowMs)
  }

  /**
   * Takes alerts over from the rules (or from outside).
   *
   * @returns what has to be written down together with the rules' own state
   */
  take(sent: readonly SentAlert[], nowMs: number): NotifyChange & { readonly events: readonly AlertEvent[] } {
    const alerts: NotifyAlertRow[] = []
    const groups = new Map<string, Group>()
    const events: AlertEvent[] = []
    for (const each of sent) {
      const alert = mergeAlerts(this.#alerts.get(fromSent(each, nowMs).fingerprint), fromSent(each, nowMs))
      // A resolved alert that nobody here has heard of is nobody's news.
      if (isResolved(alert, nowMs) && !this.#alerts.has(alert.fingerprint)) continue
      this.#alerts.set(alert.fingerprint, alert)
      alerts.push(rowOf(alert))
      for (const group of this.#place(alert, nowMs)) {
        const id = idOf(group.route.id, group.key)
        if (!group.flushed && !groups.has(id)) {
          events.push({
            fingerprint: alert.fingerprint,
            atMs: nowMs,
            kind: 'grouped',
            detail: `in group ${group.key} for ${group.route.receiver}; looked at in ${Math.max(0, group.nextFlushMs - nowMs) / 1000} s`,
          })
        }
        groups.set(id, group)
      }
    }
    return { alerts, goneAlerts: [], groups: [...groups.values()].map(groupRow), goneGroups: [], events }
  }

  /**
   * Looks at every group whose time has come.
   *
   * @returns what was decided; undefined when nothing was due
   */
  flush(nowMs: number): FlushChange | undefined {
    const due = [...this.#groups.values()].filter((group) => group.nextFlushMs <= nowMs)
    if (due.length === 0) return undefined
    const change = { messages: [], log: [], events: [], groups: [], goneGroups: [] } as Changes
    for (const group of due) this.#flushGroup(group, nowMs, change)
    const held = new Set([...this.#groups.values()].flatMap(({ members }) => [...members]))
    const goneAlerts: string[] = []
    for (const alert of this.#alerts.values()) {
      if (held.has(alert.fingerprint) || !isResolved(alert, nowMs)) continue
      this.#alerts.delete(alert.fingerprint)
      goneAlerts.push(alert.fingerprint)
    }
    return { ...change, alerts: [], goneAlerts }
  }

  #flushGroup(group: Group, nowMs: number, change: Changes): void {
    const { route } = group
    group.nextFlushMs = nowMs + route.groupIntervalMs
    group.flushed = true
    const members = [...group.members].flatMap((id) => this.#alerts.get(id) ?? []).sort(byImportance)
    const { pass, suppressed } = runStages(this.#options.stages, members, { nowMs })
    for (const { alert, reason } of suppressed) this.#noteSuppressed(alert, reason, nowMs, change)
    for (const alert of pass) this.#suppressedBefore.delete(alert.fingerprint)
    if (pass.length > 0) this.#tell(group, pass, nowMs, change)
    for (const alert of members) if (isResolved(alert, nowMs)) group.members.delete(alert.fingerprint)
    if (group.members.size > 0) {
      change.groups.push(groupRow(group))
      return
    }
    this.#groups.delete(idOf(route.id, group.key))
    change.goneGroups.push({ routeId: route.id, groupKey: group.key })
  }

  #tell(group: Group, alerts: readonly NotifyAlert[], nowMs: number, change: Changes): void {
    const { route, key } = group
    const firing = alerts.filter((alert) => !isResolved(alert, nowMs))
    const resolved = alerts.filter((alert) => isResolved(alert, nowMs))
    for (const integration of this.#options.routing.receivers.get(route.receiver) ?? []) {
      const place = { groupKey: key, receiver: route.receiver, integration: integration.channel }
      const hashes = {
        firing: firing.map(({ fingerprint }) => fingerprint),
        resolved: resolved.map(({ fingerprint }) => fingerprint),
      }
      const decision = dedup({
        entry: this.#logged(place, nowMs),
        ...hashes,
        sendResolved: integration.sendResolved,
        repeatIntervalMs: route.repeatIntervalMs,
        nowMs,
      })
      if (!decision.notify) continue
      const entry: NotifyLogRow = { ...place, ...hashes, atMs: nowMs, expiresMs: nowMs + 2 * route.repeatIntervalMs }
      this.#log.set(logKey(entry), entry)
      change.log.push(entry)
      if (!decision.say) continue
      const told = integration.sendResolved ? alerts : firing
      const notification = this.#notification(group, told, decision.reason, nowMs)
      change.messages.push({
        channel: integration.channel,
        groupKey: key,
        body: JSON.stringify(notification),
        createdMs: nowMs,
        expiresMs: nowMs + this.#options.expiryMs,
      })
      for (const { fingerprint } of told) {
        const detail = `for ${integration.channel}: ${decision.reason}`
        change.events.push({ fingerprint, atMs: nowMs, kind: 'queued', detail })
      }
    }
  }

  #notification(
    { route, key, labels }: Group,
    alerts: readonly NotifyAlert[],
    reason: string,
    nowMs: number,
  ): Notification {
    const { externalUrl, findingOf } = this.#options
    return notificationOf({
      receiver: route.receiver,
      groupKey: key,
      groupLabels: labels,
      alerts,
      reason,
      nowMs,
      externalUrl,
      findingOf,
    })
  }

  #logged(place: Pick<NotifyLogRow, 'groupKey' | 'receiver' | 'integration'>, nowMs: number): NotifyLogRow | undefined {
    const entry = this.#log.get(logKey(place))
    return entry !== undefined && entry.expiresMs > nowMs ? entry : undefined
  }

  #noteSuppressed({ fingerprint }: NotifyAlert, reason: string, nowMs: number, change: Changes): void {
    if (this.#suppressedBefore.get(fingerprint) === reason) return
    this.#suppressedBefore.set(fingerprint, reason)
    change.events.push({ fingerprint, atMs: nowMs, kind: 'suppressed', detail: reason })
  }

  #place(alert: NotifyAlert, nowMs: number): Group[] {
    return matchRoutes(this.#options.routing.root, alert.labels).map((route) => {
      const labels = groupLabels(route, alert.labels)
      const key = groupKey(route, labels)
      const id = idOf(route.id, key)
      const known = this.#groups.get(id)
      if (known !== undefined) {
        known.members.add(alert.fingerprint)
        return known
      }
      // An alert that has been there for longer than the wait (after a restart, say) need not wait again.
      const hasWaited = alert.startsAtMs + route.groupWaitMs < nowMs
      const nextFlushMs = hasWaited ? nowMs : nowMs + route.groupWaitMs
      const made: Group = { route, key, labels, members: new Set([alert.fingerprint]), nextFlushMs, flushed: false }
      this.#groups.set(id, made)
      return made
    })
  }
}

interface Changes {
  readonly messages: FlushChange['messages'][number][]
  readonly log: NotifyLogRow[]
  readonly events: AlertEvent[]
  readonly groups: NotifyGroupRow[]
  readonly goneGroups: NotifyChange['goneGroups'][number][]
}

function idOf(routeId: string, key: string): string {
  return `${routeId}\n${key}`
}

function logKey({
  groupKey,
  receiver,
  integration,
}: Pick<NotifyLogRow, 'groupKey' | 'receiver' | 'integration'>): string {
  return `${groupKey}\n${receiver}\n${integration}`
}

function rowOf({ labels, ...alert }: NotifyAlert): NotifyAlertRow {
  return { ...alert, labels: JSON.stringify(labels.pairs) }
}

function groupRow({ route, key, labels, nextFlushMs, flushed }: Group): NotifyGroupRow {
  return { routeId: route.id, groupKey: key, labels: JSON.stringify(labels.pairs), nextFlushMs, flushed }
}

/** As Alertmanager sorts a group: by job, instance, then all labels. */
function byImportance(a: NotifyAlert, b: NotifyAlert): number {
  return (
    compareText(a.labels.get('job'), b.labels.get('job')) ||
    compareText(a.labels.get('instance'), b.labels.get('instance')) ||
    compareText(a.labels.key, b.labels.key)
  )
}
