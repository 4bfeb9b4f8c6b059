import type { AuditTrail } from '../audit/audit-trail.ts'
import type { HealthBoard } from '../health/health-board.ts'
import type { Clock } from '../lib/clock.ts'
import type { Finding } from '../model/finding.ts'
import type { Run } from '../probe/runner.ts'
import { type CheckRow, saveChecks } from '../store/checks.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'

interface WatchOptions {
  readonly clock: Clock
  readonly log: Log
  readonly store: Store
  readonly board: HealthBoard
  readonly audit: AuditTrail
}

/** What follows from a look at a check: its state, its story, a line in the log. */
export class Watch {
  readonly #options: WatchOptions
  readonly #findings = new Map<string, Finding>()

  constructor(options: WatchOptions) {
    this.#options = options
  }

  /** What the last look at a check found. */
  findingOf(name: string): Finding | undefined {
    return this.#findings.get(name)
  }

  note({ job, finding, startMs, durationMs }: Run): void {
    const { board, log, audit, store } = this.#options
    this.#findings.set(job.name, finding)
    const change = board.note(job.name, finding, startMs, durationMs)
    if (change === undefined) return
    const { name, from, to, message } = change
    const fields = { event: 'check.changed', check: name, from, to, ...(message === '' ? {} : { reason: message }) }
    if (to === 'healthy') log.info(fields, 'check is healthy')
    else log.warn(fields, `check is ${to}`)
    const facts = [
      {
        atMs: startMs,
        event: 'check.changed',
        actor: 'midwatch',
        action: 'probe',
        resource: `check/${name}`,
        outcome: to === 'healthy' ? 'success' : 'failure',
        attributes: { from, to, ...(message === '' ? {} : { reason: message }) },
      },
    ]
    // What a restart begins with is no news to keep.
    const isNews = from !== 'unknown' || to !== 'healthy'
    const events = isNews ? [{ name, atMs: startMs, state: to, message }] : []
    const written = [store.writer.run(saveChecks, { rows: [this.#row(name)], events })] as Promise<unknown>[]
    if (isNews) written.push(audit.record(facts))
    Promise.all(written).catch((error: unknown) => {
      log.error({ event: 'check.not_stored', check: name, err: error }, 'a check state is kept in memory only')
    })
  }

  /** Writes every check's state down, as before the end. */
  async save(): Promise<void> {
    const { board, store } = this.#options
    await store.writer.run(saveChecks, { rows: board.checks.map(({ name }) => this.#row(name)), events: [] })
  }

  #row(name: string): CheckRow {
    const health = this.#options.board.find(name)
    return {
      name,
      state: health?.status ?? 'unknown',
      sinceMs: health?.sinceMs ?? this.#options.clock.now(),
      lastRunMs: health?.lastRunMs,
      lastSuccessMs: health?.lastSuccessMs,
      finding: this.#findings.get(name),
    }
  }
}
