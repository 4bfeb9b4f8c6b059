import { describe, expect, test } from 'vitest'
import { type Expr, PromqlError, parse, print, selectors, typeOf } from '../../src/promql/index.ts'

/** The tree as text, every operation in brackets, so that precedence shows. */
function tree(expr: Expr): string {
  switch (expr.kind) {
    case 'binary':
      return `[${tree(expr.left)} ${expr.op} ${tree(expr.right)}]`
    case 'unary':
      return `[${expr.op}${tree(expr.expr)}]`
    case 'paren':
      return tree(expr.expr)
    case 'subquery':
      return print({
        ...expr,
        expr: { kind: 'selector', name: 'x', matchers: [], offsetMs: 0, at: undefined, span: expr.span },
      }).replace(/^x/, `<${tree(expr.expr)}>`)
    case 'call':
      return `${expr.name}(${expr.args.map(tree).join(', ')})`
    case 'aggregate':
      return `${expr.op}(${tree(expr.expr)})`
    case 'number':
    case 'string':
    case 'selector':
    case 'range':
      return print(expr)
  }
}

function parseError(text: string): PromqlError {
  try {
    parse(text)
  } catch (error) {
    if (error instanceof PromqlError) return error
    throw error
  }
  throw new Error(`${text} was accepted`)
}

describe('precedence', () => {
  test.each([
    ['a - b offset 1w', '[a - b offset 1w]'],
    ['a + b offset 5m * c', '[a + [b offset 5m * c]]'],
    ['-foo @ 100', '[-foo @ 100.000]'],
    ['x or y @ end()', '[x or y @ end()]'],
    ['-1 ^ 2', '[-[1 ^ 2]]'],
    ['-1 * 2', '[-1 * 2]'],
    ['-a * b', '[[-a] * b]'],
    ['-a ^ b * c', '[[-[a ^ b]] * c]'],
    ['2 ^ 3 ^ 2', '[2 ^ [3 ^ 2]]'],
    ['2 ^ -1 * 3', '[[2 ^ -1] * 3]'],
    ['a + b - c', '[[a + b] - c]'],
    ['a / b % c * d atan2 e', '[[[[a / b] % c] * d] atan2 e]'],
    ['a or b and c unless d', '[a or [[b and c] unless d]]'],
    ['a and b == c + d * e ^ f', '[a and [b == [c + [d * [e ^ f]]]]]'],
    ['a > b < c', '[[a > b] < c]'],
    ['a == bool b != bool c', '[[a == b] != c]'],
    ['(a or b) and c', '[[a or b] and c]'],
    ['a * max_over_time(b[5m:1m] @ 5)', '[a * max_over_time(<b>[5m:1m] @ 5.000)]'],
    ['sum(a) by (x) / count(b) - 1', '[[sum(a) / count(b)] - 1]'],
    ['max_over_time((a - b offset 1d)[1h:])', 'max_over_time(<[a - b offset 1d]>[1h:])'],
  ])('reads %s as Prometheus does', (text, expected) => {
    expect(tree(parse(text))).toBe(expected)
  })
})

