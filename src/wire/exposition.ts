import { isUtf8 } from 'node:buffer'
import type { MetricType } from '../model/metric.ts'
import { ExpositionError } from './exposition-error.ts'
import { parseFloatText } from './float-text.ts'
import { type SeriesTable, viewOf } from './series-table.ts'
import {
  excerpt,
  isMetricNameStart,
  parseSeriesText,
  SeriesTextError,
  skipBlanks,
  skipLabelList,
  skipMetricName,
  skipQuoted,
  unquote,
} from './series-text.ts'

/**
 * `text`: Prometheus text format 0.0.4 and 1.0.0 (which adds names in quotes).
 * `openmetrics`: OpenMetrics 1.0 (and 0.0.1), with names in quotes as Prometheus 3 takes them.
 */
export type ExpositionFormat = 'text' | 'openmetrics'

/** What `ExpositionReader.next` has read. */
export type Entry = 'sample' | 'type' | 'help' | 'unit' | 'end'

/** A sample's example of one event, usually with the id of its trace. */
export interface Exemplar {
  /** Names and values in turn, in the order of the text. */
  readonly labelPairs: readonly string[]
  readonly value: number
  /** Epoch milliseconds; NaN when none is given. */
  readonly timestampMs: number
}

const TAB = 9
const LINE_FEED = 10
const SPACE = 32
const HASH = 35
const PLUS = 43
const MINUS = 45
const POINT = 46
const ZERO = 48
const NINE = 57
const QUOTE = 34
const OPEN = 123
const CLOSE = 125

/** Exact as doubles, so that a mantissa of up to 15 digits times or divided by one of them is rounded once. */
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))
const MAX_PLAIN_DIGITS = 15

