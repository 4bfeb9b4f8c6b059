import type { CheckConfig, Config } from '../config/config.ts'
import { routingOf } from '../config/routing.ts'
import { QueryBackend } from '../export/forward/backend.ts'
import { EVENTS, eventOutlet } from '../notify/event-sink.ts'
import type { Forwarding } from '../notify/forwarder.ts'
import type { Routing } from '../notify/routing.ts'
import type { Outlet, Outlets, ReadyChannel } from '../notify/sender.ts'
import { channelsOf } from './channels.ts'
import { defaultChecks } from './default-checks.ts'

/** Everything that a config makes, ready to be put in place of what runs. Making it is all that can fail. */
export interface Plan {
  readonly config: Config
  readonly checks: readonly CheckConfig[]
  readonly routing: Routing
  readonly channels: ReadonlyMap<string, ReadyChannel>
  /** Whatever messages can go to: the channels, and the sink of events. */
  readonly outlets: Outlets
  /** Who answers queries in the place of our own store. */
  readonly backend: QueryBackend | undefined
  /** Where alerts of the rules go besides. */
  readonly alertForwarding: Forwarding
}

export function buildPlan(config: Config): Plan {
  const channels = channelsOf(config)
  const outlets = new Map<string, Outlet<never>>(channels)
  if (config.events !== undefined) outlets.set(EVENTS, eventOutlet(config.events, externalUrlOf(config)))
  return {
    config,
    checks: config.checks.length > 0 ? config.checks : defaultChecks(),
    routing: routingOf(config),
    channels,
    outlets,
    backend:
      config.metricsBackend === undefined
        ? undefined
        : new QueryBackend(config.metricsBackend, () => config.probes.addressPolicy, config.folder),
    alertForwarding: {
      targets: config.alerting?.targets ?? [],
      externalLabels: config.externalLabels,
      relabel: config.alerting?.relabel.apply ?? ((labels) => labels),
    },
  }
}

/** Where people reach this midwatch, without a slash at the end. */
export function externalUrlOf({ server }: Config): string {
  return server.externalUrl ?? `http://${server.listen.host ?? 'localhost'}:${server.listen.port}`
}
