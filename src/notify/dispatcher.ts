import type { Acknowledgement } from '../model/acknowledgement.ts'
import type { AlertEvent, SentAlert } from '../model/alert.ts'
import { Labels } from '../model/labels.ts'
import type { EpisodeChange } from '../store/episodes.ts'
import type { FlushChange, NotifyAlertRow, NotifyChange, NotifyGroupRow, NotifyLogRow } from '../store/notify.ts'
import { tellAcknowledged } from './ack-telling.ts'
import { AlertGroups, type Group, type GroupPlace, groupId, groupRow } from './alert-groups.ts'
import { type AlertView, type GroupView, type Scene, type SilencesOf, viewAlerts, viewGroups } from './alert-view.ts'
import { OpenEpisodes } from './episodes.ts'
import { escalate, nextEscalationMs } from './escalation.ts'
import { Inhibitor } from './inhibition.ts'
import { byImportance, fromSent, isResolved, mergeAlerts, type NotifyAlert } from './notify-alert.ts'
import { NotifyLog } from './notify-log.ts'
import { outlookOf, type RouteOutlook } from './outlook.ts'
import { runStages, type Stage, type Suppressed } from './stage.ts'
import { type Standing, StandingDecisions, type Verdict } from './standing.ts'
import { type Decisions, type Telling, type TellingOptions, tellGroup } from './telling.ts'
import { Unseen } from './unseen.ts'

export interface DispatcherOptions extends TellingOptions {
  readonly stages: readonly Stage[]
}

interface Restored {
  readonly alerts: readonly NotifyAlertRow[]
  readonly groups: readonly NotifyGroupRow[]
  readonly log: readonly NotifyLogRow[]
  /** Fingerprints of alerts that are known to have begun and not to have ended. */
  readonly open?: readonly string[]
}

/** Until the rules (or whoever else) say again what fires, it is not repeated. */
const NOT_SAID_SINCE = 'nobody has said so since midwatch was away'
/** How long the rules have at least, after a time in which nobody could say so, to say again what fires. */
const GRACE_MS = 4 * 60_000

/**
 * Alerts, their groups and when each is to be told, with Alertmanager's semantics. It decides and says what has to be written
 * down; it waits for nothing, so that what it holds in memory is always ahead of or equal to the disk.
 */
export class Dispatcher {
  readonly #alerts = new Map<string, NotifyAlert>()
  readonly #groups: AlertGroups
  readonly #log: NotifyLog
  readonly #unseen = new Unseen()
  /** Fingerprints of those whose end is said again after they are forgotten: it is no news, but may stand in a message. */
  readonly #echoes = new Set<string>()
  readonly #standing: StandingDecisions
  readonly #episodes: OpenEpisodes
  /** What a reload changed; it is written down with the next decision. */
  #unwritten: { readonly gone: GroupPlace[]; readonly log: NotifyLogRow[] } = { gone: [], log: [] }
  /** Undefined where something has changed since it was made. */
  #inhibitor: { readonly nowMs: number; readonly made: Inhibitor } | undefined
  #options: DispatcherOptions

  /** @param outage when the program ran last and when it runs again */
  constructor(
    options: DispatcherOptions,
    restored: Restored,
    outage: { readonly lastAliveMs: number; readonly nowMs: number },
  ) {
    this.#options = options
    this.#groups = new AlertGroups(outage.nowMs)
    this.#log = new NotifyLog(restored.log)
    this.#standing = new StandingDecisions(restored.alerts.map(({ fingerprint }) => fingerprint))
    this.#episodes = new OpenEpisodes(restored.open ?? [])
    for (const row of restored.alerts) {
      const labels = Labels.fromSortedPairs(JSON.parse(row.labels) as string[])
      this.#alerts.set(row.fingerprint, { ...row, labels })
    }
    this.bridge(outage.lastAliveMs, outage.nowMs)
    this.#regroup(restored.groups, outage.nowMs)
  }

