import { randomUUID } from 'node:crypto'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Cuts, MaintenanceCalendar } from '../health/maintenance-calendar.ts'
import type { Clock } from '../lib/clock.ts'
import {
  isOver,
  MaintenanceError,
  type MaintenanceRequest,
  type MaintenanceWindow,
  type Occurrence,
} from '../model/maintenance.ts'
import type { StateChange } from '../notify/event.ts'
import { deleteMaintenance, loadMaintenance, plainWindow, saveMaintenance } from '../store/maintenance.ts'
import { getSetting, putSetting } from '../store/settings.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'

interface MaintenanceDeskOptions {
  readonly clock: Clock
  readonly log: Log
  readonly store: Store
  readonly audit: AuditTrail
  readonly calendar: MaintenanceCalendar
  /** Groups are looked at again, since an alert may be told now that was not. */
  readonly onChange: () => void
  /** Tells other systems; never rejects. */
  readonly announce: (...changes: readonly StateChange[]) => Promise<void>
  /** What began or ended since then, while nobody was there to see it, is told. */
  readonly lastAliveMs: number
}

const CUTS = 'maintenance_cuts'
/** How long a window that is over can still be looked at. */
const RETENTION_MS = 30 * 86_400_000

/** Where maintenance windows are made and ended: written down before anybody is told that they are. */
export class MaintenanceDesk {
  readonly #options: MaintenanceDeskOptions
  #configured: readonly MaintenanceWindow[] = []
  #made: readonly MaintenanceWindow[]
  #cuts: Cuts
  /** Occurrences that have begun, as far as it was said. */
  #active: ReadonlyMap<string, Occurrence> | undefined

  constructor(options: MaintenanceDeskOptions) {
    const { store } = options
    this.#options = options
    this.#made = loadMaintenance(store.reader)
    this.#cuts = new Map(JSON.parse(getSetting(store.reader, CUTS) ?? '[]') as [string, Cut][])
    this.#show()
  }

  /** Takes the windows of another config. */
  configure(windows: readonly MaintenanceWindow[]): void {
    this.#configured = windows
    this.#show()
  }

  async start(request: MaintenanceRequest, actor: string, traceId?: string): Promise<MaintenanceWindow> {
    const { clock, store } = this.#options
    const nowMs = clock.now()
    const name = request.name ?? this.#freeName(nowMs)
    const other = this.#find(name)
    if (other !== undefined) {
      const where = other.origin === 'config' ? ' in the config' : ''
      throw new MaintenanceError('taken', `there is a maintenance window ${name}${where} already; choose another name`)
    }
    const { scope, times, comment } = request
    const window: MaintenanceWindow = { id: randomUUID(), name, origin: 'api', scope, times, comment, createdBy: actor }
    await store.writer.run(saveMaintenance, { window: plainWindow(window), nowMs })
    this.#made = [...this.#made, window]
    this.#show()
    await this.#record('maintenance.created', 'create', window, actor, traceId)
    await this.look()
    return window
  }

  async end(idOrName: string, actor: string, traceId?: string): Promise<MaintenanceWindow> {
    const { clock, calendar } = this.#options
    const nowMs = clock.now()
    const window = this.#made.find(({ id }) => id === idOrName) ?? this.#find(idOrName)
    if (window === undefined) throw new MaintenanceError('unknown', `there is no maintenance window ${idOrName}`)
    if (isOver(window, nowMs)) throw new MaintenanceError('over', `maintenance window ${window.name} is over already`)
    const occurrence = calendar.occurrenceAt(window, nowMs)
    const ended =
      window.origin === 'api' ? await this.#endMade(window, nowMs) : await this.#cut(window, occurrence, nowMs)
    this.#show()
    await this.#record('maintenance.ended', 'end', ended, actor, traceId)
    await this.look()
    return ended
  }

