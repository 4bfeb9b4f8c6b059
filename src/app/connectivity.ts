import type { ConnectivityConfig } from '../config/connectivity.ts'
import type { Clock } from '../lib/clock.ts'
import { degraded, down, type Finding, up } from '../model/finding.ts'
import { ConnectivityGuard } from '../probe/connectivity.ts'
import type { SelfCheck } from './jobs.ts'

/** What says whether midwatch has a way out, by the config in use; undefined when nobody asks. */
export interface Connectivity {
  readonly config: ConnectivityConfig
  readonly guard: ConnectivityGuard
}

/** The one before stays where the config says the same, with what it knows. */
export function connectivityOf(
  config: ConnectivityConfig,
  clock: Clock,
  before: Connectivity | undefined,
): Connectivity | undefined {
  if (config.anyOf.length === 0) return undefined
  if (before !== undefined && JSON.stringify(before.config) === JSON.stringify(config)) return before
  return { config, guard: new ConnectivityGuard({ clock, beacons: config.anyOf, timeoutMs: config.timeoutMs }) }
}

/** Asks again and again, so that it shows before anything else fails. */
export function connectivityChecks(connectivity: Connectivity | undefined, instance: string): readonly SelfCheck[] {
  if (connectivity === undefined) return []
  const { config, guard } = connectivity
  return [
    {
      name: 'midwatch-connectivity',
      critical: false,
      instance,
      everyMs: config.everyMs,
      // One look that is under way, and the one that follows it.
      timeoutMs: 2 * config.timeoutMs + 1000,
      variant: JSON.stringify(config),
      run: () => report(guard),
    },
  ]
}

async function report(guard: ConnectivityGuard): Promise<Finding> {
  const { isOnline, detail } = await guard.look()
  if (isOnline) return up({ details: { answer: detail } })
  return guard.isContradicted
    ? degraded('unreachable', `${detail}; yet checks outside are up, so that this is not believed`)
    : down('unreachable', `there is no way out: ${detail}; outside checks that fail are unknown meanwhile`)
}
