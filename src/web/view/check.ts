import type { HealthStatus } from '../../model/health.ts'
import { checkEvents } from '../../store/checks.ts'
import type { WebContext } from '../context.ts'
import type { CheckEventView, CheckView } from '../page/check.tsx'
import { alertViews } from './alerts.ts'
import { historiesOf, uptimesOf } from './check-past.ts'
import { checkSummary, HEARTBEAT } from './check-summary.ts'
import { latencyOf } from './latency.ts'
import { phasesOf } from './phases.ts'

const MOST_EVENTS = 50

interface Asked {
  /** Where the same is as JSON. */
  readonly jsonUrl: string
  readonly needsToken: boolean
}

/** All that is known of one check; undefined when there is none of this name. */
export async function checkView(context: WebContext, name: string, asked: Asked): Promise<CheckView | undefined> {
  const info = context.checks().find((check) => check.name === name)
  if (info === undefined) return undefined
  const histories = await historiesOf(context)
  const uptimes = await uptimesOf(context, info)
  // Read last, so that nothing on the page is older than its heading.
  const health = context.board.find(name)
  if (health === undefined) return undefined
  const isHeartbeat = info.kind === HEARTBEAT
  return {
    ...checkSummary(health, info, histories.get(name)),
    target: isHeartbeat ? '' : info.instance,
    everyMs: isHeartbeat ? undefined : info.everyMs,
    timeoutMs: info.timeoutMs,
    schedule: isHeartbeat ? info.instance.replace(/^expected /, '') : undefined,
    dependsOn: info.dependsOn,
    labels: info.labels,
    runbookUrl: info.runbook,
    phases: phasesOf(context, health),
    latency: latencyOf(context, info),
    uptimes,
    events: eventsOf(context, health),
    alerts: alertViews(context, name),
    ...asked,
  }
}

/** Newest first. What it is now comes first even where it was no news to write down, as after a start. */
function eventsOf(
  { store }: WebContext,
  now: { readonly name: string; readonly status: HealthStatus; readonly sinceMs: number; readonly message: string },
): readonly CheckEventView[] {
  const written = checkEvents(store.reader, now.name, MOST_EVENTS).map(({ atMs, state, message }) => ({
    atMs,
    status: state as HealthStatus,
    message,
  }))
  const [newest] = written
  const isMissing = newest !== undefined && newest.status !== now.status && newest.atMs <= now.sinceMs
  return isMissing ? [{ atMs: now.sinceMs, status: now.status, message: now.message }, ...written] : written
}
