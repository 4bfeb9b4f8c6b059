import { power } from '../evaluate/float.ts'
import type { BinaryOperator } from './ast.ts'
import type { Token } from './lex.ts'
import { MAX_DURATION_MS } from './number.ts'
import { binaryOperator, isOperator, isWord, type TokenReader } from './reader.ts'

const PRECEDENCE: Partial<Record<BinaryOperator, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, '%': 2, '^': 3 }
const OPERAND_OF_SIGN = 3

/**
 * Reads what stands between `[` and `:` or `]`: a duration, a number of seconds, or arithmetic with both.
 *
 * @returns milliseconds, more than 0
 * @throws PromqlError
 */
export function readRange(reader: TokenReader, context: string): number {
  const first = reader.peek()
  const seconds = readArithmetic(reader, 0, context)
  if (!(seconds > 0)) reader.fail(first, 'duration must be greater than 0')
  return milliseconds(reader, seconds, first)
}

/** Reads what follows `offset`: a duration or number with or without a sign, or arithmetic in parentheses. */
export function readOffset(reader: TokenReader): number {
  const first = reader.peek()
  const sign = reader.takeSign()
  return milliseconds(reader, sign * readOperand(reader, 'offset'), first)
}

function readArithmetic(reader: TokenReader, atLeast: number, context: string): number {
  reader.enter()
  let left = readSigned(reader, context)
  while (true) {
    const token = reader.peek()
    const op = binaryOperator(token)
    const precedence = op === undefined ? undefined : PRECEDENCE[op]
    if (op === undefined || precedence === undefined || precedence < atLeast) {
      reader.leave()
      return left
    }
    reader.next()
    const right = readArithmetic(reader, op === '^' ? precedence : precedence + 1, context)
    if (right === 0 && (op === '/' || op === '%')) reader.fail(token, 'division by zero in a duration')
    left = calculate(op, left, right)
  }
}

function readSigned(reader: TokenReader, context: string): number {
  if (!reader.peekIsSign()) return readOperand(reader, context)
  const sign = reader.takeSign()
  return sign * readArithmetic(reader, OPERAND_OF_SIGN, context)
}

function readOperand(reader: TokenReader, context: string): number {
  const token = reader.next()
  if (token.kind === 'number' || token.kind === 'duration') return reader.numeric(token)
  if (isOperator(token, '(')) {
    const seconds = readArithmetic(reader, 0, context)
    reader.expect(')', context)
    return seconds
  }
  if (isWord(token, 'min', 'max') && isOperator(reader.peek(), '(')) {
    reader.next()
    const a = readArithmetic(reader, 0, context)
    reader.expect(',', context)
    const b = readArithmetic(reader, 0, context)
    reader.expect(')', context)
    return token.text.toLowerCase() === 'min' ? Math.min(a, b) : Math.max(a, b)
  }
  if (isWord(token, 'step', 'range') && isOperator(reader.peek(), '(')) {
    reader.fail(token, `${token.text.toLowerCase()}() in a duration is not supported; write the duration itself`)
  }
  reader.back()
  return reader.unexpected(context, context === 'offset' ? 'duration' : 'number or duration')
}

function calculate(op: BinaryOperator, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    case '%':
      return a % b
    default:
      return power(a, b)
  }
}

function milliseconds(reader: TokenReader, seconds: number, at: Token): number {
  const ms = seconds * 1000
  if (!(Math.abs(ms) <= MAX_DURATION_MS)) reader.fail(at, 'duration out of range')
  // Whole milliseconds, whatever rounding left of them.
  return Math.trunc(Math.round(ms * 1e6) / 1e6)
}
