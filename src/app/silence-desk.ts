import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Clock } from '../lib/clock.ts'
import { formatMatcher } from '../model/matcher.ts'
import { type Silence, silenceState } from '../model/silence.ts'
import type { EventType, StateChange } from '../notify/event.ts'
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
  /** Tells other systems; never rejects. */
  readonly announce: (...changes: readonly StateChange[]) => Promise<void>
  /** Silences that ended since then, while nobody was there to see it, are told. */
  readonly lastAliveMs: number
}

/** Where silences are made and ended: written down before anybody is told that they are. */
export class SilenceDesk {
  readonly #options: SilenceDeskOptions
  #lookedMs: number
  /** Those that somebody ended since the last look: that is told already. */
  readonly #ended = new Set<string>()

  constructor(options: SilenceDeskOptions) {
    this.#options = options
    this.#lookedMs = options.lastAliveMs
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
    const change = silences.expire(id, clock.now())
    if (change.changed.length > 0) await this.#keep(change, [before], 'expire', actor, traceId)
  }

  /** Tells of silences whose time is over since the last look. */
  async noteEnded(): Promise<void> {
    const { silences, clock, announce } = this.#options
    const nowMs = clock.now()
    const over = silences
      .list(nowMs)
      .filter(({ id, endsAtMs }) => endsAtMs > this.#lookedMs && endsAtMs <= nowMs && !this.#ended.has(id))
    this.#lookedMs = nowMs
    this.#ended.clear()
    await announce(...over.map((silence) => changeOf('silence.expired', silence, silence.endsAtMs)))
  }

  async #keep(
    change: SilenceChange,
    before: Parameters<Silences['restore']>[0],
    action: string,
    actor: string,
    traceId: string | undefined,
  ): Promise<void> {
    const { silences, store, audit, clock, onChange, announce } = this.#options
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
    const nowMs = clock.now()
    const known = new Set(before.map((one) => one?.id))
    await announce(
      ...change.changed.map((silence) => {
        const isOver = silenceState(silence, nowMs) === 'expired'
        if (isOver) this.#ended.add(silence.id)
        const type = isOver ? 'silence.expired' : known.has(silence.id) ? 'silence.updated' : 'silence.created'
        return changeOf(type, silence, nowMs, actor)
      }),
    )
    await audit.record(facts)
  }
}

/** As other systems are told of it; `actor` is who did it, undefined where time did. */
function changeOf(type: EventType, silence: Silence, atMs: number, actor?: string): StateChange {
  const { id, matchers, startsAtMs, endsAtMs, createdBy, comment } = silence
  const data = {
    id,
    matchers: matchers.map(formatMatcher),
    starts_at: new Date(startsAtMs).toISOString(),
    ends_at: new Date(endsAtMs).toISOString(),
    created_by: createdBy,
    comment,
    ...(actor === undefined ? {} : { actor }),
  }
  return { type, subject: `silence/${id}`, atMs, data }
}
