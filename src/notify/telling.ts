import type { AlertEvent } from '../model/alert.ts'
import type { Labels } from '../model/labels.ts'
import type { FlushChange, NotifyChange, NotifyGroupRow, NotifyLogRow } from '../store/notify.ts'
import type { Group } from './alert-groups.ts'
import { dedup } from './dedup.ts'
import { notificationOf } from './notification.ts'
import { isResolved, type NotifyAlert } from './notify-alert.ts'
import type { NotifyLog } from './notify-log.ts'
import type { Routing } from './routing.ts'

/** What looking at due groups has decided so far. */
export interface Decisions {
  readonly messages: FlushChange['messages'][number][]
  readonly log: NotifyLogRow[]
  readonly events: AlertEvent[]
  readonly groups: NotifyGroupRow[]
  readonly goneGroups: NotifyChange['goneGroups'][number][]
}

export interface TellingOptions {
  readonly routing: Routing
  /** What the check behind an alert last found, for the message. */
  readonly findingOf: (labels: Labels) => string | undefined
  readonly externalUrl: string
  /** How long a message is worth delivering. */
  readonly expiryMs: number
}

interface Telling {
  readonly group: Group
  /** Those that no stage holds back. */
  readonly alerts: readonly NotifyAlert[]
  readonly nowMs: number
  readonly log: NotifyLog
  readonly options: TellingOptions
}

/** Decides for each integration of a group's receiver whether it is told of the group now, and makes the messages. */
export function tellGroup({ group, alerts, nowMs, log, options }: Telling, decisions: Decisions): void {
  const { route, key } = group
  const firing = alerts.filter((alert) => !isResolved(alert, nowMs))
  const resolved = alerts.filter((alert) => isResolved(alert, nowMs))
  for (const integration of options.routing.receivers.get(route.receiver) ?? []) {
    const place = { groupKey: key, receiver: route.receiver, integration: integration.channel }
    const hashes = {
      firing: firing.map(({ fingerprint }) => fingerprint),
      resolved: resolved.map(({ fingerprint }) => fingerprint),
    }
    const decision = dedup({
      entry: log.get(place, nowMs),
      ...hashes,
      sendResolved: integration.sendResolved,
      repeatIntervalMs: route.repeatIntervalMs,
      nowMs,
    })
    if (!decision.notify) continue
    const entry: NotifyLogRow = { ...place, ...hashes, atMs: nowMs, expiresMs: nowMs + 2 * route.repeatIntervalMs }
    log.put(entry)
    decisions.log.push(entry)
    if (!decision.say) continue
    const told = integration.sendResolved ? alerts : firing
    const notification = notificationOf({
      receiver: route.receiver,
      groupKey: key,
      groupLabels: group.labels,
      alerts: told,
      reason: decision.reason,
      nowMs,
      externalUrl: options.externalUrl,
      findingOf: options.findingOf,
    })
    decisions.messages.push({
      channel: integration.channel,
      groupKey: key,
      body: JSON.stringify(notification),
      createdMs: nowMs,
      expiresMs: nowMs + options.expiryMs,
    })
    for (const { fingerprint } of told) {
      const detail = `for ${integration.channel}: ${decision.reason}`
      decisions.events.push({ fingerprint, atMs: nowMs, kind: 'queued', detail })
    }
  }
}
