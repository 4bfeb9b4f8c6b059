/**
 * How many texts (segments) a phone network makes of a message, and what to leave out so that it stays within a number of
 * them: 160 characters of the GSM alphabet in one and 153 in each of several, or 70 and 67 UTF-16 units where a character
 * is outside of it.
 *
 * @see 3GPP TS 23.038 section 6.2.1, TS 23.040 section 9.2.3.24.1
 */

const BASIC = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
)
/** Reached by an escape, so that each takes the room of two. */
const EXTENDED = new Set('\f^{}\\[~]|€')

/** Signs of typography whose plain twins are in the alphabet: one of them would halve the room. */
const PLAIN: readonly (readonly [RegExp, string])[] = [
  [/[\u2018\u2019\u201a\u201b\u2032`´]/g, "'"],
  [/[\u201c\u201d\u201e\u2033«»]/g, '"'],
  [/[\u2010-\u2015\u2212]/g, '-'],
  [/\u2026/g, '...'],
  [/[\u2022\u00b7]/g, '*'],
  [/\u2192/g, '->'],
  [/[\t\u00a0\u2000-\u200a\u202f\u205f\u3000]/g, ' '],
  [/[\u00ad\u200b\u200e\u200f\u2060\ufeff]/g, ''],
]

/** The same text in characters of the GSM alphabet, as far as nothing is lost by it. */
export function plainSigns(text: string): string {
  return PLAIN.reduce((plain, [signs, twin]) => plain.replace(signs, twin), text.toWellFormed()).replace(
    /[\x00-\x09\x0b-\x1f\x7f]+/g,
    ' ',
  )
}

/** How many segments a text takes. */
export function segmentCount(text: string): number {
  const characters = [...text]
  const isGsm = characters.every((one) => BASIC.has(one) || EXTENDED.has(one))
  const units = characters.map((one) => (isGsm ? (EXTENDED.has(one) ? 2 : 1) : one.length))
  const total = units.reduce((sum, count) => sum + count, 0)
  if (total <= (isGsm ? 160 : 70)) return 1
  const room = isGsm ? 153 : 67
  let segments = 1
  let used = 0
  for (const count of units) {
    // No character is torn between two segments.
    if (used + count > room) {
      segments++
      used = 0
    }
    used += count
  }
  return segments
}

const MARK = '...'

/** The longest beginning that takes at most `most` segments, with a mark where something is left out. */
export function cutToSegments(text: string, most: number): string {
  return cutLine(text, (line) => line, most)
}

/**
 * Lines that belong together in at most `most` segments: the first and the last, and of those in between as many as there
 * is room for, with a count of the rest and of the `omitted` ones. Where even those two are too long, the first is cut, and the last left out at worst.
 */
export function fitLines(
  [first, ...between]: readonly [string, ...string[]],
  { last, omitted, most }: { readonly last: string; readonly omitted: number; readonly most: number },
): string {
  for (let count = between.length; count >= 0; count--) {
    const left = between.length - count + omitted
    // Part of an only line is better than to say that there is one.
    if (count === 0 && left === 1) break
    const text = joinLines([first, ...between.slice(0, count), left === 0 ? '' : `+${left} more`, last])
    if (segmentCount(text) <= most) return text
  }
  const head = joinLines([first, ...between.slice(0, 1)])
  return cutLine(head, (line) => joinLines([line, last]), most) || cutToSegments(head, most)
}

function joinLines(lines: readonly string[]): string {
  return lines.filter((line) => line !== '').join('\n')
}

/** The longest beginning of a line of which `make` makes a text that fits; empty where there is none. */
function cutLine(line: string, make: (line: string) => string, most: number): string {
  if (segmentCount(make(line)) <= most) return make(line)
  // What a reader takes for one character may be several: a flag, a letter with its accent.
  const starts = [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(line)].map(({ index }) => index)
  const made = (length: number) => make(line.slice(0, starts[length]).trimEnd() + MARK)
  let fits = 0
  let tooLong = starts.length
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1
    if (segmentCount(made(middle)) <= most) fits = middle
    else tooLong = middle
  }
  return fits === 0 ? '' : made(fits)
}
