import type { Context } from 'hono'
import { z } from 'zod'
import { describeMaintenance, maintenanceKeys, readMaintenance } from '../../config/maintenance.ts'
import { isOver, MaintenanceError, type MaintenanceWindow } from '../../model/maintenance.ts'
import { requireScope, type WebEnv } from '../auth.ts'
import { readJson } from '../body.ts'
import type { WebContext } from '../context.ts'
import { HttpProblem } from '../problem.ts'
import type { Api } from '../registry.ts'
import { invalid, validate } from '../validate.ts'
import { time } from './health.ts'

/** The keys of the config, with a name if somebody wants one; without `from` it begins now. */
const request = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, { error: 'is not a name; write letters, digits, dots and dashes' })
    .optional(),
  ...maintenanceKeys,
})

/** Maintenance windows: what there is, and making and ending them while midwatch runs. */
export const maintenanceApi: Api = (web, context) => {
  const { clock, maintenance } = context
  const read = requireScope(context, 'read')
  const admin = requireScope(context, 'admin')

  web.get('/api/v1/maintenance', read, (c) => {
    const nowMs = clock.now()
    const items = maintenance.windows
      .map((window) => windowReport(context, window, nowMs))
      .sort((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state))
    const body = { items, page: 1, page_size: items.length, total: items.length }
    return c.json(body, 200, { 'cache-control': 'no-store' })
  })
  web.get('/api/v1/maintenance/:id', read, (c) => {
    const id = c.req.param('id')
    const window = maintenance.windows.find((one) => one.id === id || one.name === id)
    if (window === undefined) throw new HttpProblem(404, 'No such window', `there is no maintenance window ${id}`)
    return c.json(windowReport(context, window, clock.now()), 200, { 'cache-control': 'no-store' })
  })
  web.post('/api/v1/maintenance', admin, async (c) => {
    const written = validate(request, await readJson(c))
    const read = readMaintenance(written, clock.now())
    if ('faults' in read) throw invalid(read.faults.map(({ key, message }) => ({ field: key, message })))
    const known = new Set(context.checks().map(({ name }) => name))
    const unknown = read.scope.checks.flatMap((check, i) => (known.has(check) ? [] : [{ check, i }]))
    if (unknown.length > 0) {
      throw invalid(unknown.map(({ check, i }) => ({ field: `checks[${i}]`, message: `there is no check "${check}"` })))
    }
    const asked = { name: written.name, ...read, comment: written.comment }
    const made = await answered(() => context.startMaintenance(asked, actorOf(c), c.get('traceId')))
    return c.json(windowReport(context, made, clock.now()), 201, { 'cache-control': 'no-store' })
  })
  web.delete('/api/v1/maintenance/:id', admin, async (c) => {
    const ended = await answered(() => context.endMaintenance(c.req.param('id'), actorOf(c), c.get('traceId')))
    return c.json(windowReport(context, ended, clock.now()))
  })
}

type State = 'active' | 'pending' | 'over'
const STATES: readonly State[] = ['active', 'pending', 'over']

/** As it was written, with what it comes to now: whether it is active, and from when to when it is this or the next time. */
function windowReport({ maintenance, checks }: WebContext, window: MaintenanceWindow, nowMs: number) {
  const { id, origin, times, createdBy, endedMs } = window
  const active = maintenance.occurrenceAt(window, nowMs)
  const nextMs = maintenance.nextStartMs(window, nowMs)
  const state: State =
    active !== undefined ? 'active' : nextMs === undefined || isOver(window, nowMs) ? 'over' : 'pending'
  const startMs = active?.startsAtMs ?? nextMs ?? (times.kind === 'once' ? times.fromMs : undefined)
  const plannedMs = times.kind === 'once' ? times.toMs : startMs === undefined ? undefined : startMs + times.forMs
  const isCut = active === undefined && endedMs !== undefined && (plannedMs === undefined || endedMs < plannedMs)
  const endMs = active?.endsAtMs ?? (isCut ? endedMs : plannedMs)
  return {
    id,
    ...describeMaintenance(window),
    origin,
    state,
    starts_at: time(startMs),
    ends_at: time(endMs),
    ...(active === undefined
      ? {}
      : {
          checks_in_it: checks()
            .filter(({ name }) => maintenance.isFor(window, name))
            .map(({ name }) => name),
        }),
    created_by: createdBy,
  }
}

function actorOf(c: Context<WebEnv>): string {
  return c.get('caller')?.name ?? 'local'
}

/** What can't be done is said in the caller's words. */
async function answered<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof MaintenanceError)) throw error
    switch (error.kind) {
      case 'unknown':
        throw new HttpProblem(404, 'No such window', error.message)
      case 'taken':
        throw new HttpProblem(409, 'Name in use', error.message)
      case 'over':
      case 'configured':
        throw new HttpProblem(409, 'Not active', error.message)
    }
  }
}
