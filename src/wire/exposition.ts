import { isUtf8 } from 'node:buffer'
import type { MetricType } from '../model/metric.ts'
import { type Exemplar, readExemplar, readNumber, readSeconds } from './exemplar.ts'
import { readOpenMetricsComment, readTextComment } from './exposition-comment.ts'
import { ExpositionError, LineError } from './exposition-error.ts'
import { type SeriesTable, viewOf } from './series-table.ts'
import {
  excerpt,
  isMetricNameStart,
  parseSeriesText,
  skipBlanks,
  skipLabelList,
  skipMetricName,
  skipWord,
} from './series-text.ts'
import type { TextTable } from './text-table.ts'

/**
 * `text`: Prometheus text format 0.0.4 and 1.0.0 (which adds names in quotes).
 * `openmetrics`: OpenMetrics 1.0 (and 0.0.1), with names in quotes as Prometheus 3 takes them.
 */
export type ExpositionFormat = 'text' | 'openmetrics'

/** Where a text that is read piece by piece goes on. Whoever gives the pieces looks for the `# EOF` at their end. */
export interface ExpositionPart {
  readonly linesBefore: number
}

/** What is wrong with OpenMetrics without its last line. */
export const CUT_OFF = 'the text does not end with # EOF; it may have been cut off'

/** What `ExpositionReader.next` has read. */
export type Entry = 'sample' | 'type' | 'help' | 'unit' | 'end'

const TAB = 9
const LINE_FEED = 10
const SPACE = 32
const HASH = 35
const PLUS = 43
const MINUS = 45
const POINT = 46
const ZERO = 48
const NINE = 57
const OPEN = 123
const CLOSE = 125

/** Exact as doubles, so that a mantissa of up to 15 digits times or divided by one of them is rounded once. */
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))
const MAX_PLAIN_DIGITS = 15
const MAX_SMALL_DIGITS = 9

/**
 * Reads an exposition line by line: `next` says what came, the fields hold it. What is not asked for (labels, exemplars)
 * is not decoded. With a `SeriesTable`, a series that stands where it stood the last time is recognised by comparing bytes.
 *
 * Every error is an `ExpositionError` with its line.
 */
export class ExpositionReader {
  /** 1-based number of the line read last. */
  line = 0

  /** Of a sample: its number in the table, 0 when it is not in there. */
  seriesId = 0
  value = 0
  /** Of a sample: epoch milliseconds; NaN when it has none. */
  timestampMs = Number.NaN
  /** Of a sample: where its series stands in the bytes. */
  seriesStart = 0
  seriesEnd = 0

  /** Of `type`, `help` and `unit`: the metric family as written. */
  family = ''
  /** Of `help` and `unit`. */
  text = ''
  /** Of `type`. */
  type: MetricType = 'unknown'

  readonly #bytes: Buffer
  readonly #view: DataView
  readonly #strict: boolean
  readonly #isPart: boolean
  readonly #table: SeriesTable | undefined
  #at = 0
  #exemplarAt = -1
  #ended = false

  /** @param part where `body` is a piece of a longer text: whole lines, which need not be the last ones */
  constructor(body: Uint8Array | string, format: ExpositionFormat, table?: SeriesTable, part?: ExpositionPart) {
    const bytes = withLineEnd(body)
    this.line = part?.linesBefore ?? 0
    this.#isPart = part !== undefined
    this.#bytes = bytes
    this.#view = viewOf(bytes)
    this.#strict = format === 'openmetrics'
    this.#table = table
    if (typeof body !== 'string' && !isUtf8(bytes)) {
      throw new ExpositionError(this.line + lineOfBadUtf8(bytes), 'not valid UTF-8')
    }
    table?.rewind()
  }

  /** Where the bytes of series are that `seriesStart` and `seriesEnd` mean. */
  get bytes(): Buffer {
    return this.#bytes
  }

  /** Whether `# EOF` has been read. */
  get hasEnded(): boolean {
    return this.#ended
  }

