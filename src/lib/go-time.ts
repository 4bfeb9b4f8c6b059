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

/** Prints a moment in UTC by a layout of Go's `time.Format`: the reference time is `Mon Jan 2 15:04:05 MST 2006`. */
export function formatGoTime(timeMs: number, layout: string = GO_TIME_LAYOUT): string {
  const time = new Date(timeMs)
  return layout.replace(PART, (part) => printPart(time, part))
}

function printPart(time: Date, part: string): string {
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
      return 'UTC'
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
  if (part.startsWith('Z')) return 'Z'
  if (part.startsWith('-')) return part.replace('-', '+').replace('7', '0')
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
