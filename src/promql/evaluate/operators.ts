import type { BinaryOperator } from '../syntax/ast.ts'
import { power } from './float.ts'

export type Operation = (a: number, b: number) => number

/** What the operators do with two numbers; a comparison gives 1 or 0. */
const operations: Readonly<Partial<Record<BinaryOperator, Operation>>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': power,
  atan2: Math.atan2,
  '==': (a, b) => (a === b ? 1 : 0),
  '!=': (a, b) => (a !== b ? 1 : 0),
  '<': (a, b) => (a < b ? 1 : 0),
  '<=': (a, b) => (a <= b ? 1 : 0),
  '>': (a, b) => (a > b ? 1 : 0),
  '>=': (a, b) => (a >= b ? 1 : 0),
}

/** @throws RangeError for `and`, `or` and `unless`, which do not work on numbers */
export function operationOf(op: BinaryOperator): Operation {
  const operation = operations[op]
  if (operation === undefined) throw new RangeError(`operator ${op} does not work on numbers`)
  return operation
}