  next(): Entry {
    const bytes = this.#bytes
    for (;;) {
      if (this.#at >= bytes.length) return this.#end()
      this.line++
      const table = this.#table
      if (table !== undefined) {
        const id = table.predict(bytes, this.#view, this.#at)
        if (id !== 0) {
          this.seriesId = id
          this.seriesStart = this.#at
          this.seriesEnd = table.end
          // `name` is a beginning of `name {a="b"}`, which the blank in front of the brace lets through.
          if (bytes[this.seriesEnd - 1] === CLOSE || bytes[skipBlanks(bytes, this.seriesEnd)] !== OPEN) {
            this.#value(this.seriesEnd)
            return 'sample'
          }
        }
      }
      let at = this.#at
      if (!this.#strict) at = skipBlanks(bytes, at)
      const first = bytes[at]
      if (first === LINE_FEED) {
        if (this.#strict) this.#fail('an empty line, which OpenMetrics does not allow')
        this.#at = at + 1
        continue
      }
      if (first === HASH) {
        const entry = this.#comment(at)
        if (entry !== undefined) return entry
        continue
      }
      this.#sample(at)
      return 'sample'
    }
  }

  /**
   * The labels of the sample read last: names and values in turn, in the order of the text, the metric's name as
   * `__name__`, empty values included.
   *
   * @param texts where names and values come from that were read before
   */
  labelPairs(texts?: TextTable): string[] {
    // Only a file that is imported comes in pieces.
    const options = { strict: this.#strict, nameAsLabel: this.#isPart, texts }
    return this.#guard(() => parseSeriesText(this.#bytes, this.seriesStart, this.seriesEnd, options))
  }

  /** The exemplar of the sample read last. */
  exemplar(): Exemplar | undefined {
    return this.#exemplarAt === -1 ? undefined : this.#guard(() => readExemplar(this.#bytes, this.#exemplarAt).exemplar)
  }

  #sample(start: number): void {
    const bytes = this.#bytes
    let end = start
    if (bytes[start] !== OPEN) {
      if (!isMetricNameStart(bytes[start])) {
        this.#fail(
          `expected a metric name, a comment or a { at the beginning of the line, found ${excerpt(bytes, start)}`,
        )
      }
      end = skipMetricName(bytes, start)
    }
    const brace = this.#strict ? end : skipBlanks(bytes, end)
    if (bytes[brace] === OPEN) {
      end = skipLabelList(bytes, brace)
      if (end === -1) this.#fail('the list of labels does not end on its line: a } or a quote is missing')
    }
    this.seriesStart = start
    this.seriesEnd = end
    this.seriesId = this.#table?.find(bytes, start, end) ?? 0
    this.#value(end)
  }

  /** The value and what may follow it, up to the end of the line; `at` is behind the series. */
  #value(from: number): void {
    const bytes = this.#bytes
    let at = from
    let byte = bytes[at]
    if (this.#strict) {
      if (byte !== SPACE) this.#fail(`expected a space and a value behind the series, found ${excerpt(bytes, at)}`)
      byte = bytes[++at]
    } else {
      // A closing brace may stand directly before the value, a name may not; names end at a blank anyway.
      while (byte === SPACE || byte === TAB) byte = bytes[++at]
    }
    const start = at
    const negative = byte === MINUS
    if (negative) byte = bytes[++at]
    let digits = 0
    let exponent = 0
    // As far as they fit, digits are put together as a 32-bit number, which takes half the time.
    let head = 0
    while (byte !== undefined && byte >= ZERO && byte <= NINE && digits < MAX_SMALL_DIGITS) {
      head = (head * 10 + byte - ZERO) | 0
      digits++
      byte = bytes[++at]
    }
    let mantissa = head
    while (byte !== undefined && byte >= ZERO && byte <= NINE) {
      mantissa = mantissa * 10 + byte - ZERO
      digits++
      byte = bytes[++at]
    }
    if (byte === POINT) {
      byte = bytes[++at]
      while (byte !== undefined && byte >= ZERO && byte <= NINE) {
        mantissa = mantissa * 10 + byte - ZERO
        digits++
        exponent--
        byte = bytes[++at]
      }
    }
    if (digits !== 0 && (byte === 101 || byte === 69)) {
      byte = bytes[++at]
      const down = byte === MINUS
      if (down || byte === PLUS) byte = bytes[++at]
      let shift = 0
      let shiftDigits = 0
      while (byte !== undefined && byte >= ZERO && byte <= NINE) {
        shift = shift * 10 + byte - ZERO
        shiftDigits++
        byte = bytes[++at]
      }
      if (shiftDigits === 0) digits = 0
      exponent += down ? -shift : shift
    }
    if (
      digits !== 0 &&
      digits <= MAX_PLAIN_DIGITS &&
      exponent >= -22 &&
      exponent <= 22 &&
      (byte === LINE_FEED || byte === SPACE || byte === TAB)
    ) {
      const value =
        exponent < 0 ? mantissa / (POWERS_OF_TEN[-exponent] as number) : mantissa * (POWERS_OF_TEN[exponent] as number)
      this.value = negative ? -value : value
    } else if (
      digits !== 0 &&
      digits < 30 &&
      exponent > -300 &&
      exponent < 270 &&
      (byte === LINE_FEED || byte === SPACE)
    ) {
      this.value = Number(bytes.toString('latin1', start, at))
    } else {
      at = skipWord(bytes, start)
      this.value = this.#slowNumber(start, at)
      byte = bytes[at]
    }
    this.timestampMs = Number.NaN
    this.#exemplarAt = -1
    this.#at = byte === LINE_FEED ? at + 1 : this.#strict ? this.#openMetricsRest(at) : this.#textRest(at)
  }

  /** Apart, so that nothing in the fast path is captured by a function. */
  #slowNumber(start: number, end: number): number {
    return this.#guard(() => readNumber(this.#bytes, start, end, 'value'))
  }

  /** @returns the beginning of the next line */
  #textRest(from: number): number {
    const bytes = this.#bytes
    let at = skipBlanks(bytes, from)
    if (bytes[at] === LINE_FEED) return at + 1
    const end = skipWord(bytes, at)
    const text = bytes.toString('latin1', at, end)
    if (!/^[+-]?\d{1,16}$/.test(text)) {
      this.#fail(`${excerpt(bytes, at)} is not a timestamp; in this format it is a whole number of milliseconds`)
    }
    this.timestampMs = Number(text)
    at = skipBlanks(bytes, end)
    if (bytes[at] !== LINE_FEED) this.#fail(`expected the end of the line, found ${excerpt(bytes, at)}`)
    return at + 1
  }

