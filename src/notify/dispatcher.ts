import type { AlertEvent, SentAlert } from '../model/alert.ts'
import { compareText, Labels } from '../model/labels.ts'
import type { Notification } from '../model/notification.ts'
import type { FlushChange, NotifyAlertRow, NotifyChange, NotifyGroupRow, NotifyLogRow } from '../store/notify.ts'
import { dedup } from './dedup.ts'
import { Inhibitor, type InhibitRule } from './inhibition.ts'
import { notificationOf } from './notification.ts'
import { fromSent, isResolved, mergeAlerts, type NotifyAlert } from './notify-alert.ts'
import { NotifyLog } from './notify-log.ts'
import { groupKey, groupLabels, matchRoutes, type Route } from './route.ts'
import { runStages, type Stage } from './stage.ts'
import type { TimeInterval } from './time-interval.ts'

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
  readonly inhibitRules?: readonly InhibitRule[]
  readonly timeIntervals?: ReadonlyMap<string, TimeInterval>
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

/** An alert that fires, who is to be told of it and what keeps that from happening. */
export interface AlertView {
  readonly alert: NotifyAlert
  readonly receivers: readonly string[]
  /** Ids of silences. */
  readonly silencedBy: readonly string[]
  /** Fingerprints of alerts. */
  readonly inhibitedBy: readonly string[]
  /** Names of time intervals. */
  readonly mutedBy: readonly string[]
}

export interface GroupView {
  readonly key: string
  readonly labels: Labels
  readonly receiver: string
  readonly nextFlushMs: number
  readonly alerts: readonly AlertView[]
}

interface SilencesOf {
  silencesOf(labels: Labels, nowMs: number): readonly { readonly id: string }[]
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

/** How long the rules have at least, after a time in which nobody could say so, to say again what fires. */
const GRACE_MS = 4 * 60_000

/**
 * Alerts, their groups and when each is to be told, with Alertmanager's semantics. It decides and says what has to be written
 * down; it waits for nothing, so that what it holds in memory is always ahead of or equal to the disk.
 */
export class Dispatcher {
  readonly #alerts = new Map<string, NotifyAlert>()
  readonly #groups = new Map<string, Group>()
  readonly #log: NotifyLog
  readonly #suppressedBefore = new Map<string, string>()
  /** What a reload changed; it is written down with the next decision. */
  #unwritten: {
    readonly gone: Map<string, NotifyChange['goneGroups'][number]>
    readonly log: NotifyLogRow[]
  } = { gone: new Map(), log: [] }
  #options: DispatcherOptions

  /** @param outage when the program ran last and when it runs again */
  constructor(
    options: DispatcherOptions,
    restored: Restored,
    outage: { readonly lastAliveMs: number; readonly nowMs: number },
  ) {
    this.#options = options
    this.#log = new NotifyLog(restored.log)
    for (const row of restored.alerts) {
      const labels = Labels.fromSortedPairs(JSON.parse(row.labels) as string[])
      this.#alerts.set(row.fingerprint, { ...row, labels })
    }
    this.bridge(outage.lastAliveMs, outage.nowMs)
    this.#regroup(new Map(restored.groups.map((row) => [idOf(row.routeId, row.groupKey), row])), outage.nowMs)
  }

