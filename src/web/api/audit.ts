import { MOST_RECORDS, readAuditRecords } from '../../ingest/audit-record.ts'
import { batchFormat, readBatch } from '../../ingest/batch.ts'
import { Faults } from '../../ingest/fault.ts'
import { formatTraceparent, normalizeTraceId, parseTraceparent } from '../../model/trace-context.ts'
import { type AuditFilter, searchAudit } from '../../store/audit.ts'
import { type AuditHead, type ChainReport, verifyAudit } from '../../store/verify-audit.ts'
import { requireScope } from '../auth.ts'
import { type BodyLimits, readText } from '../body.ts'
import { journeyOf, recordJson } from '../journey.ts'
import { ListQuery } from '../list-query.ts'
import { HttpProblem } from '../problem.ts'
import type { Api } from '../registry.ts'
import { invalid } from '../validate.ts'

const LIMITS: BodyLimits = { bytes: 4 * 1024 * 1024, expandedBytes: 8 * 1024 * 1024 }
const SEARCH = ['trace_id', 'actor', 'action', 'event', 'from', 'to']

/** The audit log: records in, search, the journey of one trace id, and the proof that nothing was changed. */
export const auditApi: Api = (web, context) => {
  const { audit, store, clock } = context
  const read = requireScope(context, 'read')

  web.post('/api/v1/audit', requireScope(context, 'ingest'), async (c) => {
    const text = await readText(c, LIMITS)
    const batch = readBatch(text, batchFormat(c.req.header('content-type')), MOST_RECORDS)
    if (!batch.ok) {
      throw 'malformed' in batch ? new HttpProblem(400, 'Malformed JSON', batch.malformed) : invalid(batch.faults)
    }
    const faults = new Faults()
    const traceId = c.get('traceId')
    const spanId = parseTraceparent(c.req.header('traceparent'))?.spanId
    const records = await readAuditRecords(batch.value, { nowMs: clock.now(), traceId, spanId }, faults)
    if (faults.list.length > 0) throw invalid(faults.list)
    const traceIds = records.length === 0 ? [] : await audit.record(records)
    // One journey is continued under its own id, whoever named it.
    const [only, ...others] = new Set(traceIds)
    if (only !== undefined && others.length === 0) c.header('traceparent', formatTraceparent(only))
    return c.json({ accepted: records.length, trace_ids: traceIds })
  })

  web.get('/api/v1/audit', read, (c) => {
    const { filter, page, pageSize } = readSearch(c.req.query())
    const { records, total, totalIs } = searchAudit(store.reader, filter, page, pageSize)
    const body = { items: records.map(recordJson), page, page_size: pageSize, total, total_is: totalIs }
    return c.json(body, 200, { 'cache-control': 'no-store' })
  })

  // Whoever asks while the chain is being read gets the same answer: it is read once.
  let running: Promise<ChainReport> | undefined
  web.get('/api/v1/audit/verify', read, async (c) => {
    const expected = readHead(c.req.query('head'))
    const verify = () => verifyAudit(store.reader, expected)
    if (expected === undefined) {
      running ??= verify().finally(() => {
        running = undefined
      })
    }
    const report = await (expected === undefined ? running : verify())
    return c.json(report, 200, { 'cache-control': 'no-store' })
  })

  web.get('/api/v1/traces/:id', read, (c) => {
    const written = c.req.param('id')
    const traceId = normalizeTraceId(written)
    if (traceId === undefined) {
      throw new HttpProblem(400, 'Not a trace id', 'a trace id is 32 hex digits or a UUID, not all zero')
    }
    const journey = journeyOf(store.reader, traceId)
    if (journey === undefined) throw new HttpProblem(404, 'Unknown trace', `nothing is known of trace ${traceId}`)
    return c.json(journey, 200, { 'cache-control': 'no-store' })
  })
}

function readSearch(given: Readonly<Record<string, string>>) {
  const query = new ListQuery(given, SEARCH)
  const id = query.text('trace_id')
  const traceId = id === undefined ? undefined : normalizeTraceId(id)
  if (id !== undefined && traceId === undefined) {
    query.fault('trace_id', 'is not a trace id; write 32 hex digits or a UUID')
  }
  const filter: AuditFilter = {
    traceId,
    actor: query.text('actor'),
    action: query.text('action'),
    event: query.text('event'),
    fromMs: query.moment('from'),
    toMs: query.moment('to'),
  }
  const asked = { filter, ...query.page() }
  query.check()
  return asked
}

/** `48211:9f3c…`: the number and hash of a record, as they were kept elsewhere. */
function readHead(text: string | undefined): AuditHead | undefined {
  if (text === undefined) return undefined
  const [, seq, hash] = /^(\d{1,15}):([\da-fA-F]{64})$/.exec(text) ?? []
  if (seq !== undefined && hash !== undefined) return { seq: Number(seq), hash: hash.toLowerCase() }
  throw new HttpProblem(400, 'Invalid head', 'write the number and the hash of a record, such as 48211:9f3c…')
}
