import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Clock } from '../lib/clock.ts'
import { formatMatcher } from '../model/matcher.ts'
import type { SilenceChange, SilenceRequest, Silences } from '../notify/silences.ts'
import { plainSilence, saveSilences } from '../store/silences.ts'
import type { Store } from '../store/store.ts'

interface SilenceDeskOptions {
  readonly clock: Clock
  readonly store: Store
  readonly audit: AuditTrail
  readonly silences: Silences
  /** Groups are looked at again, since an alert may be told now that was not, or the other way round. */
  readonly onChange: () => void
}

/** Where silences are made and ended: written down before anybody is told that they are. */
export class SilenceDesk {
  readonly #options: SilenceDeskOptions

  constructor(options: SilenceDeskOptions) {
    this.#options = options
  }

  /**
   * @returns the id of the silence
   * @throws SilenceError, StorageError when it could not be written down, and nothing is silenced then
   */
  async set(request: SilenceRequest, actor: string, traceId?: string): Promise<string> {
    const { silences, clock } = this.#options
    const before = request.id === undefined ? undefined : silences.find(request.id)
    const change = silences.set(request, clock.now())
    await this.#keep(change, [before], before === undefined ? 'create' : 'update', actor, traceId)
    return change.id
  }

  /** @throws SilenceError, StorageError */
  async expire(id: string, actor: string, traceId?: string): Promise<void> {
    const { silences, clock } = this.#options
    const before = silences.find(id)
    await this.#keep(silences.expire(id, clock.now()), [before], 'expire', actor, traceId)
  }

  async #keep(
    change: SilenceChange,
    before: Parameters<Silences['restore']>[0],
    action: string,
    actor: string,
    traceId: string | undefined,
  ): Promise<void> {
    const { silences, store, audit, onChange } = this.#options
    const facts = change.changed.map(({ id, matchers, comment, createdBy, endsAtMs }) => ({
      event: 'silence.changed',
      actor,
      action,
      resource: `silence/${id}`,
      attributes: {
        matchers: matchers.map(formatMatcher),
        comment,
        created_by: createdBy,
        ends_at: new Date(endsAtMs).toISOString(),
      },
      ...(traceId === undefined ? {} : { traceId }),
    }))
    try {
      await store.writer.run(saveSilences, { silences: change.changed.map(plainSilence) })
    } catch (error) {
      silences.restore(before, change)
      throw error
    }
    onChange()
    await audit.record(facts)
  }
}
