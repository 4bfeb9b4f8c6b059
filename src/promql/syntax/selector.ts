import { METRIC_NAME } from '../../model/labels.ts'
import { createMatcher, type Matcher, type MatchOp } from '../../model/matcher.ts'
import { RegexError } from '../../model/regex.ts'
import type { VectorSelector } from './ast.ts'
import type { Token } from './lex.ts'
import { isOperator, type TokenReader } from './reader.ts'
import { isLabelName, quoteText } from './text.ts'

const MATCH_OPERATORS = new Set<string>(['=', '!=', '=~', '!~'])

/** Reads a selector whose first word, a name or `{`, has been read. */
export function readSelector(reader: TokenReader, name: string, first: Token): VectorSelector {
  const matchers: Matcher[] = []
  let end = first.end
  if (name === '' || isOperator(reader.peek(), '{')) {
    if (name !== '') reader.next()
    while (!isOperator(reader.peek(), '}')) {
      matchers.push(readMatcher(reader))
      if (isOperator(reader.peek(), ',')) reader.next()
      else if (!isOperator(reader.peek(), '}')) reader.unexpected('label matching', '"," or "}"')
    }
    end = reader.next().end
  }
  const span = reader.span(first.start, end)
  if (name !== '') {
    const twice = matchers.find((matcher) => matcher.name === METRIC_NAME)
    if (twice !== undefined) {
      reader.failAt(span, `metric name must not be set twice: ${quoteText(name)} or ${quoteText(twice.value)}`)
    }
    matchers.push(createMatcher(METRIC_NAME, '=', name))
  }
  return { kind: 'selector', name, matchers, offsetMs: 0, at: undefined, span }
}

function readMatcher(reader: TokenReader): Matcher {
  const label = reader.next()
  if (label.kind !== 'identifier' && label.kind !== 'string') {
    reader.back()
    reader.unexpected('label matching', 'identifier or "}"')
  }
  const op = reader.peek()
  if (op.kind !== 'operator' || !MATCH_OPERATORS.has(op.text)) {
    if (label.kind !== 'string') reader.unexpected('label matching', 'label matching operator')
    // A string alone is the metric's name: {"http.requests"}.
    return createMatcher(METRIC_NAME, '=', label.text)
  }
  reader.next()
  const value = reader.next()
  if (value.kind !== 'string') {
    reader.back()
    reader.unexpected('label matching', 'string')
  }
  if (!isLabelName(label.text)) reader.fail(label, `invalid label name: ${quoteText(label.text)}`)
  try {
    return createMatcher(label.text, op.text as MatchOp, value.text)
  } catch (error) {
    if (error instanceof RegexError) reader.fail(label, error.message)
    throw error
  }
}
