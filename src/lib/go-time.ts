const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** How Go prints a time when nobody says how. */
export const GO_TIME_LAYOUT = '2006-01-02 15:04:05.999999999 -0700 MST'

/** The parts of Go's reference time, longest first where one begins with another. */
const PART =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|_2006|__2|_2|002|01|02|03|04|05|06|15|1|2|3|4|5|PM|pm|Z070000|Z07:00:00|Z0700|Z07:00|Z07|-070000|-07:00:00|-0700|-07:00|-07|[.,](?:0+|9+)(?![0-9])/g

/**
 * Prints a moment by a layout of Go's `time.Format`: the reference time is `Mon Jan 2 15:04:05 MST 2006`.
 *
 * @param zone an IANA name; UTC unless told
 */
export function formatGoTime(timeMs: number, layout: string = GO_TIME_LAYOUT, zone = 'UTC'): string {
  const local = inZone(timeMs, zone)
  return layout.replace(PART, (part) => printPart(local, part))
}

function printPart({ time, offsetMinutes, abbreviation }: LocalTime, part: string): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const hour12 = time.getUTCHours() % 12 || 12
  switch (part) {
    case 'January':
      return MONTHS[time.getUTCMonth()] as string
    case 'Jan':
      return (MONTHS[time.getUTCMonth()] as string).slice(0, 3)
    case 'Monday':
      return DAYS[time.getUTCDay()] as string
    case 'Mon':
      return (DAYS[time.getUTCDay()] as string).slice(0, 3)
    case 'MST':
      return abbreviation()
    case '2006':
      return year(time)
    case '_2006':
      return `_${year(time)}`
    case '06':
      return two(Math.abs(time.getUTCFullYear()) % 100)
    case '1':
      return String(time.getUTCMonth() + 1)
    case '01':
      return two(time.getUTCMonth() + 1)
    case '2':
      return String(time.getUTCDate())
    case '_2':
      return String(time.getUTCDate()).padStart(2)
    case '02':
      return two(time.getUTCDate())
    case '__2':
      return String(yearDay(time)).padStart(3)
    case '002':
      return String(yearDay(time)).padStart(3, '0')
    case '15':
      return two(time.getUTCHours())
    case '3':
      return String(hour12)
    case '03':
      return two(hour12)
    case '4':
      return String(time.getUTCMinutes())
    case '04':
      return two(time.getUTCMinutes())
    case '5':
      return String(time.getUTCSeconds())
    case '05':
      return two(time.getUTCSeconds())
    case 'PM':
      return time.getUTCHours() >= 12 ? 'PM' : 'AM'
    case 'pm':
      return time.getUTCHours() >= 12 ? 'pm' : 'am'
  }
  if (part.startsWith('Z') && offsetMinutes === 0) return 'Z'
  if (part.startsWith('Z') || part.startsWith('-')) return printOffset(offsetMinutes, part.slice(1))
  const digits = String(time.getUTCMilliseconds())
    .padStart(3, '0')
    .padEnd(part.length - 1, '0')
  const fraction = digits.slice(0, part.length - 1)
  if (part[1] === '0') return part.charAt(0) + fraction
  const trimmed = fraction.replace(/0+$/, '')
  return trimmed === '' ? '' : part.charAt(0) + trimmed
}

function year(time: Date): string {
  const value = time.getUTCFullYear()
  return `${value < 0 ? '-' : ''}${String(Math.abs(value)).padStart(4, '0')}`
}

/** The day of the year, 1 to 366. */
export function yearDay(time: Date): number {
  return Math.floor((time.getTime() - Date.UTC(time.getUTCFullYear(), 0, 1)) / 86_400_000) + 1
}

/** What the clock on a wall shows: the date's UTC fields are those of the zone. */
export interface LocalTime {
  readonly time: Date
  /** East of Greenwich is positive. */
  readonly offsetMinutes: number
  /** `CET`, or the offset where nobody calls it anything. */
  abbreviation(): string
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** @throws RangeError when there is no such zone */
export function inZone(timeMs: number, zone: string): LocalTime {
  if (zone === 'UTC') return { time: new Date(timeMs), offsetMinutes: 0, abbreviation: () => 'UTC' }
  const offsetMs = zoneOffsetMs(timeMs, zone)
  const offsetMinutes = Math.trunc(offsetMs / 60_000)
  return {
    time: new Date(timeMs + offsetMs),
    offsetMinutes,
    abbreviation: () => abbreviationOf(timeMs, zone, offsetMinutes),
  }
}

function zoneOffsetMs(timeMs: number, zone: string): number {
  const name = nameOf(timeMs, zone, 'en-US', 'longOffset')
  const match = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name)
  if (match === null) throw new RangeError(`the offset of ${zone} is ${name}`)
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match
  const ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  return sign === '-' ? -ms : ms
}

/** Each of these knows the names that are used where it is spoken. */
const LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-CA', 'en-IN', 'en-ZA', 'en-NZ', 'ja-JP']

function abbreviationOf(timeMs: number, zone: string, offsetMinutes: number): string {
  const names = LOCALES.map((locale) => nameOf(timeMs, zone, locale, 'short'))
  const known = names.find((name) => /^[A-Z]{2,5}$/.test(name) && name !== 'GMT')
  if (known !== undefined) return known
  if (names.includes('GMT')) return 'GMT'
  return printOffset(offsetMinutes, offsetMinutes % 60 === 0 ? '07' : '0700')
}

function nameOf(timeMs: number, zone: string, locale: string, style: 'short' | 'longOffset'): string {
  const key = `${locale} ${style} ${zone}`
  let format = formats.get(key)
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: style })
    formats.set(key, format)
  }
  return format.formatToParts(timeMs).find(({ type }) => type === 'timeZoneName')?.value ?? ''
}

/** `+02:00` for the shape `07:00`, and with seconds that are always zero for `07:00:00`. */
function printOffset(offsetMinutes: number, shape: string): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const minutes = Math.abs(offsetMinutes)
  const colon = shape.includes(':') ? ':' : ''
  const parts = [two(Math.floor(minutes / 60)), two(minutes % 60), '00']
  return (offsetMinutes < 0 ? '-' : '+') + parts.slice(0, shape.replaceAll(':', '').length / 2).join(colon)
}