  /** @returns the beginning of the next line */
  #openMetricsRest(from: number): number {
    const bytes = this.#bytes
    let at = from
    if (bytes[at] === SPACE && bytes[at + 1] !== HASH) {
      const plain = this.#plainSeconds(at + 1)
      at = plain === 0 ? this.#slowSeconds(at + 1) : plain
    }
    if (bytes[at] === LINE_FEED) return at + 1
    if (bytes.toString('latin1', at, at + 4) !== ' # {') {
      this.#fail(`expected the end of the line or an exemplar, found ${excerpt(bytes, at)}`)
    }
    this.#exemplarAt = at + 3
    return this.#guard(() => readExemplar(bytes, at + 3).nextLine)
  }

  /**
   * Seconds with at most three decimals, which is how nearly all are written.
   *
   * @returns where they end, or 0 when they are written in another way
   */
  #plainSeconds(start: number): number {
    const bytes = this.#bytes
    let at = start
    let byte = bytes[at]
    let ms = 0
    while (byte !== undefined && byte >= ZERO && byte <= NINE) {
      ms = ms * 10 + byte - ZERO
      byte = bytes[++at]
    }
    const digits = at - start
    let decimals = 0
    if (byte === POINT) {
      byte = bytes[++at]
      while (byte !== undefined && byte >= ZERO && byte <= NINE) {
        ms = ms * 10 + byte - ZERO
        decimals++
        byte = bytes[++at]
      }
    }
    if (digits === 0 || digits > 11 || decimals > 3 || (byte !== LINE_FEED && byte !== SPACE)) return 0
    this.timestampMs = ms * (POWERS_OF_TEN[3 - decimals] as number)
    return at
  }

  #slowSeconds(start: number): number {
    const end = skipWord(this.#bytes, start)
    this.timestampMs = this.#guard(() => readSeconds(this.#bytes, start, end))
    return end
  }

  #comment(hash: number): Entry | undefined {
    const bytes = this.#bytes
    const lineEnd = bytes.indexOf(LINE_FEED, hash)
    this.#at = lineEnd + 1
    const comment = this.#guard(() => (this.#strict ? readOpenMetricsComment : readTextComment)(bytes, hash, lineEnd))
    if (comment === undefined) return undefined
    if (comment.entry === 'end') {
      if (this.#at !== bytes.length) {
        this.line++
        this.#fail('text behind # EOF')
      }
      this.#ended = true
      return 'end'
    }
    this.family = comment.family
    if (comment.entry === 'type') this.type = comment.type
    else this.text = comment.text
    return comment.entry
  }

  #end(): Entry {
    if (this.#strict && !this.#ended && !this.#isPart) {
      this.line++
      this.#fail(CUT_OFF)
    }
    return 'end'
  }

  #guard<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      if (error instanceof LineError) this.#fail(error.message)
      throw error
    }
  }

  #fail(what: string): never {
    throw new ExpositionError(this.line, what)
  }
}

function withLineEnd(body: Uint8Array | string): Buffer {
  const bytes =
    typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return bytes.length === 0 || bytes.at(-1) === LINE_FEED ? bytes : Buffer.concat([bytes, Buffer.of(LINE_FEED)])
}

function lineOfBadUtf8(bytes: Buffer): number {
  let line = 1
  for (let at = 0; ; line++) {
    const end = bytes.indexOf(LINE_FEED, at)
    if (end === -1 || !isUtf8(bytes.subarray(at, end))) return line
    at = end + 1
  }
}
