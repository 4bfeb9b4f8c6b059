/** A moment as clocks on the wall show it. */
export interface WallTime {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

const DAY_MS = 86_400_000

/**
 * The moment at which clocks in a time zone show this. Where they are put back and show it twice it is the first time; where
 * they are put forward and never show it, it is as long after the change as they would have shown.
 *
 * @param zone an IANA name
 * @returns epoch milliseconds
 */
export function momentIn(zone: string, { year, month, day, hour, minute, second }: WallTime): number {
  const asUtcMs = Date.UTC(year, month - 1, day, hour, minute, second)
  const before = offsetMs(zone, asUtcMs - DAY_MS)
  const after = offsetMs(zone, asUtcMs + DAY_MS)
  const fitting = [before, after].map((offset) => asUtcMs - offset).filter((ms) => ms + offsetMs(zone, ms) === asUtcMs)
  return fitting.length === 0 ? asUtcMs - before : Math.min(...fitting)
}

const formats = new Map<string, Intl.DateTimeFormat>()

/**
 * What clocks in a time zone show at a moment.
 *
 * @param zone an IANA name
 */
export function wallTimeIn(zone: string, atMs: number): WallTime {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formats.set(zone, format)
  }
  const parts: Record<string, number> = Object.create(null)
  for (const { type, value } of format.formatToParts(atMs)) parts[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return { year, month, day, hour, minute, second }
}

/** How far clocks in a zone are ahead of UTC. */
function offsetMs(zone: string, atMs: number): number {
  const { year, month, day, hour, minute, second } = wallTimeIn(zone, atMs)
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(atMs / 1000) * 1000
}
