import type { Parsed } from './fault.ts'

/** Entries that were sent together; `place` says where each stands, for messages. */
export interface Batch {
  readonly entries: readonly unknown[]
  place(index: number): string
}

/** How a body is written: one JSON value, or one a line. */
export type BatchFormat = 'json' | 'ndjson'

const NDJSON = /^application\/(?:x-ndjson|ndjson|jsonl|x-jsonlines|jsonlines)\s*(?:;|$)/i

/** By the content type; whatever does not say NDJSON is read as JSON. */
export function batchFormat(contentType: string | undefined): BatchFormat {
  return NDJSON.test(contentType?.trim() ?? '') ? 'ndjson' : 'json'
}

/** The body is not of the format that it claims. */
export interface Malformed {
  readonly ok: false
  readonly malformed: string
}

/**
 * Reads a list, a single object, or one value a line.
 *
 * @param most how many entries are taken at once
 */
export function readBatch(text: string, format: BatchFormat, most: number): Parsed<Batch> | Malformed {
  if (text.trim() === '') return { ok: false, malformed: 'the body is empty; send a JSON object or a list of them' }
  const read = format === 'ndjson' ? readLines(text, most) : readValue(text)
  if (!read.ok) return read
  const { entries } = read.value
  if (entries.length > most) {
    const message = `has ${entries.length} entries; at most ${most} are taken at once, so send it in parts`
    return { ok: false, faults: [{ field: '', message }] }
  }
  return read
}

function readValue(text: string): { readonly ok: true; readonly value: Batch } | Malformed {
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value)) return { ok: true, value: { entries: value, place: (index) => `[${index}]` } }
    return { ok: true, value: { entries: [value], place: () => '' } }
  } catch (error) {
    const hint = /^\s*\{[\s\S]*\}\s*\n\s*\{/.test(text.slice(0, 10_000))
      ? '; for one object a line say so: Content-Type: application/x-ndjson'
      : ''
    return { ok: false, malformed: `the body is not JSON: ${(error as Error).message}${hint}` }
  }
}

function readLines(text: string, most: number): { readonly ok: true; readonly value: Batch } | Malformed {
  const entries: unknown[] = []
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    // What is over the limit is counted, not read.
    if (entries.length >= most) {
      entries.push(undefined)
      continue
    }
    try {
      entries.push(JSON.parse(line))
    } catch (error) {
      return { ok: false, malformed: `line ${i + 1} is not JSON: ${(error as Error).message}` }
    }
  }
  return { ok: true, value: { entries, place: (index) => `[${index}]` } }
}
