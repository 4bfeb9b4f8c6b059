import { type AuditRecord, auditOfTrace } from '../store/audit.ts'
import type { Connection } from '../store/database.ts'

/** An audit record as it is answered; `attributes` is null when they were erased. */
export interface RecordJson {
  readonly seq: number
  readonly time: string
  readonly received: string
  readonly trace_id: string
  readonly span_id: string | null
  readonly event: string
  readonly actor: string
  readonly action: string
  readonly resource: string
  readonly outcome: string
  readonly duration_ms: number | null
  readonly attributes: Readonly<Record<string, unknown>> | null
  readonly hash: string
}

/** Everything that is known of one trace id, in time order. */
export interface Journey {
  readonly trace_id: string
  readonly started: string
  readonly ended: string
  readonly duration_ms: number
  readonly records: readonly RecordJson[]
  /** There is more than is answered at once. */
  readonly truncated?: true
}

const MOST_RECORDS = 10_000

/** @returns undefined when nothing is known of the id */
export function journeyOf(db: Connection, traceId: string): Journey | undefined {
  const records = auditOfTrace(db, traceId, MOST_RECORDS + 1)
  const [first] = records
  if (first === undefined) return undefined
  const shown = records.slice(0, MOST_RECORDS)
  const endedMs = shown.at(-1)?.atMs ?? first.atMs
  return {
    trace_id: traceId,
    started: new Date(first.atMs).toISOString(),
    ended: new Date(endedMs).toISOString(),
    duration_ms: endedMs - first.atMs,
    records: shown.map(recordJson),
    ...(records.length > MOST_RECORDS ? { truncated: true as const } : {}),
  }
}

export function recordJson(record: AuditRecord): RecordJson {
  return {
    seq: record.seq,
    time: new Date(record.atMs).toISOString(),
    received: new Date(record.receivedMs).toISOString(),
    trace_id: record.traceId,
    span_id: record.spanId,
    event: record.event,
    actor: record.actor,
    action: record.action,
    resource: record.resource,
    outcome: record.outcome,
    duration_ms: record.durationMs,
    attributes: record.attributes ?? null,
    hash: record.hash,
  }
}
