import { Turns } from '../lib/turns.ts'
import { normalizeTraceId } from '../model/trace-context.ts'
import type { Batch } from './batch.ts'
import { isDeeperThan } from './depth.ts'
import { type Faults, fieldsOf, type Path, whatIs } from './fault.ts'
import { readTime } from './time.ts'

/** A fact that an application sent for the audit log, in its right form. */
export interface SentRecord {
  readonly atMs: number
  readonly traceId: string
  readonly spanId: string | undefined
  readonly event: string
  readonly actor: string
  readonly action: string | undefined
  readonly resource: string | undefined
  readonly outcome: string | undefined
  readonly durationMs: number | undefined
  readonly attributes: Readonly<Record<string, unknown>> | undefined
}

export interface SendContext {
  readonly nowMs: number
  /** Of records that name no trace id of their own. */
  readonly traceId: string
  /** The caller's span; of records that name neither. */
  readonly spanId: string | undefined
}

export const MOST_RECORDS = 10_000
export const DEEPEST_ATTRIBUTES = 32
/** How many are read between two looks at the time. */
const RECORDS_A_LOOK = 100
const LONGEST_ATTRIBUTES = 64 * 1024
const LATEST_MS = 24 * 3_600_000

const LONGEST = { event: 256, actor: 256, action: 256, resource: 1024, outcome: 64 } as const

const FIELDS = [
  'time',
  'event',
  'actor',
  'action',
  'resource',
  'outcome',
  'duration_ms',
  'trace_id',
  'span_id',
  'attributes',
]
const NOUN = 'an object such as {"event":"order.created","actor":"shop"}'
const HINT = '; put it under "attributes"'

/** Whom midwatch itself acts as; nobody else's records may claim that. */
const OURSELVES = 'midwatch'

/** Reads records of `POST /api/v1/audit`, letting others run between them; what is wrong goes to `faults`. */
export async function readAuditRecords(
  { entries, place }: Batch,
  context: SendContext,
  faults: Faults,
): Promise<SentRecord[]> {
  const read: SentRecord[] = []
  const turns = new Turns()
  for (const [i, value] of entries.entries()) {
    if (faults.isFull) break
    if (i % RECORDS_A_LOOK === 0 && turns.isOver()) await turns.next()
    const record = readRecord(value, place(i), context, faults)
    if (record !== undefined) read.push(record)
  }
  return read
}

function readRecord(value: unknown, place: string, context: SendContext, faults: Faults): SentRecord | undefined {
  const fields = fieldsOf(value, [place], FIELDS, faults, { noun: NOUN, hint: HINT })
  if (fields === undefined) return undefined
  const text = (name: keyof typeof LONGEST, isNeeded = false) =>
    readText(fields.get(name), [place, name], LONGEST[name], isNeeded, faults)
  const event = text('event', true)
  const actor = text('actor', true)
  if (actor?.toLowerCase() === OURSELVES) {
    faults.add([place, 'actor'], `is midwatch itself; write who really did it`)
  }
  const traceId = readId(
    fields.get('trace_id'),
    [place, 'trace_id'],
    faults,
    normalizeTraceId,
    '32 hex digits or a UUID',
  )
  const spanId = readId(fields.get('span_id'), [place, 'span_id'], faults, normalizeSpanId, '16 hex digits')
  const record = {
    atMs: readMoment(fields.get('time'), [place, 'time'], context.nowMs, faults),
    action: text('action'),
    resource: text('resource'),
    outcome: text('outcome'),
    durationMs: readDuration(fields.get('duration_ms'), [place, 'duration_ms'], faults),
    attributes: readAttributes(fields.get('attributes'), [place, 'attributes'], faults),
    traceId: traceId ?? context.traceId,
    spanId: spanId ?? (traceId === undefined ? context.spanId : undefined),
  }
  return event === undefined || actor === undefined ? undefined : { ...record, event, actor }
}

/** A text without control characters; null is as good as absent, as many clients write it. */
function readText(value: unknown, field: Path, longest: number, isNeeded: boolean, faults: Faults): string | undefined {
  if (value === undefined || value === null) return isNeeded ? faults.add(field, 'is missing; write a text') : undefined
  if (typeof value !== 'string') return faults.add(field, `is ${whatIs(value)}; write a text`)
  if (isNeeded && value.trim() === '') return faults.add(field, 'is empty; write a text')
  if (value.length > longest) return faults.add(field, `is longer than ${longest} characters`)
  if (/\p{Cc}/u.test(value)) return faults.add(field, 'has control characters; write plain text')
  return value.isWellFormed() ? value : faults.add(field, 'is not valid Unicode')
}

function readMoment(value: unknown, field: Path, nowMs: number, faults: Faults): number {
  if (value === undefined || value === null) return nowMs
  const time = readTime(value)
  if (!time.ok) faults.add(field, time.why)
  else if (time.ms > nowMs + LATEST_MS) faults.add(field, 'is more than a day in the future')
  return time.ok ? time.ms : nowMs
}

function readDuration(value: unknown, field: Path, faults: Faults): number | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
  return faults.add(field, `is ${whatIs(value)}; write milliseconds, 0 or more`)
}

function readId(
  value: unknown,
  field: Path,
  faults: Faults,
  normalize: (text: string) => string | undefined,
  form: string,
): string | undefined {
  if (value === undefined || value === null) return undefined
  const id = typeof value === 'string' ? normalize(value) : undefined
  return id ?? faults.add(field, `is not an id; write ${form}, not all zero`)
}

function normalizeSpanId(text: string): string | undefined {
  const id = text.trim().toLowerCase()
  return /^[\da-f]{16}$/.test(id) && !/^0+$/.test(id) ? id : undefined
}

function readAttributes(value: unknown, field: Path, faults: Faults): Readonly<Record<string, unknown>> | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'object' || Array.isArray(value)) {
    return faults.add(field, `is ${whatIs(value)}; write an object`)
  }
  // Depth first: what is too deep can't be printed either.
  if (isDeeperThan(value, DEEPEST_ATTRIBUTES)) {
    return faults.add(field, `is nested deeper than ${DEEPEST_ATTRIBUTES} levels; flatten it`)
  }
  if (JSON.stringify(value).length > LONGEST_ATTRIBUTES) {
    return faults.add(field, `is longer than ${LONGEST_ATTRIBUTES} characters as JSON; keep what matters`)
  }
  return value as Record<string, unknown>
}
