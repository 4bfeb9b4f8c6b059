const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const MONTHS: readonly string[] = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

const LARGEST_TIME_MS = 8.64e15

/** A time span in at most two units: `8 s`, `14 min`, `3 h 12 min`, `4 d 3 h`. */
export function formatSpan(ms: number): string {
  if (!Number.isFinite(ms)) return 'unknown'
  const size = Math.max(0, ms)
  if (size < SECOND) return size === 0 ? '0 s' : 'under 1 s'
  if (size < MINUTE) return `${Math.floor(size / SECOND)} s`
  if (size < HOUR) return `${Math.floor(size / MINUTE)} min`
  const [unitMs, unit, nextMs, next] = size < DAY ? [HOUR, 'h', MINUTE, 'min'] : [DAY, 'd', HOUR, 'h']
  const rest = Math.floor((size % unitMs) / nextMs)
  return `${Math.floor(size / unitMs)} ${unit}${rest === 0 ? '' : ` ${rest} ${next}`}`
}

/** The length of a window in words: `24 hours`, `7 days`, `90 min`. */
export function formatWindow(ms: number): string {
  if (ms === DAY) return '24 hours'
  if (ms % DAY === 0) return `${ms / DAY} days`
  return ms % HOUR === 0 ? `${ms / HOUR} ${ms === HOUR ? 'hour' : 'hours'}` : formatSpan(ms)
}

/** How long something took: `0.42 ms`, `182 ms`, `1.24 s`, `2 min`. */
export function formatLatency(ms: number): string {
  if (!Number.isFinite(ms)) return 'unknown'
  if (ms < 1) return `${Number(ms.toFixed(2))} ms`
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < MINUTE) return `${Number((ms / SECOND).toFixed(2))} s`
  return formatSpan(ms)
}

/** `2026-11-21 02:48:13 UTC`, with milliseconds when asked for. */
export function formatInstant(atMs: number, precision: 's' | 'ms' = 's'): string {
  const iso = isoOf(atMs)
  if (iso === undefined) return 'unknown time'
  return `${iso.slice(0, 10)} ${iso.slice(11, precision === 's' ? 19 : 23)} UTC`
}

/** The time of day within the last 20 hours, the day as well before that; always UTC. */
export function formatNear(atMs: number, nowMs: number): string {
  const iso = isoOf(atMs)
  if (iso === undefined) return 'unknown time'
  const clock = iso.slice(11, 16)
  if (Math.abs(nowMs - atMs) < 20 * HOUR) return `${clock} UTC`
  const day = `${Number(iso.slice(8, 10))} ${MONTHS[Number(iso.slice(5, 7)) - 1]}`
  const isSameYear = iso.slice(0, 4) === isoOf(nowMs)?.slice(0, 4)
  return isSameYear ? `${day}, ${clock} UTC` : `${iso.slice(0, 10)} ${clock} UTC`
}

/** As `formatNear`, without the time of day where the day stands: a list has a line for it, and the span beside it. */
function formatSince(atMs: number, nowMs: number): string {
  return formatNear(atMs, nowMs).replace(/(?<=.),? \d\d:\d\d UTC$/, '')
}

/** `14 min ago`, `now`, `in 3 min`. */
export function formatAgo(atMs: number, nowMs: number): string {
  const age = nowMs - atMs
  if (Number.isNaN(age)) return 'unknown time'
  if (Math.abs(age) < SECOND) return 'now'
  return age > 0 ? `${formatSpan(age)} ago` : `in ${formatSpan(-age)}`
}

function isoOf(atMs: number): string | undefined {
  return Math.abs(atMs) <= LARGEST_TIME_MS ? new Date(atMs).toISOString() : undefined
}

interface TimeProps {
  readonly atMs: number
  readonly nowMs: number
}

/** `14 min ago`, with the exact time in its attributes. */
export function Ago({ atMs, nowMs }: TimeProps) {
  return (
    <time datetime={isoOf(atMs)} title={formatInstant(atMs)}>
      {formatAgo(atMs, nowMs)}
    </time>
  )
}

/** `for 14 min, since 02:48 UTC`; `for 7 d 4 h, since 13 Nov`. */
export function Since({ atMs, nowMs }: TimeProps) {
  return (
    <time datetime={isoOf(atMs)} title={formatInstant(atMs)}>
      for {formatSpan(nowMs - atMs)}
      <span class="muted">, since {formatSince(atMs, nowMs)}</span>
    </time>
  )
}

/** `14 min ago, 02:48 UTC`. */
export function AgoAt({ atMs, nowMs }: TimeProps) {
  return (
    <time datetime={isoOf(atMs)} title={formatInstant(atMs)}>
      {formatAgo(atMs, nowMs)}
      <span class="muted">, {formatNear(atMs, nowMs)}</span>
    </time>
  )
}

/** `2026-11-21 02:48:13 UTC (14 min ago)`. */
export function Instant({ atMs, nowMs }: TimeProps) {
  return (
    <time datetime={isoOf(atMs)}>
      {formatInstant(atMs)} <span class="muted">({formatAgo(atMs, nowMs)})</span>
    </time>
  )
}

interface TimeOfDayProps {
  readonly atMs: number
  readonly precision?: 's' | 'ms'
}

/** `02:48:13.042`, for lists in which the day stands above. */
export function TimeOfDay({ atMs, precision = 'ms' }: TimeOfDayProps) {
  return (
    <time datetime={isoOf(atMs)} title={formatInstant(atMs, 'ms')}>
      {isoOf(atMs)?.slice(11, precision === 's' ? 19 : 23) ?? 'unknown time'}
    </time>
  )
}
