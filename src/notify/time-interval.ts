import { wallTimeIn } from '../lib/zoned-time.ts'

/** A range of whole numbers, both ends included. */
export interface WholeRange {
  readonly from: number
  readonly to: number
}

/** One entry of a time interval: every field that is there has to hold, and of each field one range. */
export interface TimeWindow {
  /** Minutes since midnight, `from` included and `to` not. */
  readonly times?: readonly WholeRange[]
  /** 0 is Sunday. */
  readonly weekdays?: readonly WholeRange[]
  /** Negative days count from the end of the month: -1 is its last day. */
  readonly daysOfMonth?: readonly WholeRange[]
  readonly months?: readonly WholeRange[]
  readonly years?: readonly WholeRange[]
  /** An IANA time zone; UTC when absent. */
  readonly location?: string
}

/** A name for times, as in Alertmanager's `time_intervals`. */
export interface TimeInterval {
  readonly name: string
  readonly windows: readonly TimeWindow[]
}

/** Whether a moment lies in one of the windows. */
export function containsTime({ windows }: TimeInterval, atMs: number): boolean {
  return windows.some((window) => isWithin(window, atMs))
}

function isWithin(window: TimeWindow, atMs: number): boolean {
  const { minute, weekday, day, month, year } = wallClock(atMs, window.location ?? 'UTC')
  const isIn = (ranges: readonly WholeRange[] | undefined, value: number) =>
    ranges === undefined || ranges.some(({ from, to }) => value >= from && value <= to)
  if (window.times !== undefined && !window.times.some(({ from, to }) => minute >= from && minute < to)) return false
  if (!isIn(window.weekdays, weekday) || !isIn(window.months, month) || !isIn(window.years, year)) return false
  if (window.daysOfMonth === undefined) return true
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate()
  return window.daysOfMonth.some((range) => isDayIn(range, day, length))
}

function isDayIn({ from, to }: WholeRange, day: number, monthLength: number): boolean {
  const first = from < 0 ? monthLength + from + 1 : from
  const last = to < 0 ? monthLength + to + 1 : to
  // A month that is too short for the beginning has no such days.
  if (first > monthLength) return false
  return day >= Math.max(first, 1) && day <= Math.min(last, monthLength)
}

interface WallClock {
  readonly minute: number
  readonly weekday: number
  readonly day: number
  readonly month: number
  readonly year: number
}

/** All groups that are due are looked at in the same moment. */
const last = new Map<string, { readonly minuteMs: number; readonly clock: WallClock }>()
const MINUTE_MS = 60_000

function wallClock(atMs: number, zone: string): WallClock {
  const minuteMs = Math.floor(atMs / MINUTE_MS) * MINUTE_MS
  const known = last.get(zone)
  if (known?.minuteMs === minuteMs) return known.clock
  const clock = readWallClock(minuteMs, zone)
  last.set(zone, { minuteMs, clock })
  return clock
}

function readWallClock(atMs: number, zone: string): WallClock {
  const { year, month, day, hour, minute } = wallTimeIn(zone, atMs)
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay()
  return { minute: hour * 60 + minute, weekday, day, month, year }
}
