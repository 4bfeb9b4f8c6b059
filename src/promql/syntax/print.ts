import { formatDuration } from '../../model/duration.ts'
import { METRIC_NAME } from '../../model/labels.ts'
import type { Matcher } from '../../model/matcher.ts'
import { type Aggregate, type At, type Binary, type Expr, isSetOperator, type VectorSelector } from './ast.ts'
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
    case 'subquery': {
      const step = expr.stepMs === undefined ? '' : formatDuration(expr.stepMs)
      const window = `[${formatDuration(expr.rangeMs)}:${step}]`
      return `${print(expr.expr)}${window}${atText(expr.at)}${offsetText(expr.offsetMs)}`
    }
    case 'paren':
      return `(${print(expr.expr)})`
    case 'unary':
      return expr.op + print(expr.expr)
    case 'binary':
      return `${print(expr.left)} ${expr.op}${expr.returnBool ? ' bool' : ''}${matchingText(expr)} ${print(expr.right)}`
    case 'aggregate':
      return aggregateText(expr)
    case 'call':
      return `${expr.name}(${expr.args.map(print).join(', ')})`
  }
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

function matchingText({ op, matching }: Binary): string {
  const { cardinality, on, labels, include } = matching
  const grouped = cardinality === 'many-to-one' || cardinality === 'one-to-many'
  const match = labels.length > 0 || on || grouped ? ` ${on ? 'on' : 'ignoring'} ${labelList(labels)}` : ''
  if (isSetOperator(op) || !grouped) return match
  return `${match} group_${cardinality === 'many-to-one' ? 'left' : 'right'} ${labelList(include)}`
}

function aggregateText({ op, without, grouping, param, expr }: Aggregate): string {
  const by = without ? ` without ${labelList(grouping)} ` : grouping.length > 0 ? ` by ${labelList(grouping)} ` : ''
  const parameter = param === undefined ? '' : `${print(param)}, `
  return `${op}${by}(${parameter}${print(expr)})`
}