  find(fingerprint: string): NotifyAlert | undefined {
    return this.#alerts.get(fingerprint)
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
    return viewAlerts(this.#scene(nowMs, silences))
  }

  /** The groups in which alerts are told, ordered by their labels and receivers, with what fires in them. */
  groupViews(nowMs: number, silences: SilencesOf): GroupView[] {
    return viewGroups(this.#groups, this.#scene(nowMs, silences))
  }

  #scene(nowMs: number, silences: SilencesOf): Scene {
    const { routing } = this.#options
    return { nowMs, alerts: this.#alerts, routing, inhibitor: this.#inhibitorAt(nowMs)(), silences }
  }

  /** Decisions of an alert that come out the same at every look, with how often they did. */
  standingOf(fingerprint: string): readonly Standing[] {
    return this.#standing.of(fingerprint)
  }

  /** What holds alerts back at this moment, by their fingerprints; those that nothing holds back are not in it. */
  holds(nowMs: number): ReadonlyMap<string, readonly (Suppressed & { readonly receiver: string })[]> {
    const held = new Map<string, (Suppressed & { readonly receiver: string })[]>()
    const inhibitor = this.#inhibitorAt(nowMs)
    for (const group of this.#groups) {
      const { route } = group
      for (const one of runStages(this.#options.stages, this.#membersOf(group), { nowMs, route, inhibitor })
        .suppressed) {
        const { fingerprint } = one.alert
        held.set(fingerprint, [...(held.get(fingerprint) ?? []), { ...one, receiver: route.receiver }])
      }
    }
    return held
  }

  /** Who has taken an alert on. */
  acknowledgementOf(alert: NotifyAlert, nowMs: number): Acknowledgement | undefined {
    return this.#options.acknowledgements?.of(alert, nowMs)
  }

  /**
   * Who is told of an alert next, when and why, as things stand now.
   *
   * @param firesMs when it fires; undefined asks only who would be told
   */
  outlook(alert: NotifyAlert, firesMs: number | undefined, nowMs: number): readonly RouteOutlook[] {
    return outlookOf({
      alert,
      firesMs,
      groups: this.#groups,
      membersOf: (group) => this.#membersOf(group),
      telling: { nowMs, log: this.#log, standing: this.#standing, options: this.#options },
      stages: this.#options.stages,
      inhibitor: this.#inhibitorAt(nowMs),
    })
  }

  /** Tells those who have to know that somebody has taken alerts on, just now. */
  tellAcknowledged(fingerprints: readonly string[], nowMs: number): Pick<FlushChange, 'messages' | 'events'> {
    const decisions: Decisions = { messages: [], log: [], events: [], groups: [], goneGroups: [] }
    for (const group of this.#groups) {
      if (fingerprints.some((one) => group.members.has(one)))
        tellAcknowledged(this.#everything(group, nowMs), decisions)
    }
    return decisions
  }

  /** When the next group, or the next step of an escalation, is due; undefined when there is none. */
  get nextDueMs(): number | undefined {
    return this.#groups.nextDueMs
  }

  /**
   * Takes another set of routes. Groups that are still the same keep their time; where alerts come into another group, what
   * a channel was told of them goes with them, so that nothing is told twice and every resolve stays owed.
   */
  reconfigure(options: DispatcherOptions, nowMs: number): void {
    this.#options = options
    this.#inhibitor = undefined
    this.#regroup(this.#groups.rows, nowMs)
  }

  /**
   * Nobody could say anything from `lastAliveMs` to `nowMs`: we were not there, or the machine slept. What fired before did
   * not resolve because of that. What somebody said is over is over, be it after the last sign of life that was kept.
   */
  bridge(lastAliveMs: number, nowMs: number): void {
    for (const alert of this.#alerts.values()) {
      if (alert.endsAtMs <= lastAliveMs || isResolved(alert, alert.updatedAtMs)) continue
      const graceMs = Math.max(alert.endsAtMs - alert.updatedAtMs, GRACE_MS)
      const endsAtMs = Math.max(alert.endsAtMs, nowMs + graceMs)
      this.#alerts.set(alert.fingerprint, { ...alert, endsAtMs, frozen: NOT_SAID_SINCE })
    }
    this.#inhibitor = undefined
    this.#unwritten.log.push(...this.#log.bridge(lastAliveMs, nowMs))
  }

  /**
   * Takes alerts over from the rules (or from outside).
   *
   * @returns what has to be written down together with the rules' own state
   */
  take(sent: readonly SentAlert[], nowMs: number): NotifyChange & { readonly events: readonly AlertEvent[] } {
    this.#groups.sweep(nowMs)
    this.#inhibitor = undefined
    const alerts: NotifyAlertRow[] = []
    const groups = new Set<Group>()
    const events: AlertEvent[] = []
    const episodes: EpisodeChange[] = []
    for (const each of sent) {
      const news = fromSent(each, nowMs)
      const known = this.#alerts.get(news.fingerprint)
      const alert = mergeAlerts(known, news)
      if (!isResolved(alert, nowMs)) this.#echoes.delete(alert.fingerprint)
      else if (known === undefined) this.#echoes.add(alert.fingerprint)
      this.#alerts.set(alert.fingerprint, alert)
      alerts.push(rowOf(alert))
      this.#episodes.note(alert, nowMs, { episodes, events })
      for (const { group, isNew } of this.#groups.place(alert, this.#options.routing.root, nowMs)) {
        if (isNew && !this.#echoes.has(alert.fingerprint)) events.push(grouped(alert, group, nowMs))
        groups.add(group)
      }
    }
    return { alerts, goneAlerts: [], groups: [...groups].map(groupRow), goneGroups: [], episodes, events }
  }

  /**
   * Looks at every group whose time has come.
   *
   * @param mostAlerts after the group with which there are so many it ends, and the others are due still: thousands of
   * alerts at once would keep everybody waiting
   * @returns what was decided; undefined when nothing was due
   */
  flush(nowMs: number, mostAlerts = Number.POSITIVE_INFINITY): FlushChange | undefined {
    this.#groups.sweep(nowMs)
    const all = this.#groups.due(nowMs)
    const due = firstGroups(all, mostAlerts)
    const isLast = due.length === all.length
    const dueSet = new Set(due)
    const escalated = isLast ? this.#groups.dueToEscalate(nowMs).filter((group) => !dueSet.has(group)) : []
    if (due.length + escalated.length === 0) return undefined
    this.#log.dropExpired(nowMs)
    const change: Decisions = { messages: [], log: [], events: [], groups: [], goneGroups: [] }
    const inhibitor = this.#inhibitorAt(nowMs)
    for (const group of due) this.#flushGroup(group, nowMs, change, inhibitor)
    // In between the group's own times only those are told whose turn it is.
    for (const group of escalated) this.#escalateGroup(group, nowMs, change, inhibitor)
    const events = change.events.filter(
      ({ fingerprint, kind }) => kind === 'queued' || kind === 'escalated' || !this.#echoes.has(fingerprint),
    )
    const goneAlerts: string[] = []
    const episodes: EpisodeChange[] = []
    if (isLast) this.#letGo(nowMs, { goneAlerts, episodes, events })
    const { gone, log } = this.#unwritten
    change.goneGroups.push(...gone.filter((place) => !this.#groups.has(place)))
    this.#unwritten = { gone: [], log: [] }
    return { ...change, events, log: [...log, ...change.log], alerts: [], goneAlerts, episodes }
  }

  /** Forgets alerts that are over and in no group any more. */
  #letGo(
    nowMs: number,
    change: { readonly goneAlerts: string[]; readonly episodes: EpisodeChange[]; readonly events: AlertEvent[] },
  ): void {
    const over = [...this.#alerts.values()].filter((alert) => isResolved(alert, nowMs))
    if (over.length === 0) return
    const held = new Set<string>()
    for (const { members } of this.#groups) for (const fingerprint of members) held.add(fingerprint)
    for (const alert of over) {
      this.#episodes.noteSilent(alert, nowMs, change)
      if (held.has(alert.fingerprint)) continue
      this.#alerts.delete(alert.fingerprint)
      this.#echoes.delete(alert.fingerprint)
      change.goneAlerts.push(alert.fingerprint)
    }
  }

  #flushGroup(group: Group, nowMs: number, change: Decisions, inhibitor: () => Inhibitor): void {
    const { route } = group
    group.nextFlushMs = nowMs + route.groupIntervalMs
    group.flushed = true
    const members = this.#membersOf(group)
    const telling = this.#telling(group, members, nowMs, change, inhibitor)
    if (telling.alerts.length + telling.owed.length > 0) {
      tellGroup(telling, change)
      escalate(telling, change)
    } else this.#standing.settleOthers(groupId(group), HELD, nowMs, change.events)
    for (const alert of members) if (isResolved(alert, nowMs)) group.members.delete(alert.fingerprint)
    if (group.members.size > 0) {
      group.escalateAtMs = nextEscalationMs({ ...telling, alerts: members }, nowMs)
      change.groups.push(groupRow(group))
      return
    }
    this.#standing.drop(groupId(group), change.events)
    group.escalateAtMs = undefined
    change.goneGroups.push({ routeId: route.id, groupKey: group.key })
  }

  #escalateGroup(group: Group, nowMs: number, change: Decisions, inhibitor: () => Inhibitor): void {
    const members = this.#membersOf(group)
    const telling = this.#telling(group, members, nowMs, change, inhibitor)
    escalate(telling, change)
    group.escalateAtMs = nextEscalationMs({ ...telling, alerts: members }, nowMs)
  }

  #membersOf(group: Group): NotifyAlert[] {
    return [...group.members].flatMap((id) => this.#alerts.get(id) ?? []).sort(byImportance)
  }

  /** What the stages leave of a group to be told. */
  #telling(
    group: Group,
    members: readonly NotifyAlert[],
    nowMs: number,
    change: Decisions,
    inhibitor: () => Inhibitor,
  ): Telling {
    const context = { nowMs, route: group.route, inhibitor }
    const result = runStages(this.#options.stages, members, context)
    const { suppressed } = result
    const { pass, owed } = this.#unseen.sort(result, nowMs)
    this.#standing.settle(groupId(group), HELD, heldBack(suppressed), nowMs, change.events)
    for (const { untilMs = nowMs } of suppressed) {
      if (untilMs > nowMs) group.nextFlushMs = Math.min(group.nextFlushMs, untilMs)
    }
    return { ...this.#everything(group, nowMs, pass), owed }
  }

  /** As if no stage held anything back. */
  #everything(group: Group, nowMs: number, alerts: readonly NotifyAlert[] = this.#membersOf(group)): Telling {
    return { group, alerts, owed: [], nowMs, log: this.#log, standing: this.#standing, options: this.#options }
  }

  /** One for all groups that are looked at in the same moment, also in parts. */
  #inhibitorAt(nowMs: number): () => Inhibitor {
    return () => {
      if (this.#inhibitor?.nowMs !== nowMs) {
        const rules = this.#options.routing.inhibitRules ?? []
        this.#inhibitor = { nowMs, made: new Inhibitor(rules, this.#alerts.values(), nowMs) }
      }
      return this.#inhibitor.made
    }
  }

  /** Puts every alert into its groups; a group that was there before goes on with its time. */
  #regroup(before: readonly NotifyGroupRow[], nowMs: number): void {
    const { root, receivers, escalations } = this.#options.routing
    this.#unwritten.gone.push(...this.#groups.regroup(this.#alerts.values(), root, before, nowMs))
    const places = [...this.#groups].flatMap(({ route, key, members }) => {
      const steps = (escalations?.get(route.receiver) ?? []).map(({ integrations }) => integrations)
      return [receivers.get(route.receiver) ?? [], ...steps].flatMap((integrations, step) =>
        integrations.map(({ channel }) => ({
          groupKey: key,
          receiver: route.receiver,
          step,
          integration: channel,
          members,
          validMs: 2 * route.repeatIntervalMs,
        })),
      )
    })
    this.#unwritten.log.push(...this.#log.inherit(places, nowMs))
    // What was due while nobody was there is due now.
    for (const group of this.#groups) {
      group.escalateAtMs = nextEscalationMs(this.#everything(group, nowMs))
    }
  }
}

/** Groups from the first one on until they have so many alerts. */
function firstGroups(groups: readonly Group[], mostAlerts: number): readonly Group[] {
  let alerts = 0
  const end = groups.findIndex(({ members }) => {
    alerts += members.size
    return alerts >= mostAlerts
  })
  return end === -1 ? groups : groups.slice(0, end + 1)
}

/** What is asked first of each alert, in place of a channel's name. */
const HELD = '\0held'

/** Those that are held back for the same reason together. */
function heldBack(suppressed: readonly Suppressed[]): readonly Verdict[] {
  const byReason = Map.groupBy(suppressed, ({ by, reason }) => `${by}\n${reason}`)
  return [...byReason.values()].map((some) => {
    const [{ by, reason, subject = '' }] = some as [Suppressed, ...Suppressed[]]
    return { decision: { kind: by, detail: reason, subject }, alerts: some.map(({ alert }) => alert.fingerprint) }
  })
}

function grouped({ fingerprint }: NotifyAlert, { key, route, nextFlushMs }: Group, nowMs: number): AlertEvent {
  const waitSeconds = Math.max(0, nextFlushMs - nowMs) / 1000
  const detail = `in group ${key} for ${route.receiver}; looked at in ${waitSeconds} s`
  return { fingerprint, atMs: nowMs, kind: 'grouped', detail, subject: `group/${key}` }
}

function rowOf({ labels, frozen: _, ...alert }: NotifyAlert): NotifyAlertRow {
  return { ...alert, labels: JSON.stringify(labels.pairs) }
}
