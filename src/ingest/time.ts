const ISO = /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?\s?(?:[Zz]|[+-]\d\d:?\d\d))?$/

/** Before this (2001-09-09) a number is more likely seconds than milliseconds. */
const EARLIEST_MS = 1e12

/** Why a value is no moment, or the moment in epoch milliseconds. */
export type ReadTime = { readonly ok: true; readonly ms: number } | { readonly ok: false; readonly why: string }

/** Reads ISO 8601 with its zone (`2026-03-01T12:00:00Z`, a date alone is midnight UTC), or epoch milliseconds. */
export function readTime(value: unknown): ReadTime {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return { ok: false, why: 'is not a moment' }
    if (Math.abs(value) < EARLIEST_MS) return { ok: false, why: 'looks like seconds; write milliseconds, or ISO 8601' }
    return value > 8.64e15 ? { ok: false, why: 'is too far away' } : { ok: true, ms: Math.round(value) }
  }
  if (typeof value !== 'string') return { ok: false, why: 'is not a time; write one such as "2026-03-01T12:00:00Z"' }
  const text = value.trim()
  if (/^\d{1,20}(?:\.\d+)?$/.test(text)) return readTime(Number(text))
  const ms = ISO.test(text) ? Date.parse(text.replace(' ', 'T').replace(/\s/, '').replace(',', '.').toUpperCase()) : NaN
  if (!Number.isNaN(ms)) return { ok: true, ms }
  const hasNoZone = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?$/.test(text)
  return {
    ok: false,
    why: hasNoZone
      ? 'has no zone; write Z or an offset such as +02:00 behind it'
      : 'is not a time; write one such as "2026-03-01T12:00:00Z"',
  }
}
