import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import type { SloEntry } from '../../objective/book.ts'
import { SloRefusal } from '../../objective/book.ts'
import type { SloAlert } from '../../objective/slo.ts'
import { requireScope, type WebEnv } from '../auth.ts'
import { readJson } from '../body.ts'
import { renderPage } from '../page/layout.tsx'
import { pageHeaders } from '../page/security.ts'
import { REPORT_STYLE, SloReportPage } from '../page/slo-report.tsx'
import { pageOf } from '../paging.ts'
import { HttpProblem } from '../problem.ts'
import type { Api } from '../registry.ts'
import { invalid } from '../validate.ts'
import { monthOf, monthRange, type SloReport, sloReport } from '../view/slo-report.ts'
import { reportCsv } from '../view/slo-report-csv.ts'
import {
  type BurnStatus,
  burnStatus,
  type PairStatus,
  type SloStatus,
  sloStatuses,
  windowText,
} from '../view/slo-status.ts'

const HEADERS = { 'cache-control': 'no-store' }

/** SLOs: those of files to read, others to make, change and delete; and how fast their budgets burn. */
export const slosApi: Api = (web, context) => {
  const read = requireScope(context, 'read')
  const admin = requireScope(context, 'admin')

  const found = (id: string): SloEntry => {
    const entry = context.slos().find(({ slo }) => slo.id === id)
    if (entry === undefined) throw new HttpProblem(404, 'Unknown SLO', `there is no SLO "${id}"`)
    return entry
  }
  const shown = async (entry: SloEntry) => sloJson(entry, (await sloStatuses(context, [entry])).get(entry.slo.id))

  web.get('/api/v1/slos', read, async (c) => {
    const page = pageOf(c, context.slos())
    const statuses = await sloStatuses(context, page.items)
    const items = page.items.map((entry) => sloJson(entry, statuses.get(entry.slo.id)))
    return c.json({ ...page, items }, 200, HEADERS)
  })

  web.post('/api/v1/slos', admin, async (c) => {
    const entry = await refusing(readSpec(c).then((spec) => context.saveSlo(spec, undefined, ...by(c))))
    const location = `/api/v1/slos/${encodeURIComponent(entry.slo.id)}`
    return c.json(await shown(entry), 201, { ...HEADERS, location })
  })

  // An id has a dash in it, so that no SLO can be called so.
  web.get('/api/v1/slos/report', read, async (c) => {
    const month = c.req.query('month') ?? monthOf(context.clock.now())
    const range = monthRange(month)
    if (range === undefined) throw badQuery('month', 'is not a month; write one such as 2026-11')
    const format = c.req.query('format') ?? 'json'
    const send = Object.hasOwn(REPORTS, format) ? REPORTS[format] : undefined
    if (send === undefined) throw badQuery('format', `is not one of ${Object.keys(REPORTS).join(', ')}`)
    return send(c, await sloReport(context, month, range))
  })

  web.get('/api/v1/slos/:id', read, async (c) => c.json(await shown(found(c.req.param('id'))), 200, HEADERS))

  web.put('/api/v1/slos/:id', admin, async (c) => {
    const id = c.req.param('id')
    const entry = await refusing(readSpec(c).then((spec) => context.saveSlo(spec, id, ...by(c))))
    return c.json(await shown(entry), 200, HEADERS)
  })

  web.delete('/api/v1/slos/:id', admin, async (c) => {
    await refusing(context.deleteSlo(c.req.param('id'), ...by(c)))
    return c.body(null, 204)
  })

  web.get('/api/v1/slos/:id/burn-rate', read, async (c) => {
    const entry = found(c.req.param('id'))
    const [burn, statuses] = await Promise.all([burnStatus(context, entry), sloStatuses(context, [entry])])
    return c.json(burnJson(entry, burn, statuses.get(entry.slo.id), context.clock.now()), 200, HEADERS)
  })
}

function badQuery(field: string, message: string): HttpProblem {
  return new HttpProblem(400, 'Invalid query', `${field} ${message}`, { errors: [{ field, message }] })
}

const REPORTS: Readonly<Record<string, (c: Context, report: SloReport) => Response>> = {
  json: (c, report) => c.json(report, 200, HEADERS),
  csv: (c, report) =>
    c.body(reportCsv(report), 200, {
      ...HEADERS,
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': `attachment; filename="objectives-${report.month}.csv"`,
    }),
  html(c, report) {
    const hash = createHash('sha256').update(REPORT_STYLE).digest('base64')
    return c.body(renderPage(SloReportPage({ report })), 200, {
      ...pageHeaders,
      'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; frame-ancestors 'none'`,
    })
  },
}

