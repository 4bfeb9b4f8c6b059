import type { Config } from '../config/config.ts'
import { SEVERITIES } from '../config/notify.ts'
import { createMatcher } from '../model/matcher.ts'
import type { Integration, Routing } from '../notify/dispatcher.ts'
import { routeTree } from '../notify/route.ts'

/** Receives what has no known severity: every channel that is set up. */
const DEFAULT_RECEIVER = 'default'

/** The route tree that the short form `notify:` stands for: one branch a severity. */
export function routingOf({ notify }: Config): Routing {
  const integrations = (channels: readonly string[]): Integration[] =>
    channels.map((channel) => ({ channel, sendResolved: notify.sendResolved }))
  const configured = Object.entries(notify.channels).flatMap(([name, channel]) => (channel === undefined ? [] : [name]))
  const receivers = new Map([[DEFAULT_RECEIVER, integrations(configured)]])
  for (const severity of SEVERITIES) receivers.set(severity, integrations(notify.bySeverity[severity]))
  const root = routeTree({
    receiver: DEFAULT_RECEIVER,
    groupBy: notify.groupBy,
    groupWaitMs: notify.groupWaitMs,
    groupIntervalMs: notify.groupIntervalMs,
    repeatIntervalMs: notify.repeatMs,
    routes: SEVERITIES.map((severity) => ({
      receiver: severity,
      matchers: [createMatcher('severity', '=', severity)],
    })),
  })
  return { root, receivers }
}