describe('what must be refused', () => {
  test.each([
    ['1 > 2', 'comparisons between scalars must use BOOL modifier', '1:3'],
    ['a + bool b', 'bool modifier can only be used on comparison operators', '1:3'],
    ['a and 1', 'set operator "and" not allowed in binary scalar expression', '1:1'],
    ['a or bool b', 'bool modifier can only be used on comparison operators', '1:3'],
    ['a + on(x) 1', 'vector matching only allowed between instant vectors', '1:1'],
    ['1 + ignoring(x) a', 'vector matching only allowed between instant vectors', '1:1'],
    ['a and on(x) group_left b', 'no grouping allowed for "and" operation', '1:1'],
    ['a unless on(x) group_right(y) b', 'no grouping allowed for "unless" operation', '1:1'],
    ['a / on(x, y) group_left(y) b', 'label "y" must not occur in ON and GROUP clause at once', '1:3'],
    ['rate(a)', 'expected type range vector in call to function "rate", got instant vector', '1:6'],
    ['floor(a[5m])', 'expected type instant vector in call to function "floor", got range vector', '1:7'],
    ['vector(a)', 'expected type scalar in call to function "vector", got instant vector', '1:8'],
    ['sum(1)', 'expected type instant vector in aggregation expression, got scalar', '1:5'],
    ['topk(a, b)', 'expected type scalar in aggregation parameter, got instant vector', '1:6'],
    ['count_values(1, b)', 'expected type string in aggregation parameter, got scalar', '1:14'],
    ['rate()', 'expected 1 argument(s) in call to "rate", got 0', '1:1'],
    ['abs(a, b)', 'expected 1 argument(s) in call to "abs", got 2', '1:1'],
    ['round(a, 1, 2)', 'expected at most 2 argument(s) in call to "round", got 3', '1:1'],
    ['hour(a, b)', 'expected at most 1 argument(s) in call to "hour", got 2', '1:1'],
    ['label_join(a, "x")', 'expected at least 3 argument(s) in call to "label_join", got 2', '1:1'],
    ['-"a"', 'unary expression only allowed on expressions of type scalar or instant vector, got "string"', '1:1'],
    [
      '-a[5m]',
      'unary expression only allowed on expressions of type scalar or instant vector, got "range vector"',
      '1:1',
    ],
    ['"a" + 1', 'binary expression must contain only scalar and instant vector types', '1:1'],
    ['a * b[5m:1m] @ 5', 'binary expression must contain only scalar and instant vector types', '1:5'],
    ['a[5m] + a', 'binary expression must contain only scalar and instant vector types', '1:1'],
    ['(a)[5m]', 'ranges only allowed for vector selectors', '1:4'],
    ['sum(a)[5m]', 'ranges only allowed for vector selectors', '1:7'],
    [
      '1 offset 5m',
      'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery',
      '1:1',
    ],
    [
      '(a) offset 5m',
      'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery',
      '1:1',
    ],
    [
      'sum(a) @ 5',
      '@ modifier must be preceded by an instant vector selector or range vector selector or a subquery',
      '1:1',
    ],
    ['a offset 5m [5m]', 'no offset modifiers allowed before range', '1:13'],
    ['a @ 5 [5m]', 'no @ modifiers allowed before range', '1:7'],
    ['a offset 5m offset 5m', 'offset may not be set multiple times', '1:1'],
    ['a[5m] @ 5 @ 6', '@ <timestamp> may not be set multiple times', '1:1'],
    ['a[5m:1m][5m:1m]', 'subquery is only allowed on instant vector, got range vector instead', '1:1'],
    ['1[5m:]', 'subquery is only allowed on instant vector, got scalar instead', '1:1'],
    ['a[0s]', 'duration must be greater than 0', '1:3'],
    ['a[-5m]', 'duration must be greater than 0', '1:3'],
    ['a[5m:0]', 'duration must be greater than 0', '1:6'],
    ['a @ NaN', 'timestamp out of bounds for @ modifier: NaN', '1:1'],
    ['a @ -Inf', 'timestamp out of bounds for @ modifier: -Infinity', '1:1'],
    ['a @ 1e300', 'timestamp out of bounds for @ modifier: 1e+300', '1:1'],
    ['a offset 99999999999y', 'duration out of range: "99999999999y"', '1:10'],
    ['a[5m / 0]', 'division by zero in a duration', '1:6'],
    ['a[5m % (1 - 1)]', 'division by zero in a duration', '1:6'],
    ['a[5m - 10m]', 'duration must be greater than 0', '1:3'],
    ['a[step()]', 'step() in a duration is not supported; write the duration itself', '1:3'],
    ['a[b]', 'unexpected identifier "b" in subquery or range, expected number or duration', '1:3'],
    ['a[1m1h]', 'not a valid duration: "1m1h"; write each unit once and from large to small, as in 1d12h', '1:3'],
    ['sum()', 'no arguments for aggregate expression provided', '1:1'],
    ['topk(1)', 'wrong number of arguments for aggregate expression provided, expected 2, got 1', '1:1'],
    ['sum(a, b)', 'wrong number of arguments for aggregate expression provided, expected 1, got 2', '1:1'],
    ['{}', 'vector selector must contain at least one non-empty matcher', '1:1'],
    ['{x=""}', 'vector selector must contain at least one non-empty matcher', '1:1'],
    ['{x=~".*"}', 'vector selector must contain at least one non-empty matcher', '1:1'],
    ['{x!="a"}', 'vector selector must contain at least one non-empty matcher', '1:1'],
    ['foo{__name__="bar"}', 'metric name must not be set twice: "foo" or "bar"', '1:1'],
    ['foo{"bar"}', 'metric name must not be set twice: "foo" or "bar"', '1:1'],
    ['a + foo{b="c", "bar"}', 'metric name must not be set twice: "foo" or "bar"', '1:5'],
    ['"\\q"', 'unknown escape sequence \\q', '1:2'],
    ["'\\\"'", 'unknown escape sequence \\"', '1:2'],
    ['"\\xz1"', 'illegal or missing digit in escape sequence \\x', '1:2'],
    ['"\\uD800"', 'escape sequence is an invalid Unicode code point', '1:2'],
    ['"a\ufffdb"', 'invalid UTF-8 rune', '1:3'],
    ['"abc', 'unterminated quoted string', '1:1'],
    ['`abc', 'unterminated raw string', '1:1'],
    ['a{x=~"("}', expect.stringContaining('not a regular expression that RE2 accepts'), '1:3'],
    ['a{x=~"(?=b)"}', expect.stringContaining('not a regular expression that RE2 accepts'), '1:3'],
    ['abs(a,)', 'trailing commas not allowed in function call args', '1:6'],
    ['nosuch(a)', 'unknown function with name "nosuch"', '1:1'],
    ['a:b(c)', 'unknown function with name "a:b"', '1:1'],
    ['maxwithout (x) (y)', 'unknown function with name "maxwithout"', '1:1'],
    ['Rate(a[5m])', 'unknown function with name "Rate"', '1:1'],
    ['', 'no expression found in input', '1:1'],
    ['# only a comment', 'no expression found in input', '1:17'],
    ['a b', 'unexpected identifier "b"', '1:3'],
    ['a +', 'unexpected end of input, expected an expression', '1:4'],
    ['(a', 'unclosed left parenthesis', '1:3'],
    ['a b )', 'unexpected identifier "b"', '1:3'],
    ['sum(a b', 'unexpected identifier "b" in function call, expected ")"', '1:7'],
    ['a)', 'unexpected right parenthesis ")"', '1:2'],
    ['a[5m', 'unclosed left bracket', '1:5'],
    ['a{x="1"', 'unclosed left brace', '1:8'],
    ['a{x 1}', 'unexpected number "1" in label matching, expected label matching operator', '1:5'],
    ['a{x=1}', 'unexpected number "1" in label matching, expected string', '1:5'],
    ['sum by (1) (x)', 'unexpected number "1" in grouping opts, expected label', '1:9'],
    ['a{b:c="1"}', 'unexpected ":" in label matching, expected label matching operator', '1:4'],
    ['bool', 'unexpected identifier "bool", expected an expression', '1:1'],
    ['5m5', 'bad number or duration syntax: "5m5"', '1:1'],
    ['1e309', 'error parsing number: "1e309": value out of range', '1:1'],
    ['0xFFFFFFFFFFFFFFFFF', 'error parsing number: "0xFFFFFFFFFFFFFFFFF": value out of range', '1:1'],
    ['a ? b', 'unexpected character: "?"', '1:3'],
    ['a{b="é𝄞"} ? b', 'unexpected character: "?"', '1:15'],
    ['{"é"} +\n{"é"} b', 'unexpected identifier "b"', '2:8'],
  ])('%s', (text, detail, position) => {
    const error = parseError(text)
    expect(error.kind).toBe('parse')
    expect(error.detail).toEqual(detail)
    expect(`${error.line}:${error.column}`).toBe(position)
    expect(error.message).toBe(`${position}: parse error: ${error.detail}`)
  })

  test('numbers of 400 digits are too large', () => {
    expect(parseError('9'.repeat(400)).detail).toContain('value out of range')
  })

  test('expressions nested without end are refused rather than overflowing the stack', () => {
    expect(parseError(`${'('.repeat(100_000)}1${')'.repeat(100_000)}`).detail).toContain('nested')
    expect(parseError(`${'-'.repeat(100_000)}1`).detail).toContain('nested')
    expect(parseError(`a[${'('.repeat(100_000)}1${')'.repeat(100_000)}]`).detail).toContain('nested')
    expect(parseError(`1${' + 1'.repeat(100_000)}`).detail).toContain('operators')
  })

  test.each([
    ['histogram_count(a)', 'histogram_count() works on native histograms, which are not supported'],
    ['mad_over_time(a[5m])', 'mad_over_time() is experimental and not supported'],
    ['sort_by_label(a, "x")', 'sort_by_label() is experimental and not supported'],
    ['limitk(1, a)', 'limitk() is experimental and not supported'],
    ['holt_winters(a[5m], 0.1, 0.1)', expect.stringContaining('removed in Prometheus 3')],
    ['a + on(x) fill(0) b', 'fill() is experimental and not supported'],
    ['a[5m] smoothed', 'the smoothed modifier is experimental and not supported'],
  ])('%s is refused with the reason', (text, detail) => {
    expect(parseError(text).detail).toEqual(detail)
  })
})