  get alerts(): readonly NotifyAlert[] {
    return [...this.#alerts.values()]
  }

  /** Names of those who can be told, in the order of the config. */
  get receivers(): readonly string[] {
    return [...this.#options.routing.receivers.keys()]
  }

  /** Every alert that fires, and what keeps it from being told. */
  alertViews(nowMs: number, silences: SilencesOf): AlertView[] {
    const inhibitor = this.#inhibitorAt(nowMs)
    return [...this.#alerts.values()]
      .filter((alert) => !isResolved(alert, nowMs))
      .map((alert) => this.#view(alert, nowMs, silences, inhibitor()))
  }

  /** The groups in which alerts are told, ordered by their labels and receivers, with what fires in them. */
  groupViews(nowMs: number, silences: SilencesOf): GroupView[] {
    const inhibitor = this.#inhibitorAt(nowMs)
    return [...this.#groups.values()]
      .map(({ route, key, labels, members, nextFlushMs }) => ({
        key,
        labels,
        receiver: route.receiver,
        nextFlushMs,
        alerts: [...members]
          .flatMap((id) => this.#alerts.get(id) ?? [])
          .filter((alert) => !isResolved(alert, nowMs))
          .sort(byImportance)
          .map((alert) => this.#view(alert, nowMs, silences, inhibitor())),
      }))
      .sort((a, b) => compareText(a.labels.key, b.labels.key) || compareText(a.receiver, b.receiver))
  }

  #view(alert: NotifyAlert, nowMs: number, silences: SilencesOf, inhibitor: Inhibitor): AlertView {
    const routes = matchRoutes(this.#options.routing.root, alert.labels)
    const source = inhibitor.sourceOf(alert)
    return {
      alert,
      receivers: [...new Set(routes.map(({ receiver }) => receiver))],
      silencedBy: silences.silencesOf(alert.labels, nowMs).map(({ id }) => id),
      inhibitedBy: source === undefined ? [] : [source.fingerprint],
      mutedBy: [],
    }
  }

  /** When the next group is due; undefined when there is none. */
  get nextDueMs(): number | undefined {
    let nextMs: number | undefined
    for (const { nextFlushMs } of this.#groups.values()) nextMs = Math.min(nextMs ?? nextFlushMs, nextFlushMs)
    return nextMs
  }

  /**
   * Takes another set of routes. Groups that are still the same keep their time; where alerts come into another group, what
   * a channel was told of them goes with them, so that nothing is told twice and every resolve stays owed.
   */
  reconfigure(options: DispatcherOptions, nowMs: number): void {
    this.#options = options
    const before = new Map([...this.#groups].map(([id, group]) => [id, groupRow(group)]))
    this.#groups.clear()
    this.#regroup(before, nowMs)
  }

  /**
   * Nobody could say anything from `lastAliveMs` to `nowMs`: we were not there, or the machine slept. What fired before did
   * not resolve because of that.
   */
  bridge(lastAliveMs: number, nowMs: number): void {
    for (const alert of this.#alerts.values()) {
      if (alert.endsAtMs <= lastAliveMs) continue
      const graceMs = Math.max(alert.endsAtMs - alert.updatedAtMs, GRACE_MS)
      this.#alerts.set(alert.fingerprint, { ...alert, endsAtMs: Math.max(alert.endsAtMs, nowMs + graceMs) })
    }
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
      const news = fromSent(each, nowMs)
      const alert = mergeAlerts(this.#alerts.get(news.fingerprint), news)
      // A resolved alert that nobody here has heard of is nobody's news.
      if (isResolved(alert, nowMs) && !this.#alerts.has(alert.fingerprint)) continue
      this.#alerts.set(alert.fingerprint, alert)
      alerts.push(rowOf(alert))
      for (const { group, isNew } of this.#place(alert, nowMs)) {
        const id = idOf(group.route.id, group.key)
        if (isNew) {
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
    const due = [...this.#groups.values()].filter((group) => isDue(group, nowMs))
    if (due.length === 0) return undefined
    this.#log.dropExpired(nowMs)
    const change = { messages: [], log: [], events: [], groups: [], goneGroups: [] } as Changes
    const inhibitor = this.#inhibitorAt(nowMs)
    for (const group of due) this.#flushGroup(group, nowMs, change, inhibitor)
    const held = new Set([...this.#groups.values()].flatMap(({ members }) => [...members]))
    const goneAlerts: string[] = []
    for (const alert of this.#alerts.values()) {
      if (held.has(alert.fingerprint) || !isResolved(alert, nowMs)) continue
      this.#alerts.delete(alert.fingerprint)
      goneAlerts.push(alert.fingerprint)
    }
    const { gone, log } = this.#unwritten
    for (const [id, place] of gone) if (!this.#groups.has(id)) change.goneGroups.push(place)
    this.#unwritten = { gone: new Map(), log: [] }
    return { ...change, log: [...log, ...change.log], alerts: [], goneAlerts }
  }

  #flushGroup(group: Group, nowMs: number, change: Changes, inhibitor: () => Inhibitor): void {
    const { route } = group
    group.nextFlushMs = nowMs + route.groupIntervalMs
    group.flushed = true
    const members = [...group.members].flatMap((id) => this.#alerts.get(id) ?? []).sort(byImportance)
    const { pass, suppressed } = runStages(this.#options.stages, members, { nowMs, route, inhibitor })
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
        entry: this.#log.get(place, nowMs),
        ...hashes,
        sendResolved: integration.sendResolved,
        repeatIntervalMs: route.repeatIntervalMs,
        nowMs,
      })
      if (!decision.notify) continue
      const entry: NotifyLogRow = { ...place, ...hashes, atMs: nowMs, expiresMs: nowMs + 2 * route.repeatIntervalMs }
      this.#log.put(entry)
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

  /** One for all groups that are looked at in the same moment. */
  #inhibitorAt(nowMs: number): () => Inhibitor {
    let made: Inhibitor | undefined
    return () => {
      made ??= new Inhibitor(this.#options.routing.inhibitRules ?? [], this.#alerts.values(), nowMs)
      return made
    }
  }

  #noteSuppressed({ fingerprint }: NotifyAlert, reason: string, nowMs: number, change: Changes): void {
    if (this.#suppressedBefore.get(fingerprint) === reason) return
    this.#suppressedBefore.set(fingerprint, reason)
    change.events.push({ fingerprint, atMs: nowMs, kind: 'suppressed', detail: reason })
  }

  /** Puts every alert into its groups; a group that was there before goes on with its time. */
  #regroup(before: ReadonlyMap<string, NotifyGroupRow>, nowMs: number): void {
    for (const alert of this.#alerts.values()) this.#place(alert, nowMs)
    for (const [id, group] of this.#groups) {
      const row = before.get(id)
      if (row === undefined) continue
      group.nextFlushMs = Math.min(row.nextFlushMs, nowMs + longestWaitMs(group))
      group.flushed = row.flushed
    }
    for (const [id, { routeId, groupKey }] of before) {
      if (!this.#groups.has(id)) this.#unwritten.gone.set(id, { routeId, groupKey })
    }
    const { receivers } = this.#options.routing
    const places = [...this.#groups.values()].flatMap(({ route, key, members }) =>
      (receivers.get(route.receiver) ?? []).map(({ channel }) => ({
        groupKey: key,
        receiver: route.receiver,
        integration: channel,
        members,
        validMs: 2 * route.repeatIntervalMs,
      })),
    )
    this.#unwritten.log.push(...this.#log.inherit(places, nowMs))
  }

  #place(alert: NotifyAlert, nowMs: number): { readonly group: Group; readonly isNew: boolean }[] {
    return matchRoutes(this.#options.routing.root, alert.labels).map((route) => {
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
      const made: Group = { route, key, labels, members: new Set([alert.fingerprint]), nextFlushMs, flushed: false }
      this.#groups.set(id, made)
      return { group: made, isNew: true }
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

/** A group's time is never farther away than its longest wait; where it is, the clock was put back. */
function isDue(group: Group, nowMs: number): boolean {
  return group.nextFlushMs <= nowMs || group.nextFlushMs > nowMs + longestWaitMs(group)
}

function longestWaitMs({ route }: Group): number {
  return Math.max(route.groupWaitMs, route.groupIntervalMs)
}

function idOf(routeId: string, key: string): string {
  return `${routeId}\n${key}`
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
