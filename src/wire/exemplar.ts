import { LineError } from './exposition-error.ts'
import { parseFloatText } from './float-text.ts'
import { excerpt, parseSeriesText, skipLabelList, skipWord } from './series-text.ts'

/** A sample's example of one event, usually with the id of its trace. */
export interface Exemplar {
  /** Names and values in turn, in the order of the text. */
  readonly labelPairs: readonly string[]
  readonly value: number
  /** Epoch milliseconds; NaN when none is given. */
  readonly timestampMs: number
}

const LINE_FEED = 10
const SPACE = 32
/** Longer ones are no numbers; looking at them would only cost time. */
const MAX_NUMBER_BYTES = 400

/**
 * Reads an exemplar whose opening brace is at `start`, to the end of its line.
 *
 * @throws LineError
 */
export function readExemplar(bytes: Buffer, start: number): { exemplar: Exemplar; nextLine: number } {
  const labelsEnd = skipLabelList(bytes, start)
  if (labelsEnd === -1) throw new LineError('the labels of the exemplar do not end on their line')
  const labelPairs = parseSeriesText(bytes, start, labelsEnd, { strict: true, withName: false })
  if (bytes[labelsEnd] !== SPACE) {
    throw new LineError(`expected a space and the exemplar's value, found ${excerpt(bytes, labelsEnd)}`)
  }
  let at = skipWord(bytes, labelsEnd + 1)
  const value = readNumber(bytes, labelsEnd + 1, at, 'value of an exemplar')
  let timestampMs = Number.NaN
  if (bytes[at] === SPACE) {
    const end = skipWord(bytes, at + 1)
    timestampMs = readSeconds(bytes, at + 1, end)
    at = end
  }
  if (bytes[at] !== LINE_FEED) throw new LineError(`expected the end of the line, found ${excerpt(bytes, at)}`)
  return { exemplar: { labelPairs, value, timestampMs }, nextLine: at + 1 }
}

/** @throws LineError when it is no number */
export function readNumber(bytes: Buffer, start: number, end: number, what: string): number {
  const isShort = end - start <= MAX_NUMBER_BYTES
  const value = isShort ? parseFloatText(bytes.toString('latin1', start, end)) : undefined
  if (value !== undefined) return value
  throw new LineError(`${excerpt(bytes, start)} is not a ${what}; write a number, +Inf, -Inf or NaN`)
}

/**
 * Reads a timestamp of OpenMetrics.
 *
 * @returns epoch milliseconds, cut off
 * @throws LineError when it is no finite number
 */
export function readSeconds(bytes: Buffer, start: number, end: number): number {
  const seconds = end - start <= MAX_NUMBER_BYTES ? parseFloatText(bytes.toString('latin1', start, end)) : undefined
  if (seconds === undefined || !Number.isFinite(seconds)) {
    throw new LineError(`${excerpt(bytes, start)} is not a timestamp; in OpenMetrics it is a number of seconds`)
  }
  // Whole microseconds first: 1520879607.789 × 1000 alone may come out just below the millisecond that is meant.
  return Math.trunc(Math.round(seconds * 1e6) / 1000)
}
