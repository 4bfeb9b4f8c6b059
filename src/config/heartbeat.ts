import { z } from 'zod'
import type { Heartbeat } from '../model/heartbeat.ts'
import { cron, positiveMs, timezone } from './fields.ts'

const DEFAULT_GRACE_MS = 5 * 60_000

/** `{ period: 1d, grace: 1h }` or `{ cron: "0 3 * * *", timezone: Europe/Berlin, grace: 30m, max_runtime: 2h }` */
export const heartbeat = z
  .strictObject(
    {
      period: positiveMs.optional().describe('How long after a run the next one has to be there.'),
      cron: cron.optional().describe('When the job starts, in place of `period`.'),
      timezone: timezone.optional().describe("Of `cron`, such as Europe/Berlin; the machine's unless told."),
      grace: positiveMs.default(DEFAULT_GRACE_MS).describe('How late it may be.'),
      max_runtime: positiveMs.optional().describe('How long a run may take; the grace unless told.'),
    },
    { error: 'is not a heartbeat; write {period: 1d, grace: 1h} or {cron: "0 3 * * *", grace: 30m}' },
  )
  .transform((written, context): Heartbeat => {
    const { period, grace: graceMs, max_runtime: maxRuntimeMs } = written
    const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', message, path })
    if (period !== undefined && written.cron !== undefined) {
      refuse(['cron'], 'stands beside period, and only one of them can count; remove one')
    }
    if (period !== undefined && written.timezone !== undefined) {
      refuse(['timezone'], 'means nothing beside period; remove it, or write cron instead of period')
    }
    const schedule: Heartbeat['schedule'] | undefined =
      written.cron !== undefined
        ? { type: 'cron', cron: written.cron, timezone: written.timezone }
        : period !== undefined
          ? { type: 'period', periodMs: period }
          : undefined
    if (schedule === undefined) {
      refuse([], 'has neither period nor cron; write {period: 1d, grace: 1h} or {cron: "0 3 * * *", grace: 30m}')
      return z.NEVER
    }
    return { schedule, graceMs, maxRuntimeMs }
  })
