import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatGoTime } from '../../src/lib/go-time.ts'
import { containsTime, type TimeWindow, type WholeRange } from '../../src/notify/time-interval.ts'

function within(window: TimeWindow, at: string | number): boolean {
  return containsTime({ name: 'test', windows: [window] }, typeof at === 'number' ? at : Date.parse(at))
}

const range = (from: number, to = from): WholeRange => ({ from, to })

test('takes a time from its first minute to the minute before its end', () => {
  const office = { times: [range(9 * 60, 17 * 60)] }
  expect(within(office, '2026-03-02T08:59:59.999Z')).toBe(false)
  expect(within(office, '2026-03-02T09:00:00Z')).toBe(true)
  expect(within(office, '2026-03-02T16:59:59.999Z')).toBe(true)
  expect(within(office, '2026-03-02T17:00:00Z')).toBe(false)
})

test('24:00 is the end of a day, and two ranges go over midnight', () => {
  const night = { times: [range(22 * 60, 24 * 60), range(0, 6 * 60)] }
  expect(within(night, '2026-03-02T23:59:59.999Z')).toBe(true)
  expect(within(night, '2026-03-03T00:00:00Z')).toBe(true)
  expect(within(night, '2026-03-03T05:59:00Z')).toBe(true)
  expect(within(night, '2026-03-03T06:00:00Z')).toBe(false)
  expect(within(night, '2026-03-03T21:59:00Z')).toBe(false)
})

test('every field that is there has to hold, and of each field one range', () => {
  const window = { weekdays: [range(1, 5)], months: [range(3), range(12)], years: [range(2026)] }
  expect(within(window, '2026-03-02T12:00:00Z')).toBe(true)
  expect(within(window, '2026-03-01T12:00:00Z')).toBe(false)
  expect(within(window, '2026-04-01T12:00:00Z')).toBe(false)
  expect(within(window, '2026-12-31T12:00:00Z')).toBe(true)
  expect(within(window, '2027-03-01T12:00:00Z')).toBe(false)
  expect(within({}, '1999-01-01T00:00:00Z')).toBe(true)
})

test('one of several windows is enough, and no window is never', () => {
  const windows = [{ weekdays: [range(0)] }, { weekdays: [range(6)] }]
  const on = (at: string) => containsTime({ name: 'weekend', windows }, Date.parse(at))
  expect(on('2026-02-28T12:00:00Z')).toBe(true)
  expect(on('2026-03-01T12:00:00Z')).toBe(true)
  expect(on('2026-03-02T12:00:00Z')).toBe(false)
  expect(containsTime({ name: 'never', windows: [] }, 0)).toBe(false)
})

describe('days of the month', () => {
  test.each([
    // A negative day counts from the end, whatever the length of the month.
    [range(-1), '2026-01-31', true],
    [range(-1), '2026-01-30', false],
    [range(-1), '2026-02-28', true],
    [range(-1), '2028-02-28', false],
    [range(-1), '2028-02-29', true],
    [range(-3, -1), '2026-04-28', true],
    [range(-3, -1), '2026-04-27', false],
    [range(1, -1), '2026-02-15', true],
    [range(15, -10), '2026-02-19', true],
    [range(15, -10), '2026-02-20', false],
    // What goes beyond the month ends with it …
    [range(28, 31), '2026-02-28', true],
    [range(-31, -28), '2026-02-01', true],
    [range(-31, -28), '2026-02-02', false],
    // … and what begins behind it is not in it.
    [range(30, 31), '2026-02-28', false],
    [range(31), '2026-04-30', false],
    [range(-31, -29), '2026-02-01', false],
    [range(-31, -29), '2026-03-01', true],
  ])('%j holds %s: %s', (days, date, expected) => {
    expect(within({ daysOfMonth: [days] }, `${date}T12:00:00Z`)).toBe(expected)
  })
})

