import { normalizeTraceId } from '../../model/trace-context.ts'
import { type AuditRecord, auditOfTrace, searchAudit } from '../../store/audit.ts'
import type { WebContext } from '../context.ts'
import type { JourneyEntry, TraceView } from '../page/trace.tsx'

const MOST_ENTRIES = 500

interface Asked {
  /** Where the same is as JSON, for the id as it is written in addresses. */
  jsonUrl(traceId: string): string
  readonly needsToken: boolean
}

/** The journey of one trace id; without entries when nothing is known of it, or when it is no trace id. */
export function traceView({ store }: WebContext, written: string, { jsonUrl, needsToken }: Asked): TraceView {
  const traceId = normalizeTraceId(written)
  if (traceId === undefined) {
    return { traceId: written, entries: [], total: 0, jsonUrl: jsonUrl(written), needsToken }
  }
  const records = auditOfTrace(store.reader, traceId, MOST_ENTRIES)
  const isCut = records.length === MOST_ENTRIES
  const total = isCut ? searchAudit(store.reader, { traceId }, 1, 1).total : records.length
  return { traceId, entries: records.map(entryOf), total, jsonUrl: jsonUrl(traceId), needsToken }
}

function entryOf({ atMs, event, actor, action, resource, outcome, durationMs, attributes }: AuditRecord): JourneyEntry {
  return {
    kind: 'record',
    atMs,
    event,
    actor,
    action,
    resource,
    outcome,
    level: '',
    durationMs: durationMs ?? undefined,
    attributes,
  }
}
