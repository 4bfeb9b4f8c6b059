import type { CheckConfig, Config } from '../config/config.ts'
import type { Routing } from '../notify/dispatcher.ts'
import type { ReadyChannel } from '../notify/sender.ts'
import { channelsOf } from './channels.ts'
import { defaultChecks } from './default-checks.ts'
import { routingOf } from './routing.ts'

/** Everything that a config makes, ready to be put in place of what runs. Making it is all that can fail. */
export interface Plan {
  readonly config: Config
  readonly checks: readonly CheckConfig[]
  readonly routing: Routing
  readonly channels: ReadonlyMap<string, ReadyChannel>
}

export function buildPlan(config: Config): Plan {
  return {
    config,
    checks: config.checks.length > 0 ? config.checks : defaultChecks(),
    routing: routingOf(config),
    channels: channelsOf(config),
  }
}
