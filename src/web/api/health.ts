import { version } from '../../lib/version.ts'
import type { CheckHealth } from '../../model/health.ts'
import { identify, mayRead } from '../auth.ts'
import type { WebContext } from '../context.ts'
import type { Api } from '../registry.ts'
import { channelReports } from '../view/channels.ts'

/** `/health` for people and scripts, `/health/live` and `/health/ready` for what restarts and routes. */
export const healthApi: Api = (web, context) => {
  const who = identify(context)

  web.get('/health', (c) => {
    const caller = who(c)
    const report = healthReport(context, caller !== undefined && mayRead(caller))
    return c.json(report, report.status === 'unhealthy' ? 503 : 200, { 'cache-control': 'no-store' })
  })
  web.get('/health/live', (c) => c.json({ status: 'alive' }, 200, { 'cache-control': 'no-store' }))
  web.get('/health/ready', (c) => {
    const { failingSinceMs, lastError } = context.store.writer.stats
    const reason = !context.isStarted()
      ? 'starting: rules are being read'
      : failingSinceMs === undefined
        ? undefined
        : `the data file can't be written: ${lastError}`
    const body = reason === undefined ? { status: 'ready' } : { status: 'not ready', reason }
    return c.json(body, reason === undefined ? 200 : 503, { 'cache-control': 'no-store' })
  })
}

/** @param inFull with what only those get who may read: messages, details, and how midwatch itself is set up */
function healthReport(context: WebContext, inFull: boolean) {
  const { board, startedMs, clock } = context
  const { status, ...counts } = board.summary
  return {
    status,
    version,
    uptime_seconds: Math.floor((clock.now() - startedMs) / 1000),
    checks: Object.fromEntries(board.checks.map((check) => [check.name, (inFull ? checkReport : checkState)(check)])),
    summary: counts,
    ...(inFull ? ownReport(context) : {}),
  }
}

function ownReport(context: WebContext) {
  const reload = context.lastReload()
  return {
    config: {
      last_reload: time(reload.atMs),
      last_reload_successful: reload.ok,
      ...(reload.ok ? {} : { problems: reload.problems.map(({ message, file, line }) => ({ file, line, message })) }),
    },
    channels: Object.fromEntries(channelReports(context)),
  }
}

/** One check as `/health` and `/api/v1/checks` tell it. */
export function checkReport(check: CheckHealth) {
  const { maintenance } = check
  return {
    ...checkState(check),
    ...(maintenance === undefined
      ? {}
      : { maintenance: { window: maintenance.window, until: time(maintenance.untilMs) } }),
    ...(check.message === '' ? {} : { message: check.message }),
    ...(check.reason === undefined ? {} : { reason: check.reason }),
    ...(check.phase === undefined ? {} : { phase: check.phase }),
    details: check.details,
  }
}

/** What tells nothing of where the check looks. */
function checkState({ status, critical, category, latencyMs, lastSuccessMs, sinceMs, maintenance }: CheckHealth) {
  return {
    status,
    critical,
    category,
    latency_ms: latencyMs ?? null,
    last_success: time(lastSuccessMs),
    since: time(sinceMs),
    ...(maintenance === undefined ? {} : { maintenance: { until: time(maintenance.untilMs) } }),
  }
}

/** As RFC 3339; null for a time that never was. */
export function time(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
