import { ACKNOWLEDGED } from '../model/notification.ts'
import { isResolved } from './notify-alert.ts'
import { toldTimes } from './notify-log.ts'
import type { Integration } from './routing.ts'
import { type Addressee, type Decisions, entryOf, isTakenOn, say, type Telling } from './telling.ts'

/**
 * Tells those that keep an incident of a group that somebody has taken on all that they were told of, so that they call nobody
 * else. Whoever reads messages sees it in the next one.
 *
 * @param telling all alerts of the group
 */
export function tellAcknowledged(telling: Telling, decisions: Decisions): void {
  const { group, alerts, nowMs, options } = telling
  const { receivers, escalations } = options.routing
  const { receiver } = group.route
  const tell = (integrations: readonly Integration[], escalation?: Addressee['escalation']) => {
    for (const integration of integrations) {
      if (integration.keepsIncidents !== true) continue
      const told = toldTimes(entryOf(telling, { integration, escalation }))
      const firing = alerts.filter((alert) => !isResolved(alert, nowMs) && told(alert) !== undefined)
      if (firing.length === 0 || !firing.every((alert) => isTakenOn(alert, telling))) continue
      const addressee = { integration, escalation, firing, resolved: [], isAcknowledged: true }
      say(telling, addressee, ACKNOWLEDGED, decisions)
    }
  }
  tell(receivers.get(receiver) ?? [])
  for (const [i, { afterMs, integrations }] of (escalations?.get(receiver) ?? []).entries()) {
    tell(integrations, { step: i + 1, afterMs })
  }
}
