import type { CheckHealth } from '../../model/health.ts'
import { type History, HistoryBars } from './history.tsx'
import { checkPath } from './link.tsx'
import { Trouble } from './reason.tsx'
import { StatusMark } from './status.tsx'
import { Given } from './text.tsx'
import { formatLatency, formatNear, Since } from './time.tsx'

/** One check in a list of many. */
export interface CheckSummary extends CheckHealth {
  /** What kind of check it is: `http`, `postgres`, `heartbeat`, … */
  readonly kind: string
  /** What it asks, without secrets; '' when it asks nothing. */
  readonly target: string
  /** The last 24 hours in half-hours. */
  readonly history: History
}

/** In which maintenance window it is, and until when. */
export function MaintenanceTag({
  maintenance,
  nowMs,
}: {
  readonly maintenance: CheckHealth['maintenance']
  readonly nowMs: number
}) {
  if (maintenance === undefined) return null
  return (
    <span class="tag maintenance">
      in maintenance (<Given text={maintenance.window} max={60} />) until {formatNear(maintenance.untilMs, nowMs)}
    </span>
  )
}

interface CheckRowProps {
  readonly check: CheckSummary
  readonly nowMs: number
  /** Where no heading says it. */
  readonly withCategory?: boolean
}

/** Status, name, since when, latency, bars; below it what is wrong. */
export function CheckRow({ check, nowMs, withCategory = false }: CheckRowProps) {
  const { name, status, critical, kind, target, latencyMs, sinceMs, history, maintenance } = check
  return (
    <li class={`check is-${status}`}>
      <StatusMark status={status} />
      <div class="what">
        <a class="name" href={checkPath(name)}>
          <Given text={name} max={200} />
        </a>
        {critical && <span class="tag critical">critical</span>}
        <MaintenanceTag maintenance={maintenance} nowMs={nowMs} />
        <span class="muted target">
          {withCategory && (
            <>
              <Given text={check.category} max={60} /> ·{' '}
            </>
          )}
          {!target.startsWith(`${kind}:`) && (
            <>
              <Given text={kind} max={60} />{' '}
            </>
          )}
          {target !== '' && <Given text={target} max={120} />}
        </span>
      </div>
      <div class="since">
        <Since atMs={sinceMs} nowMs={nowMs} />
      </div>
      <div class="latency">
        {latencyMs !== undefined && (
          <>
            <span class="visually-hidden">latency </span>
            {formatLatency(latencyMs)}
          </>
        )}
      </div>
      <HistoryBars history={history} nowMs={nowMs} />
      {status !== 'healthy' && (
        <div class="why">
          <Trouble check={check} />
        </div>
      )}
    </li>
  )
}