const TEXT_TYPES: Readonly<Record<string, MetricType>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  summary: 'summary',
  untyped: 'unknown',
}
const OPENMETRICS_TYPES: Readonly<Record<string, MetricType>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  // Its buckets go down as well as up, which none of our types promises.
  gaugehistogram: 'unknown',
  summary: 'summary',
  info: 'info',
  stateset: 'stateset',
  unknown: 'unknown',
}

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
  readonly #table: SeriesTable | undefined
  #at = 0
  #exemplarAt = -1
  #ended = false

  constructor(body: Uint8Array | string, format: ExpositionFormat, table?: SeriesTable) {
    const bytes = withLineEnd(body)
    this.#bytes = bytes
    this.#view = viewOf(bytes)
    this.#strict = format === 'openmetrics'
    this.#table = table
    if (typeof body !== 'string' && !isUtf8(bytes)) throw new ExpositionError(lineOfBadUtf8(bytes), 'not valid UTF-8')
    table?.rewind()
  }

  /** Where the bytes of series are that `seriesStart` and `seriesEnd` mean. */
  get bytes(): Buffer {
    return this.#bytes
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
          this.seriesEnd = this.#at + table.textBytes(id)
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
        const entry = this.#strict ? this.#openMetricsComment(at) : this.#textComment(at)
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
   */
  labelPairs(): string[] {
    return this.#guard(() => parseSeriesText(this.#bytes, this.seriesStart, this.seriesEnd, { strict: this.#strict }))
  }

  /** The exemplar of the sample read last. */
  exemplar(): Exemplar | undefined {
    return this.#exemplarAt === -1 ? undefined : this.#readExemplar(this.#exemplarAt).exemplar
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
    let mantissa = 0
    let digits = 0
    let exponent = 0
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
      at = this.#wordEnd(start)
      this.value = this.#number(start, at, 'value')
      byte = bytes[at]
    }
    this.timestampMs = Number.NaN
    this.#exemplarAt = -1
    this.#at = byte === LINE_FEED ? at + 1 : this.#strict ? this.#openMetricsRest(at) : this.#textRest(at)
  }

  /** @returns the beginning of the next line */
  #textRest(from: number): number {
    const bytes = this.#bytes
    let at = skipBlanks(bytes, from)
    if (bytes[at] === LINE_FEED) return at + 1
    const end = this.#wordEnd(at)
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
      const end = this.#wordEnd(at + 1)
      this.timestampMs = this.#seconds(at + 1, end)
      at = end
    }
    if (bytes[at] === LINE_FEED) return at + 1
    if (bytes.toString('latin1', at, at + 4) !== ' # {') {
      this.#fail(`expected the end of the line or an exemplar, found ${excerpt(bytes, at)}`)
    }
    this.#exemplarAt = at + 3
    return this.#readExemplar(at + 3).nextLine
  }

  #readExemplar(start: number): { exemplar: Exemplar; nextLine: number } {
    const bytes = this.#bytes
    const labelsEnd = skipLabelList(bytes, start)
    if (labelsEnd === -1) this.#fail('the labels of the exemplar do not end on their line')
    const labelPairs = this.#guard(() => parseSeriesText(bytes, start, labelsEnd, { strict: true, withName: false }))
    if (bytes[labelsEnd] !== SPACE)
      this.#fail(`expected a space and the exemplar's value, found ${excerpt(bytes, labelsEnd)}`)
    let at = this.#wordEnd(labelsEnd + 1)
    const value = this.#number(labelsEnd + 1, at, "exemplar's value")
    let timestampMs = Number.NaN
    if (bytes[at] === SPACE) {
      const end = this.#wordEnd(at + 1)
      timestampMs = this.#seconds(at + 1, end)
      at = end
    }
    if (bytes[at] !== LINE_FEED) this.#fail(`expected the end of the line, found ${excerpt(bytes, at)}`)
    return { exemplar: { labelPairs, value, timestampMs }, nextLine: at + 1 }
  }

  #number(start: number, end: number, what: string): number {
    const value = end - start > 400 ? undefined : parseFloatText(this.#bytes.toString('latin1', start, end))
    if (value === undefined)
      this.#fail(`${excerpt(this.#bytes, start)} is not a ${what}; write a number, +Inf, -Inf or NaN`)
    return value
  }

  #seconds(start: number, end: number): number {
    const seconds = parseFloatText(this.#bytes.toString('latin1', start, end))
    if (seconds === undefined || !Number.isFinite(seconds)) {
      this.#fail(`${excerpt(this.#bytes, start)} is not a timestamp; in OpenMetrics it is a number of seconds`)
    }
    // Whole microseconds first: 1520879607.789 × 1000 alone may come out just below the millisecond that is meant.
    return Math.trunc(Math.round(seconds * 1e6) / 1000)
  }

  #textComment(hash: number): Entry | undefined {
    const bytes = this.#bytes
    const lineEnd = bytes.indexOf(LINE_FEED, hash)
    this.#at = lineEnd + 1
    if (bytes[hash + 1] !== SPACE && bytes[hash + 1] !== TAB) return undefined
    const keywordAt = skipBlanks(bytes, hash + 1)
    const keyword = bytes.toString('latin1', keywordAt, keywordAt + 4)
    if (keyword !== 'HELP' && keyword !== 'TYPE') return undefined
    if (bytes[keywordAt + 4] !== SPACE && bytes[keywordAt + 4] !== TAB) return undefined
    const end = this.#familyName(skipBlanks(bytes, keywordAt + 4))
    if (keyword === 'HELP') {
      this.text = bytes.toString('utf8', Math.min(skipBlanks(bytes, end), lineEnd), lineEnd)
      if (this.text.includes('\\'))
        this.text = this.text.replace(/\\([\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : '\\'))
      return 'help'
    }
    this.#metricType(bytes.toString('latin1', skipBlanks(bytes, end), lineEnd).trimEnd(), TEXT_TYPES)
    return 'type'
  }

  #openMetricsComment(hash: number): Entry {
    const bytes = this.#bytes
    const lineEnd = bytes.indexOf(LINE_FEED, hash)
    const head = bytes.toString('latin1', hash, Math.min(hash + 7, lineEnd))
    if (head === '# EOF' && lineEnd === hash + 5) {
      if (lineEnd + 1 !== bytes.length) {
        this.line++
        this.#fail('text behind # EOF')
      }
      this.#ended = true
      this.#at = bytes.length
      return 'end'
    }
    if (head !== '# HELP ' && head !== '# TYPE ' && head !== '# UNIT ') {
      this.#fail(`a comment that is not HELP, TYPE, UNIT or EOF: ${excerpt(bytes, hash)}`)
    }
    const end = this.#familyName(hash + 7)
    if (bytes[end] !== SPACE) this.#fail(`expected a space behind the metric name ${this.family}`)
    this.#at = lineEnd + 1
    const text = bytes.toString('utf8', end + 1, lineEnd)
    if (head === '# TYPE ') {
      this.#metricType(text, OPENMETRICS_TYPES)
      return 'type'
    }
    if (head === '# HELP ') {
      this.text = text.replace(/\\([\\n"])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
      return 'help'
    }
    if (text !== '' && !this.family.endsWith(`_${text}`)) {
      this.#fail(`the unit ${JSON.stringify(text)} is not at the end of the metric's name ${this.family}`)
    }
    this.text = text
    return 'unit'
  }

  /** @returns the offset behind it */
  #familyName(at: number): number {
    const bytes = this.#bytes
    if (bytes[at] === QUOTE) {
      const end = skipQuoted(bytes, at)
      if (end === -1) this.#fail('the metric name in quotes does not end on its line')
      this.family = unquote(bytes, at, end)
      return end
    }
    if (!isMetricNameStart(bytes[at])) this.#fail(`expected a metric name, found ${excerpt(bytes, at)}`)
    const end = skipMetricName(bytes, at)
    if (bytes[end] !== SPACE && bytes[end] !== TAB && bytes[end] !== LINE_FEED) {
      this.#fail(`expected a blank behind the metric name, found ${excerpt(bytes, end)}`)
    }
    this.family = bytes.toString('latin1', at, end)
    return end
  }

  #metricType(word: string, types: Readonly<Record<string, MetricType>>): void {
    const type = Object.hasOwn(types, word) ? types[word] : undefined
    if (type === undefined) {
      this.#fail(`${JSON.stringify(word)} is not a metric type; write one of ${Object.keys(types).join(', ')}`)
    }
    this.type = type
  }

  #wordEnd(at: number): number {
    const bytes = this.#bytes
    let end = at
    while (bytes[end] !== SPACE && bytes[end] !== TAB && bytes[end] !== LINE_FEED) end++
    return end
  }

  #end(): Entry {
    if (this.#strict && !this.#ended) {
      this.line++
      this.#fail('the text does not end with # EOF; it may have been cut off')
    }
    return 'end'
  }

  #guard<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      if (error instanceof SeriesTextError) this.#fail(error.message)
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
