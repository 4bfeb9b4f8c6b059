import type { ExpositionFormat } from '../wire/exposition.ts'

/** A value and a time at the end of a line, or in front of an exemplar. */
const TIME = /\s[^\s}]+\s+([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*(?:# \{.*)?$/
/** Seconds reach it in the year 5138, milliseconds did in 1973. */
const FIRST_MILLISECONDS = 1e11

/**
 * Tells OpenMetrics, whose times are seconds, from the Prometheus text format, whose times are milliseconds: by the first
 * time there is, since only the last line of a whole text says what it is.
 */
export function historyFormat(piece: Buffer): ExpositionFormat {
  for (let at = 0; at < piece.length; ) {
    const lineEnd = piece.indexOf(10, at)
    const end = lineEnd === -1 ? piece.length : lineEnd
    const line = piece.toString('utf8', at, end)
    at = end + 1
    if (line === '# EOF') return 'openmetrics'
    const [, time] = (line.startsWith('#') ? undefined : TIME.exec(line)) ?? []
    if (time === undefined) continue
    return /^[-+]?\d+$/.test(time) && Math.abs(Number(time)) >= FIRST_MILLISECONDS ? 'text' : 'openmetrics'
  }
  return 'text'
}