function by(c: Context<WebEnv>): [actor: string, traceId: string] {
  return [c.get('caller').name, c.get('traceId')]
}

async function readSpec(c: Context): Promise<Readonly<Record<string, unknown>>> {
  const body = await readJson(c)
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>
  throw invalid([{ field: '', message: 'is not an SLO; write {"service": …, "name": …, "objective": 99.9, "sli": …}' }])
}

/** What is wrong with a request, as the status that says it. */
async function refusing<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof SloRefusal)) throw error
    switch (error.reason) {
      case 'invalid':
        throw invalid(
          error.problems.length === 0
            ? [{ field: 'name', message: error.message }]
            : error.problems.map(({ field = '', message }) => ({ field, message })),
        )
      case 'taken':
        throw new HttpProblem(409, 'Id in use', error.message)
      case 'of a file':
        throw new HttpProblem(409, 'Written in a file', error.message)
      case 'unknown':
        throw new HttpProblem(404, 'Unknown SLO', error.message)
    }
  }
}

function sloJson({ slo, windows, kept }: SloEntry, status: SloStatus | undefined) {
  const { id, service, name, description, objective, policy, labels, sli, page, ticket, guards, origin } = slo
  return {
    id,
    service,
    name,
    description,
    objective,
    window: windowText(windows.periodMs),
    window_seconds: windows.periodMs / 1000,
    policy,
    labels,
    sli:
      sli.kind === 'raw'
        ? { raw: { error_ratio_query: sli.errorRatioQuery } }
        : { events: { error_query: sli.errorQuery, total_query: sli.totalQuery } },
    alerting: { page: alertJson(page), ticket: alertJson(ticket) },
    min_events: guards?.minEvents ?? 0,
    status: status === undefined ? null : statusJson(status),
    source: kept === undefined ? { kind: 'file', file: origin.file, line: origin.line } : { kind: 'api' },
    read_only: kept === undefined,
    ...(kept === undefined
      ? {}
      : {
          spec: kept.spec,
          created_at: new Date(kept.createdMs).toISOString(),
          created_by: kept.createdBy,
          updated_at: new Date(kept.updatedMs).toISOString(),
          updated_by: kept.updatedBy,
        }),
  }
}

function alertJson(alert: SloAlert | undefined) {
  return alert === undefined ? null : { name: alert.name, labels: alert.labels, annotations: alert.annotations }
}

function statusJson({ budgetLeft, burnRate, errorRatio, exhaustedInMs, firing }: SloStatus) {
  return {
    error_ratio: errorRatio ?? null,
    budget_remaining_ratio: budgetLeft ?? null,
    burn_rate: burnRate ?? null,
    exhausted_in_seconds: exhaustedInMs === undefined ? null : exhaustedInMs / 1000,
    firing,
  }
}

function burnJson({ slo, windows }: SloEntry, burn: BurnStatus, status: SloStatus | undefined, nowMs: number) {
  const inMs = status?.exhaustedInMs
  return {
    id: slo.id,
    at: new Date(nowMs).toISOString(),
    objective: slo.objective,
    window: windowText(windows.periodMs),
    policy: slo.policy,
    ...(status === undefined ? {} : statusJson(status)),
    exhausted_at: inMs === undefined || nowMs + inMs > LAST_MS ? null : new Date(nowMs + inMs).toISOString(),
    windows: burn.windows.map(({ windowMs, errorRatio, burnRate, limits, isFiring }) => ({
      window: windowText(windowMs),
      window_seconds: windowMs / 1000,
      error_ratio: errorRatio ?? null,
      burn_rate: burnRate ?? null,
      factor: limits.length === 0 ? null : Math.min(...limits.map(({ factor }) => factor)),
      firing: isFiring,
      limits: limits.map(({ alert, factor, isExceeded }) => ({ alert, factor, exceeded: isExceeded })),
    })),
    alerts: burn.alerts.map(({ severity, name, state, pairs }) => ({
      severity,
      name,
      state,
      firing: state === 'firing',
      pairs: pairs.map(pairJson),
    })),
  }
}

/** Where JavaScript's dates end. */
const LAST_MS = 8.64e15

function pairJson({ name, short, long, events, isMet }: PairStatus) {
  const side = ({ windowMs, factor, burnRate }: PairStatus['short']) => ({
    window: windowText(windowMs),
    factor,
    burn_rate: burnRate ?? null,
  })
  return {
    name,
    short: side(short),
    long: side(long),
    ...(events === undefined ? {} : { min_events: events.least, events: events.found ?? null }),
    met: isMet,
  }
}
