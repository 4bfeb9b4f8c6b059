import { formatGoTime } from '../../lib/go-time.ts'

/** How Go prints a time that was never set. */
const ZERO_TIME = '0001-01-01T00:00:00Z'

/** A moment as Go writes it into JSON: RFC 3339 with no more digits than needed. */
export function goTime(timeMs: number | undefined): string {
  return timeMs === undefined ? ZERO_TIME : formatGoTime(timeMs, '2006-01-02T15:04:05.999999999Z07:00')
}
