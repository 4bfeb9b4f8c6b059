import { chance } from '../lib/chance.ts'

/** Which journey a piece of work belongs to (W3C Trace Context). */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string
  /** 16 lower-case hex digits of the caller's span; undefined when we start the journey. */
  readonly spanId?: string
}

const TRACEPARENT = /^[ \t]*([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?[ \t]*$/
const TRACE_ID = /^[\da-f]{32}$/

/**
 * Reads a `traceparent` header; anything invalid is as good as absent.
 *
 * @see https://www.w3.org/TR/trace-context/#traceparent-header
 */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const match = TRACEPARENT.exec(header ?? '')
  if (match === null) return undefined
  const [, version = '', traceId = '', spanId = '', , rest] = match
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId }
}

export function newTraceId(): string {
  return chance(16).toString('hex')
}

export function newSpanId(): string {
  return chance(8).toString('hex')
}

/** A header value that continues the journey, sampled. */
export function formatTraceparent(traceId: string, spanId: string = newSpanId()): string {
  return `00-${traceId}-${spanId}-01`
}

/**
 * The one form in which an id is kept: 32 lower-case hex digits. A UUID loses its dashes.
 *
 * @returns undefined when the text is no trace id
 */
export function normalizeTraceId(text: string): string | undefined {
  const id = text.trim().toLowerCase().replaceAll('-', '')
  return TRACE_ID.test(id) && !/^0+$/.test(id) ? id : undefined
}
