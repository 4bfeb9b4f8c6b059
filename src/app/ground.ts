import { AuditTrail } from '../audit/audit-trail.ts'
import { hasAsset } from '../lib/asset.ts'
import type { Clock } from '../lib/clock.ts'
import { Lifecycle } from '../lib/lifecycle.ts'
import { sqliteAddonPath } from '../lib/native-addon.ts'
import { getSetting } from '../store/settings.ts'
import { openStore, type Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import { SelfMetrics } from '../telemetry/self-metrics.ts'
import { LAST_ALIVE } from './judge.ts'
import type { Plan } from './plan.ts'

/** What everything else stands on. */
export interface Ground {
  readonly clock: Clock
  readonly log: Log
  readonly lifecycle: Lifecycle
  readonly metrics: SelfMetrics
  readonly store: Store
  readonly audit: AuditTrail
  readonly startedMs: number
  /** When the run before this one was last seen alive; now, where there was none. */
  readonly lastAliveMs: number
  /** What the config of this moment makes. */
  readonly plan: () => Plan
  readonly onCorrupt: (what: string) => void
}

interface GroundOptions {
  readonly clock: Clock
  readonly log: Log
  readonly writer: 'thread' | 'inline' | undefined
  readonly plan: () => Plan
}

export async function layGround({ clock, log, writer, plan }: GroundOptions): Promise<Ground> {
  const startedMs = clock.now()
  const lifecycle = new Lifecycle(clock)
  const metrics = new SelfMetrics()
  lifecycle.onStop('metrics', () => metrics.stop())
  const { storage } = plan().config
  const onCorrupt = (what: string) =>
    log.error({ event: 'storage.corrupt', what }, 'stored data could not be read; the rest is fine')
  const store = await openStore({
    dataDir: storage.data,
    clock,
    limits: storage.limits,
    writer: writer ?? (hasAsset('writer.cjs') ? 'thread' : 'inline'),
    addonPath: sqliteAddonPath(storage.data),
    onCorrupt(what) {
      metrics.corrupt.inc()
      onCorrupt(what)
    },
    onWriterDeath: (error) =>
      log.fatal({ event: 'storage.writer_died', err: error }, 'nothing can be stored until a restart'),
  })
  lifecycle.onStop('store', () => store.close())
  const { applied, copy } = store.migrated
  if (applied.length > 0)
    log.info({ event: 'storage.migrated', applied, copy }, 'data file brought to the newest schema')
  const audit = new AuditTrail(store.writer, clock)
  const lastAliveMs = Number(getSetting(store.reader, LAST_ALIVE) ?? startedMs)
  return { clock, log, lifecycle, metrics, store, audit, startedMs, lastAliveMs, plan, onCorrupt }
}
