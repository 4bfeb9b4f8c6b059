import type { MaintenanceScope, MaintenanceTimes, MaintenanceWindow } from '../model/maintenance.ts'
import { createMatcher, type MatchOp } from '../model/matcher.ts'
import type { Connection } from './database.ts'
import { defineOperation } from './operation.ts'
import { sql } from './schema.ts'

/** What was asked for, as it is written down. */
interface Spec {
  readonly scope: Omit<MaintenanceScope, 'matchers'> & {
    readonly matchers: readonly { readonly name: string; readonly op: MatchOp; readonly value: string }[]
  }
  readonly times: MaintenanceTimes
  readonly comment: string
}

interface PlainWindow {
  readonly id: string
  readonly name: string
  readonly spec: string
  readonly createdBy: string
  readonly endedMs: number | undefined
}

/** Matchers are functions as well, which do not survive the way to the writer's thread. */
export function plainWindow({ id, name, scope, times, comment, createdBy, endedMs }: MaintenanceWindow): PlainWindow {
  const matchers = scope.matchers.map((matcher) => ({ name: matcher.name, op: matcher.op, value: matcher.value }))
  const spec: Spec = { scope: { ...scope, matchers }, times, comment }
  return { id, name, spec: JSON.stringify(spec), createdBy, endedMs }
}

export const saveMaintenance = defineOperation(
  'save-maintenance',
  ({ db }, { window: { id, name, spec, createdBy, endedMs }, nowMs }: { window: PlainWindow; nowMs: number }) => {
    const values = { name, spec, created_by: createdBy, ended_ms: endedMs ?? null }
    db.run(
      sql
        .insertInto('maintenance')
        .values({ id, ...values, created_ms: nowMs })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(values)),
    )
  },
)

export const deleteMaintenance = defineOperation(
  'delete-maintenance',
  ({ db }, { ids }: { ids: readonly string[] }) => {
    db.run(sql.deleteFrom('maintenance').where('id', 'in', ids))
  },
)

/** Windows that somebody made while midwatch ran, the oldest first. */
export function loadMaintenance(db: Connection): MaintenanceWindow[] {
  return db.all(sql.selectFrom('maintenance').selectAll().orderBy('created_ms')).map((row) => {
    const { scope, times, comment } = JSON.parse(row.spec) as Spec
    return {
      id: row.id,
      name: row.name,
      origin: 'api',
      scope: { ...scope, matchers: scope.matchers.map(({ name, op, value }) => createMatcher(name, op, value)) },
      times,
      comment,
      createdBy: row.created_by,
      endedMs: row.ended_ms ?? undefined,
    }
  })
}
