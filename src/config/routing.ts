import { createMatcher } from '../model/matcher.ts'
import type { Channel } from '../notify/channel/channel.ts'
import { type ChannelName, channels } from '../notify/channel/registry.ts'
import type { InhibitRule } from '../notify/inhibition.ts'
import { type RouteSpec, routeTree } from '../notify/route.ts'
import type { EscalationStep, Integration, Routing } from '../notify/routing.ts'
import type { TimeInterval } from '../notify/time-interval.ts'
import { DEFAULT_INHIBIT_RULES } from './alertmanager/inhibit-rule.ts'
import type { Config } from './config.ts'
import { deliveryOf } from './delivery.ts'
import { type EscalationNames, escalationsOf } from './escalation.ts'
import { SEVERITIES } from './notify.ts'

/** Receives what has no known severity: every channel that is set up. */
const DEFAULT_RECEIVER = 'default'

/** Who is told what, all filled in: both forms of the config come to this. */
export interface CompiledRouting extends Routing {
  readonly inhibitRules: readonly InhibitRule[]
  readonly timeIntervals: ReadonlyMap<string, TimeInterval>
  readonly escalations: ReadonlyMap<string, readonly EscalationStep[]>
}

/** The tree of routes and its receivers, whether Alertmanager's keys or the short form `notify:` say them. */
export function routingOf(config: Config): CompiledRouting {
  const { alertmanager } = config
  const { spec, receivers } =
    alertmanager?.route === undefined ? shortForm(config) : longForm(config, alertmanager.route)
  const own = ofChannels(config)
  return {
    root: routeTree(spec),
    receivers,
    escalations: escalationsOf(config.notify.escalation, (name) => own.get(name) ?? receivers.get(name) ?? []),
    inhibitRules: alertmanager?.inhibitRules ?? DEFAULT_INHIBIT_RULES,
    timeIntervals: new Map((alertmanager?.timeIntervals ?? []).map((interval) => [interval.name, interval])),
  }
}

interface Written {
  readonly spec: RouteSpec & { readonly receiver: string }
  readonly receivers: Routing['receivers']
}

/** The route tree that the short form stands for: one branch a severity. */
function shortForm({ notify }: Config): Written {
  const integrations = (channels: readonly string[]): Integration[] =>
    channels.map((channel) => ownIntegration(notify, channel as ChannelName))
  const receivers = new Map([[DEFAULT_RECEIVER, integrations(channelsOf(notify))]])
  for (const severity of SEVERITIES) receivers.set(severity, integrations(notify.bySeverity[severity]))
  const spec = {
    receiver: DEFAULT_RECEIVER,
    groupBy: notify.groupBy,
    groupWaitMs: notify.groupWaitMs,
    groupIntervalMs: notify.groupIntervalMs,
    repeatIntervalMs: notify.repeatMs,
    routes: SEVERITIES.map((severity) => ({
      receiver: severity,
      matchers: [createMatcher('severity', '=', severity)],
    })),
  }
  return { spec, receivers }
}

/** Besides the receivers of Alertmanager's keys, each channel of `notify:` is a receiver of its own name. */
function longForm({ notify, alertmanager }: Config, spec: Written['spec']): Written {
  const receivers = new Map<string, readonly Integration[]>()
  for (const { name, integrations } of alertmanager?.receivers ?? []) {
    receivers.set(
      name,
      integrations.map(({ id, sendResolved, channel: kind }) =>
        integrationOf(notify, { id, receiver: name, kind }, sendResolved),
      ),
    )
  }
  for (const [name, integrations] of ofChannels({ notify })) receivers.set(name, integrations)
  return { spec, receivers }
}

/** Each channel that `notify:` sets up as a receiver of its own name. */
function ofChannels({ notify }: Pick<Config, 'notify'>): ReadonlyMap<string, readonly Integration[]> {
  return new Map(channelsOf(notify).map((channel) => [channel, [ownIntegration(notify, channel as ChannelName)]]))
}

function ownIntegration(notify: Config['notify'], channel: ChannelName): Integration {
  return integrationOf(notify, { id: channel, receiver: undefined, kind: channel }, notify.sendResolved)
}

function integrationOf(
  notify: Config['notify'],
  named: Parameters<typeof deliveryOf>[1],
  sendResolved: boolean,
): Integration {
  const { fallback } = deliveryOf(notify, named)
  const { keepsIncidents } = channels[named.kind] as Channel<unknown>
  return {
    channel: named.id,
    sendResolved,
    ...(fallback === undefined ? {} : { fallback: fallback.channel }),
    ...(keepsIncidents === undefined ? {} : { keepsIncidents }),
  }
}

/** The channels that `notify:` sets up, in its order. */
export function channelsOf({ channels }: Config['notify']): string[] {
  return Object.entries(channels).flatMap(([name, channel]) => (channel === undefined ? [] : [name]))
}

/** Who is told at first and who can be told later, for the steps of an escalation. */
export function namesToEscalate(notify: Config['notify'], alertmanager: Config['alertmanager']): EscalationNames {
  const channels = channelsOf(notify)
  if (alertmanager?.route !== undefined) {
    const receivers = [...alertmanager.receivers.map(({ name }) => name), ...channels]
    const silent = alertmanager.receivers.filter(({ integrations }) => integrations.length === 0)
    return { sources: receivers, silent: silent.map(({ name }) => name), targets: receivers }
  }
  const silent = SEVERITIES.filter((severity) => notify.bySeverity[severity].length === 0)
  return {
    sources: [...SEVERITIES, DEFAULT_RECEIVER],
    silent: channels.length === 0 ? [...silent, DEFAULT_RECEIVER] : silent,
    targets: channels,
  }
}
