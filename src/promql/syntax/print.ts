import { formatDuration } from '../../model/duration.ts'
import { METRIC_NAME } from '../../model/labels.ts'
import type { Matcher } from '../../model/matcher.ts'
import {
  type Aggregate,
  type At,
  type Binary,
  children,
  type Expr,
  isSetOperator,
  type Subquery,
  type VectorSelector,
} from './ast.ts'
import { formatFixed } from './number.ts'
import { quoteLabelName, quoteText } from './text.ts'

/** Prints an expression as Prometheus does: one line, normalized spaces, durations and matchers. */
export function print(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return expr.isDuration ? signedDuration(expr.value * 1000) : formatFixed(expr.value)
    case 'string':
      return quoteText(expr.value)
    case 'selector':
      return series(expr) + atText(expr.at) + offsetText(expr.offsetMs)
    case 'range': {
      const { selector, rangeMs } = expr
      return `${series(selector)}[${formatDuration(rangeMs)}]${atText(selector.at)}${offsetText(selector.offsetMs)}`
    }
    case 'subquery':
      return print(expr.expr) + windowText(expr)
    case 'paren':
      return `(${print(expr.expr)})`
    case 'unary':
      return expr.op + print(expr.expr)
    case 'binary':
      return `${print(expr.left)} ${operatorText(expr)} ${print(expr.right)}`
    case 'aggregate':
      return `${aggregationText(expr)}(${argumentsOf(expr).map(print).join(', ')})`
    case 'call':
      return `${expr.name}(${expr.args.map(print).join(', ')})`
  }
}

const LONGEST_LINE = 100
const INDENT = '  '

/** Prints an expression over several lines where it is too long for one, as `/api/v1/format_query` of Prometheus does. */
export function prettyPrint(expr: Expr): string {
  return laidOut(expr, 0, new Map())
}

function laidOut(expr: Expr, level: number, known: Map<Expr, boolean>): string {
  const indent = INDENT.repeat(level)
  // How far it is indented does not count.
  if (!isTooLong(expr, known)) return expr.kind === 'subquery' ? print(expr) : indent + print(expr)
  const deeper = (part: Expr) => laidOut(part, level + 1, known)
  const within = (parts: readonly Expr[]) => `(\n${parts.map(deeper).join(',\n')}\n${indent})`
  switch (expr.kind) {
    case 'subquery':
      return laidOut(expr.expr, level, known) + windowText(expr)
    case 'paren':
      return indent + within([expr.expr])
    case 'unary':
      return indent + expr.op + laidOut(expr.expr, level, known).trim()
    case 'binary':
      return `${deeper(expr.left)}\n${indent}${operatorText(expr)}\n${deeper(expr.right)}`
    case 'aggregate':
      return indent + aggregationText(expr) + within(argumentsOf(expr))
    case 'call':
      return indent + expr.name + within(expr.args)
    default:
      return indent + print(expr)
  }
}

/** What holds something too long is so, too: each part is printed but once, however deep it stands. */
function isTooLong(expr: Expr, known: Map<Expr, boolean>): boolean {
  let isLong = known.get(expr)
  if (isLong === undefined) {
    const parts = expr.kind === 'range' ? [] : children(expr)
    isLong = parts.some((part) => isTooLong(part, known)) || Buffer.byteLength(print(expr)) > LONGEST_LINE
    known.set(expr, isLong)
  }
  return isLong
}

function series({ name, matchers }: VectorSelector): string {
  const shown = matchers
    .filter((matcher) => !(name !== '' && matcher.name === METRIC_NAME && matcher.op === '=' && matcher.value === name))
    .map(matcherText)
    .sort()
  if (shown.length > 0) return `${name}{${shown.join(',')}}`
  return name === '' ? '{}' : name
}

function matcherText({ name, op, value }: Matcher): string {
  return `${quoteLabelName(name)}${op}${quoteText(value)}`
}

function labelList(labels: readonly string[]): string {
  return `(${labels.map(quoteLabelName).join(', ')})`
}

function atText(at: At | undefined): string {
  if (at === undefined) return ''
  return at.kind === 'time' ? ` @ ${(at.ms / 1000).toFixed(3)}` : ` @ ${at.kind}()`
}

function offsetText(offsetMs: number): string {
  return offsetMs === 0 ? '' : ` offset ${signedDuration(offsetMs)}`
}

function signedDuration(ms: number): string {
  const whole = Math.round(ms)
  return whole < 0 ? `-${formatDuration(-whole)}` : formatDuration(whole)
}

function windowText({ rangeMs, stepMs, at, offsetMs }: Subquery): string {
  const step = stepMs === undefined ? '' : formatDuration(stepMs)
  return `[${formatDuration(rangeMs)}:${step}]${atText(at)}${offsetText(offsetMs)}`
}

function operatorText(expr: Binary): string {
  return `${expr.op}${expr.returnBool ? ' bool' : ''}${matchingText(expr)}`
}

function matchingText({ op, matching }: Binary): string {
  const { cardinality, on, labels, include } = matching
  const grouped = cardinality === 'many-to-one' || cardinality === 'one-to-many'
  const match = labels.length > 0 || on || grouped ? ` ${on ? 'on' : 'ignoring'} ${labelList(labels)}` : ''
  if (isSetOperator(op) || !grouped) return match
  return `${match} group_${cardinality === 'many-to-one' ? 'left' : 'right'} ${labelList(include)}`
}

function aggregationText({ op, without, grouping }: Aggregate): string {
  if (without) return `${op} without ${labelList(grouping)} `
  return grouping.length > 0 ? `${op} by ${labelList(grouping)} ` : op
}

function argumentsOf({ param, expr }: Aggregate): readonly Expr[] {
  return param === undefined ? [expr] : [param, expr]
}
