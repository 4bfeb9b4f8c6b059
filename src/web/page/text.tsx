/** Text from outside is cut after this many characters unless a place says otherwise. */
const DEFAULT_MAX = 400

// C0 but tab, line feed and carriage return; DEL and C1.
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g
const DIRECTION = /[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g

/** At most `max` characters, and how many are missing; control characters and broken surrogates become U+FFFD. */
export function clip(text: string, max: number = DEFAULT_MAX): string {
  const shown = text.slice(0, max).toWellFormed().replace(CONTROL, '\ufffd')
  return text.length <= max ? shown : `${shown}… (${formatCount(text.length - max)} more characters)`
}

/** As `clip`, for places that take no element (titles, labels for screen readers): nothing in it turns the direction. */
export function clipPlain(text: string, max: number = DEFAULT_MAX): string {
  return clip(text, max).replace(DIRECTION, '')
}

/** Text that somebody else wrote: escaped as all text, cut when it is long, and alone in its writing direction. */
export function Given({ text, max = DEFAULT_MAX }: { readonly text: string; readonly max?: number }) {
  return <bdi>{clip(text, max)}</bdi>
}

/** `1,234`, of a whole number. By hand, since the first use of `Intl` costs a fifteenth of the whole start. */
export function formatCount(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** `1 check`, `2 checks`. */
export function plural(number: number, one: string, many: string = `${one}s`): string {
  return `${formatCount(number)} ${number === 1 ? one : many}`
}

/** `a`, `a and b`, `a, b and c`; of more than `max`, `a, b, c and 4 more`. */
export function enumerate(words: readonly string[], max: number = Number.POSITIVE_INFINITY): string {
  const shown = words.length > max ? [...words.slice(0, max), `${formatCount(words.length - max)} more`] : words
  if (shown.length <= 1) return shown.join('')
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}

/** Four significant digits at most; `∞` and `not a number` in words. */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'not a number'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '-∞'
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return formatCount(value)
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) return value.toExponential(3)
  return new Intl.NumberFormat('en', { maximumSignificantDigits: size >= 1000 ? 6 : 4 }).format(value)
}

/** A share of 0 to 1 in percent, cut rather than rounded: 99.99999 % are not 100 %. */
export function formatShare(share: number): string {
  const percent = Math.floor(share * 1e6 + 1e-6) / 1e4
  const digits = percent === 100 || percent === 0 ? 0 : percent >= 99.9 ? 3 : 2
  const cut = Math.floor(percent * 10 ** digits + 1e-6) / 10 ** digits
  return `${cut.toFixed(digits)} %`
}
