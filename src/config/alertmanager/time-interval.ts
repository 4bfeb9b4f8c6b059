import { z } from 'zod'
import { show } from '../../lib/show.ts'
import type { TimeInterval, TimeWindow, WholeRange } from '../../notify/time-interval.ts'
import { refuse } from '../../probe/fields.ts'
import { isTimezone } from '../fields.ts'
import { text } from './fields.ts'

export const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const
export const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
] as const

const CLOCK = /^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/

const clock = z.string({ error: "is not a time; write '09:00'" }).transform((written, context): number => {
  const match = CLOCK.exec(written)
  if (match === null)
    return refuse(context, `${show(written)} is not a time; write hours and minutes, such as '09:00' or '24:00'`)
  return match[1] === undefined ? 24 * 60 : Number(match[1]) * 60 + Number(match[2])
})

const times = z
  .strictObject(
    {
      start_time: clock.describe("The first minute, such as `'09:00'`."),
      end_time: clock.describe("The minute before which it ends; `'24:00'` is the end of the day."),
    },
    { error: "is not a range of time; write {start_time: '09:00', end_time: '17:00'}" },
  )
  .transform(({ start_time: from, end_time: to }, context): WholeRange => {
    if (from < to) return { from, to }
    return refuse(
      context,
      'ends before it starts; write two ranges where one goes over midnight: one until 24:00, one from 00:00',
    )
  })

interface RangeKind {
  readonly example: string
  /** One end of a range; undefined when it is none. */
  read(word: string): number | undefined
  /** What is wrong with a range of two ends, if something is. */
  fault?(from: number, to: number): string | undefined
}

/** `monday`, or `monday:friday` with both ends included. */
function range({ example, read, fault }: RangeKind) {
  return z.string({ error: `is not a range; write '${example}'` }).transform((written, context): WholeRange => {
    const words = written
      .toLowerCase()
      .split(':')
      .map((word) => word.trim())
    const [from, to = from] = words.map(read)
    if (words.length > 2 || words.some((word) => read(word) === undefined) || from === undefined || to === undefined) {
      return refuse(context, `${show(written)} is not a range; write '${example}'`)
    }
    const wrong = fault === undefined ? (from > to ? 'ends before it starts' : undefined) : fault(from, to)
    return wrong === undefined ? { from, to } : refuse(context, `${show(written)} ${wrong}; write '${example}'`)
  })
}

function whole(word: string): number | undefined {
  return /^[-+]?\d{1,9}$/.test(word) ? Number(word) : undefined
}

function position(names: readonly string[], word: string): number | undefined {
  const i = names.indexOf(word)
  return i === -1 ? undefined : i
}

const weekdays = range({ example: 'monday:friday', read: (word) => position(WEEKDAYS, word) })

const months = range({
  example: 'march:may',
  read(word) {
    const number = whole(word) ?? (position(MONTHS, word) ?? -1) + 1
    return number >= 1 && number <= 12 ? number : undefined
  },
})

const years = range({ example: '2026:2027', read: whole })

const daysOfMonth = range({
  example: '1:5',
  read(word) {
    const day = whole(word)
    return day === undefined || day === 0 || day < -31 || day > 31 ? undefined : day
  },
  fault(from, to) {
    if (from < 0 && to > 0) return 'begins at the end of the month and ends at its beginning'
    // Whatever the length of the month: 28 days is the shortest.
    const [first, last] = [from, to].map((day) => (day < 0 ? 28 + day : day)) as [number, number]
    return first > last ? 'ends before it starts in every month' : undefined
  },
})

const location = z
  .string({ error: 'is not a time zone; write one such as Europe/Berlin' })
  .transform((zone, context): string => {
    if (zone === '') return 'UTC'
    if (zone === 'Local') return Intl.DateTimeFormat().resolvedOptions().timeZone
    if (isTimezone(zone)) return zone
    return refuse(context, `${show(zone)} is not a time zone; write one such as Europe/Berlin`)
  })

const window = z
  .strictObject(
    {
      times: z.array(times).optional().describe('Times of the day.'),
      weekdays: z.array(weekdays).optional().describe("Such as `['monday:friday']`."),
      days_of_month: z
        .array(daysOfMonth)
        .optional()
        .describe("Such as `['1:5', '-3:-1']`; negative ones count from its end."),
      months: z.array(months).optional().describe("Such as `['march:may', '12']`."),
      years: z.array(years).optional().describe("Such as `['2026:2027']`."),
      location: location.optional().describe('The time zone, such as Europe/Berlin; UTC unless told.'),
    },
    { error: "is not a time interval; write {weekdays: ['monday:friday']}" },
  )
  .transform((written): TimeWindow => {
    const given = Object.entries({
      times: written.times,
      weekdays: written.weekdays,
      daysOfMonth: written.days_of_month,
      months: written.months,
      years: written.years,
      location: written.location,
    }).filter(([, value]) => value !== undefined)
    return Object.fromEntries(given)
  })

/** A name for times, to which routes refer. */
export const timeInterval = z
  .strictObject(
    {
      name: text
        .min(1, { error: 'is empty; write a name such as offhours' })
        .describe('The name to which routes refer.'),
      time_intervals: z.array(window).default([]).describe('Each of them is part of it.'),
    },
    { error: 'is not a time interval; write {name: offhours, time_intervals: […]}' },
  )
  .transform((written): TimeInterval => ({ name: written.name, windows: written.time_intervals }))
