import type { Clock } from '../lib/clock.ts'
import { redact, redactText } from '../lib/redact.ts'
import { newTraceId } from '../model/trace-context.ts'
import { appendAudit } from '../store/audit.ts'
import type { AuditEntry } from '../store/audit-hash.ts'
import type { Writer } from '../store/writer.ts'
import { RecentFailures } from './recent-failures.ts'

/** A fact for the audit log; what is left out gets a sensible value. */
export interface AuditFact {
  /** Defaults to now. */
  readonly atMs?: number | undefined
  /** 32 hex digits; defaults to a new journey. */
  readonly traceId?: string | undefined
  readonly spanId?: string | undefined
  /** What kind of thing happened: `alert.firing`, `order.created`. */
  readonly event: string
  /** Who did it: a user, a service, `midwatch`. */
  readonly actor: string
  /** What was done, in a word: `create`, `delete`, `deliver`. */
  readonly action?: string | undefined
  /** To what: `check/shop`, `order/42`. */
  readonly resource?: string | undefined
  readonly outcome?: string | undefined
  readonly durationMs?: number | undefined
  readonly attributes?: Readonly<Record<string, unknown>> | undefined
}

/** Writes facts into the audit chain, with secrets masked before anything is hashed or stored. */
export class AuditTrail {
  /** What went wrong last, by what it was about. */
  readonly failures = new RecentFailures()
  readonly #writer: Writer
  readonly #clock: Clock

  constructor(writer: Writer, clock: Clock) {
    this.#writer = writer
    this.#clock = clock
  }

  /**
   * Appends facts in the order given, all or none; they are on disk when the promise resolves.
   *
   * @returns the trace id of each
   * @throws StorageError when they could not be written
   */
  async record(facts: readonly AuditFact[]): Promise<readonly string[]> {
    const receivedMs = this.#clock.now()
    const entries = facts.map((fact) => entryOf(fact, receivedMs))
    await this.#writer.run(appendAudit, { entries })
    this.failures.note(entries)
    return entries.map(({ traceId }) => traceId)
  }
}

function entryOf(fact: AuditFact, receivedMs: number): AuditEntry {
  return {
    atMs: Math.round(fact.atMs ?? receivedMs),
    receivedMs,
    traceId: fact.traceId ?? newTraceId(),
    spanId: fact.spanId ?? null,
    event: redactText(fact.event),
    actor: redactText(fact.actor),
    action: redactText(fact.action ?? fact.event),
    resource: redactText(fact.resource ?? ''),
    outcome: redactText(fact.outcome ?? 'success'),
    durationMs: fact.durationMs ?? null,
    body: JSON.stringify(redact(fact.attributes ?? {})),
  }
}