describe('what must be accepted', () => {
  test.each([
    ['sum', 'sum'],
    ['sum{x="1"}', 'sum{x="1"}'],
    ['offset offset 5m', 'offset offset 5m'],
    ['start', 'start'],
    ['by + without', 'by + without'],
    ['SUM BY(a,)(b)', 'sum by (a) (b)'],
    ['sum by (bool, on, offset, sum) (a)', 'sum by (bool, on, offset, sum) (a)'],
    ['sum(a) without (b)', 'sum without (b) (a)'],
    ['sum by () (a)', 'sum(a)'],
    ['a{b="c",}', 'a{b="c"}'],
    ['a{inf="1"}', 'a{inf="1"}'],
    ['{"my.metric", "label.x"="y"}', '{"label.x"="y",__name__="my.metric"}'],
    ['sum by (a:b) (c)', 'sum by ("a:b") (c)'],
    ['a * on (b:c) group_left (d:e) f', 'a * on ("b:c") group_left ("d:e") f'],
    ['{"a", "b"}', '{__name__="a",__name__="b"}'],
    ['sum by ("label.x") ({"my.metric"})', 'sum by ("label.x") ({__name__="my.metric"})'],
    ['node:cpu:rate5m', 'node:cpu:rate5m'],
    [':a', ':a'],
    ['a[300]', 'a[5m]'],
    ['a[1.5]', 'a[1s500ms]'],
    ['a offset -5m', 'a offset -5m'],
    ['a offset 60', 'a offset 1m'],
    ['a offset 60 + 2', 'a offset 1m + 2'],
    ['a offset -2 ^ 2', 'a offset -2s ^ 2'],
    ['a offset (1h - 5m)', 'a offset 55m'],
    ['a offset -(5m * 2)', 'a offset -10m'],
    ['a[5m * 2]', 'a[10m]'],
    ['a[(1h - 30m) / 2:1m + 30]', 'a[15m:1m30s]'],
    ['a[2 ^ 3 ^ 2]', 'a[8m32s]'],
    ['a[-1m + 2m]', 'a[1m]'],
    ['a[max(5m, 1h % 50m)]', 'a[10m]'],
    ['a[5m:] offset 1m @ 100', 'a[5m:] @ 100.000 offset 1m'],
    ['a[1d:1h]', 'a[1d:1h]'],
    ['a @ 1609746000.1234', 'a @ 1609746000.123'],
    ['a @ start()', 'a @ start()'],
    ['a @ 5m', 'a @ 300.000'],
    ['a @ -1', 'a @ -1.000'],
    ['a > 5m', 'a > 5m'],
    ['a == Bool 1', 'a == bool 1'],
    ['a / ON(x) GROUP_LEFT(y) b', 'a / on (x) group_left (y) b'],
    ['a / ignoring() b', 'a / b'],
    ['a and on() b', 'a and on () b'],
    ['a > bool on() group_left() 2', 'a > bool 2'],
    ['a % b', 'a % b'],
    ['0x1F', '31'],
    ['017', '15'],
    ['1_000', '1000'],
    ['1e3', '1000'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['1e-7', '0.0000001'],
    ['1e21', '1000000000000000000000'],
    ['-Inf', '-Inf'],
    ['inf', '+Inf'],
    ['NaN', 'NaN'],
    ['--1', '1'],
    ['- - a', '--a'],
    ['"a\\n\\x41\\u00e9"', '"a\\nAé"'],
    ["'it''s'".replace("''", "\\'"), '"it\'s"'],
    ['`raw\\n`', '"raw\\\\n"'],
    ['"a\\xc5z"', '"a\\xc5z"'],
    ['"\\xc3\\xa9"', '"é"'],
    ['a # comment\n + b', 'a + b'],
    ['count_values("v", a)', 'count_values("v", a)'],
    ['quantile by (x) (0.9, a)', 'quantile by (x) (0.9, a)'],
    ['a{x!~"b|c",y=~".+"}', 'a{x!~"b|c",y=~".+"}'],
    ['label_replace(a, "b", "$1", "c", "(.*)")', 'label_replace(a, "b", "$1", "c", "(.*)")'],
    ['((a))', '((a))'],
    ['rate(a[5m] offset 1w @ end())', 'rate(a[5m] @ end() offset 1w)'],
    ['minute()', 'minute()'],
  ])('%s prints as %s', (text, printed) => {
    expect(print(parse(text))).toBe(printed)
    expect(print(parse(printed))).toBe(printed)
  })

  test('positions name line and column of every node', () => {
    const expr = parse('sum(\n  rate(a[5m])\n) / b')
    expect(expr.span).toMatchObject({ line: 1, column: 1, start: 0, end: 24 })
    if (expr.kind !== 'binary') throw new Error('not a binary expression')
    expect(expr.operatorSpan).toMatchObject({ line: 3, column: 3 })
    expect(expr.right.span).toMatchObject({ line: 3, column: 5 })
    const [use] = selectors(expr)
    expect(use?.selector.span).toMatchObject({ line: 2, column: 8 })
    expect(use?.rangeMs).toBe(300_000)
  })

  test('the type of an expression is known without data', () => {
    expect(
      ['1', '"x"', 'a', 'a[5m]', 'a[5m:]', 'scalar(a)', '1 + 2', 'a + 2', 'time()'].map((t) => typeOf(parse(t))),
    ).toEqual(['scalar', 'string', 'vector', 'matrix', 'matrix', 'scalar', 'scalar', 'vector', 'scalar'])
  })
})
