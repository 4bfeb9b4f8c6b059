import { setImmediate as yieldToOthers } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import type { Clock } from '../lib/clock.ts'
import { retainAlerts } from '../store/alerts.ts'
import { retainAudit } from '../store/audit.ts'
import { retainCheckEvents } from '../store/checks.ts'
import { retainNotifyLog } from '../store/notify.ts'
import { retainPushed } from '../store/pushed-operations.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Late samples of the hour that has just ended can still come in. */
const SEAL_DELAY_MS = 5 * 60_000
const SEAL_PAUSE_MS = 200
const COMPACT_PAUSE_MS = 50

/** Moves what has aged into segments, and lets go of what is older than the retention. */
export class Housekeeping {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Log
  readonly #config: () => Config

  constructor(store: Store, clock: Clock, log: Log, config: () => Config) {
    this.#store = store
    this.#clock = clock
    this.#log = log
    this.#config = config
  }

  /** Seals the samples of hours that are over, and puts the hours of days that are over together. */
  async seal(signal: AbortSignal): Promise<void> {
    const cutMs = Math.floor((this.#clock.now() - SEAL_DELAY_MS) / HOUR_MS) * HOUR_MS
    const segments = await this.#store.series.seal(cutMs, SEAL_PAUSE_MS, signal)
    const days = await this.#store.series.compact(cutMs, COMPACT_PAUSE_MS, signal)
    this.#log.info(
      { event: 'storage.sealed', segments, days, until: new Date(cutMs).toISOString() },
      'samples sealed into segments',
    )
  }

  /** Applies every retention time of the config. */
  async retain(): Promise<void> {
    const { writer, series } = this.#store
    const { rawMs, rollupMs, auditMs, alertsMs } = this.#config().storage.retention
    const nowMs = this.#clock.now()
    const segments = await series.retain(nowMs - rawMs, nowMs - rollupMs)
    let audit = 0
    for (let gone = -1; gone !== 0; audit += gone) {
      gone = await writer.run(retainAudit, { beforeMs: nowMs - auditMs, nowMs })
      await yieldToOthers()
    }
    await writer.run(retainAlerts, { beforeMs: nowMs - alertsMs })
    await writer.run(retainCheckEvents, { beforeMs: nowMs - alertsMs })
    await writer.run(retainNotifyLog, { nowMs })
    await writer.run(retainPushed, { keysBeforeMs: nowMs - DAY_MS, gaugesBeforeMs: nowMs - 30 * DAY_MS })
    this.#log.info({ event: 'storage.retained', segments, audit_records: audit }, 'retention applied')
  }
}
