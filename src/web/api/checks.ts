import { requireScope } from '../auth.ts'
import type { WebContext } from '../context.ts'
import type { AlertView } from '../page/alerts.tsx'
import type { CheckView } from '../page/check.tsx'
import { pageOf } from '../paging.ts'
import { HttpProblem } from '../problem.ts'
import type { Api } from '../registry.ts'
import { checkView } from '../view/check.ts'
import { checkReport, time } from './health.ts'

/** What the pages of checks show, for programs. */
export const checksApi: Api = (web, context) => {
  const read = requireScope(context, 'read')

  web.get('/api/v1/checks', read, (c) => {
    const page = pageOf(c, context.checks())
    const items = page.items.map((info) => ({ ...whatItIs(info), ...howItIs(context, info.name) }))
    return c.json({ ...page, items }, 200, { 'cache-control': 'no-store' })
  })

  web.get('/api/v1/checks/:name', read, async (c) => {
    const name = c.req.param('name')
    const info = context.checks().find((check) => check.name === name)
    const view = info && (await checkView(context, name, { jsonUrl: '', needsToken: false }))
    if (info === undefined || view === undefined) {
      throw new HttpProblem(404, 'Unknown check', `there is no check "${name}"`)
    }
    const body = { ...whatItIs(info), ...howItIs(context, name), ...howItWas(view) }
    return c.json(body, 200, { 'cache-control': 'no-store' })
  })
}

function whatItIs({
  name,
  kind,
  instance,
  everyMs,
  timeoutMs,
  dependsOn,
  runbook,
  labels,
}: ReturnType<WebContext['checks']>[number]) {
  return {
    name,
    kind,
    instance,
    every_seconds: everyMs / 1000,
    timeout_seconds: timeoutMs === undefined ? null : timeoutMs / 1000,
    depends_on: dependsOn,
    runbook: runbook ?? null,
    labels,
  }
}

function howItIs({ board }: WebContext, name: string) {
  const health = board.find(name)
  return health === undefined
    ? { status: 'unknown' as const }
    : { ...checkReport(health), last_run: time(health.lastRunMs) }
}

function howItWas({ phases, uptimes, history, events, alerts }: CheckView) {
  return {
    phases: phases.map(({ name, durationMs, hasFailed }) => ({ name, duration_ms: durationMs, failed: hasFailed })),
    uptime: uptimes.map(({ windowMs, upShare, knownShare }) => ({
      window_seconds: windowMs / 1000,
      up_ratio: upShare ?? null,
      known_ratio: knownShare,
    })),
    history: { from: time(history.fromMs), slot_seconds: history.slotMs / 1000, slots: history.slots },
    changes: events.map(({ atMs, status, message }) => ({ at: time(atMs), status, message })),
    alerts: alerts.map(alertReport),
  }
}

function alertReport(alert: AlertView) {
  const { name, state, severity, sinceMs, summary, description, value, labels, runbookUrl, notes } = alert
  return {
    name,
    fingerprint: alert.fingerprint,
    state,
    severity: severity ?? null,
    since: time(sinceMs),
    summary,
    description,
    // JSON has no NaN and no infinity.
    value: value === undefined || Number.isFinite(value) ? (value ?? null) : String(value),
    labels,
    runbook_url: runbookUrl ?? null,
    notes,
  }
}