  /** Says which windows have begun and which are over since the last look. */
  async look(): Promise<void> {
    const { clock, log, announce, onChange, lastAliveMs } = this.#options
    const nowMs = clock.now()
    const before = this.#active ?? this.#activeAt(lastAliveMs)
    const now = this.#activeAt(nowMs)
    this.#active = now
    const begun = [...now].filter(([key]) => !before.has(key)).map(([, one]) => one)
    const over = [...before].filter(([key]) => !now.has(key)).map(([, one]) => one)
    if (begun.length + over.length === 0) return
    for (const { window, endsAtMs } of begun) {
      const until = new Date(endsAtMs).toISOString()
      log.info(
        { event: 'maintenance.started', window: window.name, until },
        `maintenance window ${window.name} is active`,
      )
    }
    for (const { window } of over) {
      log.info({ event: 'maintenance.ended', window: window.name }, `maintenance window ${window.name} is over`)
    }
    onChange()
    await announce(
      ...begun.map((one) => changeOf('maintenance.started', one, one.startsAtMs)),
      ...over.map((one) => changeOf('maintenance.ended', one, Math.min(one.endsAtMs, nowMs))),
    )
  }

  /** Lets go of those that were over long ago. */
  async retain(): Promise<void> {
    const { clock, store } = this.#options
    const beforeMs = clock.now() - RETENTION_MS
    const ids = this.#made.filter((window) => isOver(window, beforeMs)).map(({ id }) => id)
    if (ids.length === 0) return
    await store.writer.run(deleteMaintenance, { ids })
    this.#made = this.#made.filter(({ id }) => !ids.includes(id))
    this.#show()
  }

  #activeAt(atMs: number): ReadonlyMap<string, Occurrence> {
    const active = this.#options.calendar.activeAt(atMs)
    return new Map(active.map((one) => [`${one.window.name} ${one.startsAtMs}`, one]))
  }

  /** The one of this name that is not over. */
  #find(name: string): MaintenanceWindow | undefined {
    const nowMs = this.#options.clock.now()
    return (
      [...this.#configured, ...this.#made].find((one) => one.name === name && !isOver(one, nowMs)) ??
      this.#configured.find((one) => one.name === name)
    )
  }

  #freeName(nowMs: number): string {
    const base = `maintenance-${new Date(nowMs).toISOString().slice(0, 16).replace('T', '-').replace(':', '')}`
    let name = base
    for (let i = 2; this.#find(name) !== undefined; i++) name = `${base}-${i}`
    return name
  }

  async #endMade(window: MaintenanceWindow, nowMs: number): Promise<MaintenanceWindow> {
    const ended = { ...window, endedMs: nowMs }
    await this.#options.store.writer.run(saveMaintenance, { window: plainWindow(ended), nowMs })
    this.#made = this.#made.map((one) => (one.id === window.id ? ended : one))
    return ended
  }

  /** One of the config stays there; only what goes on now is over. */
  async #cut(window: MaintenanceWindow, occurrence: Occurrence | undefined, nowMs: number): Promise<MaintenanceWindow> {
    if (occurrence === undefined) {
      throw new MaintenanceError(
        'configured',
        `maintenance window ${window.name} is not active now; change it in the config`,
      )
    }
    const cuts = new Map([...this.#cuts, [window.name, { startsAtMs: occurrence.startsAtMs, endedMs: nowMs }]])
    await this.#options.store.writer.run(putSetting, { key: CUTS, value: JSON.stringify([...cuts]) })
    this.#cuts = cuts
    return window
  }

  #show(): void {
    const names = new Set(this.#configured.map(({ name }) => name))
    // A config that takes the name of a window that somebody made is what counts.
    const made = this.#made.filter((one) => !names.has(one.name))
    this.#options.calendar.update([...this.#configured, ...made], this.#cuts)
  }

  async #record(
    event: string,
    action: string,
    { name, times, comment }: MaintenanceWindow,
    actor: string,
    traceId: string | undefined,
  ): Promise<void> {
    const resource = `maintenance/${name}`
    const attributes = { times, comment }
    await this.#options.audit.record([
      { event, actor, action, resource, attributes, ...(traceId === undefined ? {} : { traceId }) },
    ])
  }
}

interface Cut {
  readonly startsAtMs: number
  readonly endedMs: number
}

function changeOf(
  type: 'maintenance.started' | 'maintenance.ended',
  { window, startsAtMs, endsAtMs }: Occurrence,
  atMs: number,
): StateChange {
  const data = {
    name: window.name,
    comment: window.comment,
    created_by: window.createdBy,
    starts_at: new Date(startsAtMs).toISOString(),
    ends_at: new Date(Math.max(endsAtMs, startsAtMs)).toISOString(),
  }
  return { type, subject: `maintenance/${window.name}`, atMs, data }
}
