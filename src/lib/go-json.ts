/**
 * JSON as Go's encoder writes it: what HTML might take for markup is escaped, keys of maps are sorted, and the text ends
 * with a line break. Lone surrogates become U+FFFD.
 *
 * @param value plain data; objects keep the order of their keys, as Go's structs do, and `sortedMap` makes maps
 */
export function goJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) => (typeof item === 'string' ? item.toWellFormed() : item))
  return `${text.replace(/[<>&\u2028\u2029]/g, escapeSign)}\n`
}

function escapeSign(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** A record whose keys come in the order in which Go writes a map: by their bytes. */
export function sortedMap(record: Readonly<Record<string, string>>): Record<string, string> {
  const sorted = Object.keys(record).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const map: Record<string, string> = Object.create(null)
  for (const key of sorted) map[key.toWellFormed()] = record[key] as string
  return map
}

/** A moment in UTC as Go writes it in JSON: RFC 3339 without zeros at the end of the fraction. */
export function goTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.?0*Z$/, 'Z')
}

/** What Go writes for a time that was never set. */
export const GO_ZERO_TIME = '0001-01-01T00:00:00Z'
