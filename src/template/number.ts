import { parseGoFloat } from '../lib/go-format.ts'
import { unquoteGo } from '../lib/go-quote.ts'

/** What a constant can be used as; both undefined when it is no number. */
export interface GoNumber {
  readonly int: bigint | undefined
  readonly float: number | undefined
  readonly isFloat: boolean
}

const INT = /^([-+]?)(0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?[0-9])*)$/
const MAX_INT = 2n ** 63n - 1n
const MIN_INT = -(2n ** 63n)

/** Reads a Go number constant: `1_000`, `0x1F`, `017`, `1.5e3`; without a point or exponent it is an int. */
export function parseGoNumber(text: string): GoNumber {
  const int = parseInteger(text)
  if (int !== undefined) return { int, float: Number(int), isFloat: false }
  const float = parseGoFloat(text)
  if (float === undefined || !Number.isFinite(float) || !/[.eEpP]/.test(text)) {
    return { int: undefined, float: undefined, isFloat: false }
  }
  const whole = Number.isInteger(float) ? BigInt(float) : undefined
  const fits = whole !== undefined && whole >= MIN_INT && whole <= MAX_INT
  return { int: fits ? whole : undefined, float, isFloat: true }
}

/** `'a'` is 97. */
export function parseCharacter(literal: string): GoNumber | undefined {
  const text = unquoteGo(literal)
  if (text === undefined || [...text].length !== 1) return undefined
  const code = text.codePointAt(0) as number
  return { int: BigInt(code), float: code, isFloat: false }
}

function parseInteger(text: string): bigint | undefined {
  const match = INT.exec(text)
  if (match === null) return undefined
  const digits = (match[2] as string).replaceAll('_', '').replace(/^0(?=[0-7])/, '0o')
  const value = match[1] === '-' ? -BigInt(digits) : BigInt(digits)
  return value >= MIN_INT && value <= MAX_INT ? value : undefined
}
