import type { Clock } from '../lib/clock.ts'
import { Forwarder, type Forwarding } from '../notify/forwarder.ts'
import type { Log } from '../telemetry/log.ts'
import type { SelfMetrics } from '../telemetry/self-metrics.ts'

interface ForwardingTools {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: SelfMetrics
}

/** A forwarder that counts and logs how it goes. */
export function startForwarder({ clock, log, metrics }: ForwardingTools, forwarding: Forwarding): Forwarder {
  const failing = new Set<string>()
  return new Forwarder(
    {
      clock,
      onTry(alertmanager, alerts, error) {
        metrics.alertsForwarded.inc({ alertmanager, outcome: error === undefined ? 'success' : 'failure' }, alerts)
        if (error === undefined) {
          if (failing.delete(alertmanager))
            log.info({ event: 'forward.works', alertmanager }, 'alerts reach that Alertmanager again')
          return
        }
        if (!failing.has(alertmanager))
          log.warn({ event: 'forward.failed', alertmanager, error }, 'alerts do not reach that Alertmanager')
        failing.add(alertmanager)
      },
      onDropped(alertmanager, alerts) {
        metrics.alertsDropped.inc({ alertmanager }, alerts)
        log.warn({ event: 'forward.dropped', alertmanager, alerts }, 'alerts for that Alertmanager are given up')
      },
    },
    forwarding,
  )
}