describe('in a zone', () => {
  const morning = { times: [range(2 * 60, 3 * 60)], location: 'Europe/Berlin' }

  test('an hour that the clock skips in spring is not there', () => {
    for (let minute = 0; minute < 180; minute++) {
      expect(within(morning, Date.parse('2026-03-29T00:00:00Z') + minute * 60_000)).toBe(false)
    }
    expect(within(morning, '2026-03-28T01:30:00Z')).toBe(true)
    expect(within(morning, '2026-03-30T00:30:00Z')).toBe(true)
  })

  test('an hour that comes twice in autumn holds both times', () => {
    const minutes = Array.from({ length: 240 }, (_, i) => Date.parse('2026-10-24T23:00:00Z') + i * 60_000)
    expect(minutes.filter((at) => within(morning, at))).toHaveLength(120)
    expect(within(morning, '2026-10-25T00:00:00Z')).toBe(true)
    expect(within(morning, '2026-10-25T01:59:00Z')).toBe(true)
    expect(within(morning, '2026-10-25T02:00:00Z')).toBe(false)
  })

  test('the day, the weekday, the month and the year are those of the zone', () => {
    const at = '2025-12-31T23:30:00Z'
    const there = { location: 'Europe/Berlin' }
    expect(
      within({ daysOfMonth: [range(1)], weekdays: [range(4)], months: [range(1)], years: [range(2026)], ...there }, at),
    ).toBe(true)
    expect(
      within({ daysOfMonth: [range(31)], weekdays: [range(3)], months: [range(12)], years: [range(2025)] }, at),
    ).toBe(true)
    expect(within({ daysOfMonth: [range(-1)], ...there }, '2026-02-28T23:30:00Z')).toBe(false)
    expect(within({ daysOfMonth: [range(-1)], location: 'America/New_York' }, '2026-03-01T04:30:00Z')).toBe(true)
  })

  const ZONES = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Apia', 'Australia/Lord_Howe']
  const ranges = (least: number, most: number) =>
    fc.array(
      fc
        .tuple(fc.integer({ min: least, max: most }), fc.integer({ min: least, max: most }))
        .map(([a, b]) => range(Math.min(a, b), Math.max(a, b))),
      { minLength: 1, maxLength: 3 },
    )
  const windows = fc.record(
    {
      times: ranges(0, 1440),
      weekdays: ranges(0, 6),
      daysOfMonth: fc.array(
        fc.constantFrom(
          range(1, 5),
          range(-3, -1),
          range(10, -5),
          range(31),
          range(-31, -29),
          range(29, 31),
          range(-1),
        ),
        { minLength: 1, maxLength: 2 },
      ),
      months: ranges(1, 12),
      years: ranges(2000, 2040),
    },
    { requiredKeys: [] },
  )
  const moments = fc.integer({ min: Date.UTC(1999, 0, 1), max: Date.UTC(2041, 0, 1) })

  test('any window at any moment is what the clock on the wall says', () => {
    fc.assert(
      fc.property(windows, fc.constantFrom(...ZONES), moments, (window, location, at) => {
        expect(within({ ...window, location }, at)).toBe(onTheWall(window, location, at))
      }),
      { numRuns: 2000 },
    )
  })
})

/** The definition, field by field and day by day, over what Go's clock shows. */
function onTheWall(window: TimeWindow, location: string, at: number): boolean {
  const wall = (layout: string) => Number(formatGoTime(at, layout, location))
  const names = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
  const [year, month, day] = [wall('2006'), wall('1'), wall('2')]
  const days: number[] = []
  for (let i = 1; new Date(Date.UTC(year, month - 1, i)).getUTCMonth() === month - 1; i++) days.push(i)
  const inDays = ({ from, to }: WholeRange) => {
    const first = from > 0 ? from : days.length + 1 + from
    const last = to > 0 ? to : days.length + 1 + to
    return days.filter((one) => one >= first && one <= last).includes(day)
  }
  const any = (list: readonly WholeRange[] | undefined, value: number) =>
    list === undefined || list.some(({ from, to }) => from <= value && value <= to)
  const minute = wall('15') * 60 + wall('04')
  return (
    (window.times === undefined || window.times.some(({ from, to }) => from <= minute && minute < to)) &&
    any(window.weekdays, names.indexOf(formatGoTime(at, 'Monday', location))) &&
    any(window.months, month) &&
    any(window.years, year) &&
    (window.daysOfMonth === undefined || window.daysOfMonth.some(inDays))
  )
}
