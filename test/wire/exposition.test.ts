import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ExpositionFormat, ExpositionReader } from '../../src/wire/exposition.ts'
import { ExpositionError } from '../../src/wire/exposition-error.ts'
import { parseExposition } from '../../src/wire/exposition-family.ts'
import { SeriesTable } from '../../src/wire/series-table.ts'

/** Every sample as `series value [timestamp]`. */
function samplesOf(text: string | Uint8Array, format: ExpositionFormat = 'text'): string[] {
  return parseExposition(text, format)
    .flatMap(({ samples }) => [...samples])
    .map(({ labels, value, timestampMs }) =>
      [labels, value, timestampMs].filter((part) => part !== undefined).join(' '),
    )
}

function errorOf(text: string | Uint8Array, format: ExpositionFormat = 'text'): string {
  try {
    parseExposition(text, format)
  } catch (error) {
    if (error instanceof ExpositionError) return error.message
    throw error
  }
  return 'no error'
}

describe('the text format', () => {
  test('is read as the specification shows it', () => {
    const text = `# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.01"} 3102
rpc_duration_seconds_sum 1.7560473e+07
rpc_duration_seconds_count 2693
`
    const families = parseExposition(text, 'text')
    expect(families.map(({ name, type, samples }) => [name, type, samples.length])).toEqual([
      ['http_requests_total', 'counter', 2],
      ['msdos_file_access_time_seconds', 'unknown', 1],
      ['metric_without_timestamp_and_labels', 'unknown', 1],
      ['something_weird', 'unknown', 1],
      ['rpc_duration_seconds', 'summary', 3],
    ])
    expect(families[0]?.help).toBe('The total number of HTTP requests.')
    expect(families[1]?.samples[0]?.labels.toObject()).toEqual({
      __name__: 'msdos_file_access_time_seconds',
      path: 'C:\\DIR\\FILE.TXT',
      error: 'Cannot find file:\n"FILE.TXT"',
    })
    expect(samplesOf(text)).toContain('something_weird{problem="division by zero"} Infinity -3982045')
    expect(samplesOf(text)).toContain('rpc_duration_seconds_sum 17560473')
  })

  test.each([
    [
      'blanks and tabs wherever they may stand',
      ' \tfoo {\ta = "b" , c\t=\t"d" , } \t 1 \t 2 \n',
      'foo{a="b", c="d"} 1 2',
    ],
    ['no blank between the brace and the value', 'foo{a="b"}1\n', 'foo{a="b"} 1'],
    ['no line break at the end', 'foo 1', 'foo 1'],
    ['an empty label value as no label', 'foo{a="",b="c"} 1\n', 'foo{b="c"} 1'],
    ['a backslash that escapes nothing as itself', 'foo{a="\\d"} 1\n', 'foo{a="\\\\d"} 1'],
    ['names in quotes', '{"http.requests","a.b"="c",d="e"} 1\n', 'http.requests{a.b="c", d="e"} 1'],
    ['a quoted label of a plain metric', 'foo{"a.b"="}"} 1\n', 'foo{a.b="}"} 1'],
    ['a comment that is none of its words', '# EOF\n#HELP x\n# UNIT a b\nfoo 1\n', 'foo 1'],
    ['HELP without a text', '# HELP foo\nfoo 1\n', 'foo 1'],
    ['names with colons', 'job:rate:5m 1\n', 'job:rate:5m 1'],
    ['many digits', 'foo 0.1000000000000000055511151231257827\n', 'foo 0.1'],
    ['an exponent beyond the fast path', 'foo 2.2250738585072014e-308\n', 'foo 2.2250738585072014e-308'],
  ])('takes %s', (_, text, expected) => {
    expect(samplesOf(text)).toEqual([expected])
  })

  test('takes names in quotes for what they are', () => {
    const [family] = parseExposition('# TYPE "http.requests" counter\n{"http.requests","a.b"="c",d="e"} 1\n', 'text')
    expect(family?.type).toBe('counter')
    expect(family?.samples[0]?.labels.toObject()).toEqual({ __name__: 'http.requests', 'a.b': 'c', d: 'e' })
  })

  test.each([
    ['a 1\nfoo one\n', 'line 2: "one" is not a value; write a number, +Inf, -Inf or NaN'],
    ['foo\n', 'line 1: the end of the line is not a value; write a number, +Inf, -Inf or NaN'],
    ['foo 1e999\n', 'line 1: "1e999" is not a value; write a number, +Inf, -Inf or NaN'],
    [`foo ${'9'.repeat(400)}\n`, /^line 1: .* is not a value/],
    ['foo 0x1p3\n', /^line 1: "0x1p3" is not a value/],
    ['foo 1_000\n', /^line 1: "1_000" is not a value/],
    ['foo 1 1.5\n', 'line 1: "1.5" is not a timestamp; in this format it is a whole number of milliseconds'],
    ['foo 1 2 3\n', 'line 1: expected the end of the line, found "3"'],
    ['\n\n9foo 1\n', /^line 3: expected a metric name, a comment or a \{ .* found "9foo 1"$/],
    ['<html>\n', /^line 1: expected a metric name/],
    ['foo{a="b" 1\n', 'line 1: the list of labels does not end on its line: a } or a quote is missing'],
    ['foo{a="b\n"} 1\n', 'line 1: the list of labels does not end on its line: a } or a quote is missing'],
    ['foo{a="b"c="d"} 1\n', 'line 1: expected a comma or } after a label, found "c=\\"d\\"} 1"'],
    ['foo{a=b} 1\n', 'line 1: the value of label a is not in double quotes: "b} 1"'],
    ['foo{a} 1\n', 'line 1: expected = after the label name a, found "} 1"'],
    ['foo{,} 1\n', /^line 1: expected a label name, found ",} 1"/],
    ['foo{1a="b"} 1\n', /^line 1: expected a label name, found "1a=/],
    ['foo{a="1",a="2"} 1\n', 'line 1: label a stands twice in one series'],
    ['{a="b"} 1\n', 'line 1: the series has no metric name'],
    ['{"a","b"} 1\n', 'line 1: "b" has no value, and the metric has a name already'],
    [
      '# TYPE foo thing\n',
      'line 1: "thing" is not a metric type; write one of counter, gauge, histogram, summary, untyped',
    ],
    ['# TYPE 1foo counter\n', 'line 1: expected a metric name, found "1foo counter"'],
    ['foo 1\r\n', /^line 1: "1\\r" is not a value/],
  ])('refuses %j with the line and the reason', (text, message) => {
    if (typeof message === 'string') expect(errorOf(text)).toBe(message)
    else expect(errorOf(text)).toMatch(message)
  })

  test('refuses bytes that are not UTF-8, with the line', () => {
    const bytes = Buffer.concat([Buffer.from('a 1\nb{c="'), Buffer.of(0xff), Buffer.from('"} 2\n')])
    expect(errorOf(bytes)).toBe('line 2: not valid UTF-8')
  })

  test('never throws anything but its own error, and ends', () => {
    const piece = fc.constantFrom(
      'foo',
      '{',
      '}',
      '"',
      '\\',
      '=',
      ',',
      ' ',
      '\n',
      '1',
      'e9',
      '-',
      '# ',
      'TYPE ',
      'HELP ',
      'EOF',
      'é',
      '.',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.constantFrom('text', 'openmetrics'), (pieces, format) => {
        errorOf(pieces.join(''), format as ExpositionFormat)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('numbers', () => {
  test('are read exactly, however they are written', () => {
    const number = fc.double({ noNaN: true })
    const written = fc.tuple(number, fc.constantFrom('plain', 'exponent', 'fixed')).map(([value, how]) => {
      if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
      return how === 'exponent' ? value.toExponential() : how === 'fixed' ? value.toFixed(6) : String(value)
    })
    fc.assert(
      fc.property(written, (text) => {
        const reader = new ExpositionReader(`x ${text}\n`, 'text')
        reader.next()
        return Object.is(reader.value, Number(text.replace('Inf', 'Infinity')))
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a reader with a table', () => {
  /** Values by the text of their series. */
  function read(text: string, table: SeriesTable): { values: Map<string, number>; known: number } {
    const reader = new ExpositionReader(text, 'text', table)
    const values = new Map<string, number>()
    let known = 0
    while (reader.next() !== 'end') {
      if (reader.seriesStart === reader.seriesEnd) continue
      if (reader.seriesId === 0) table.add(reader.bytes, reader.seriesStart, reader.seriesEnd)
      else known++
      values.set(reader.bytes.toString('utf8', reader.seriesStart, reader.seriesEnd), reader.value)
    }
    return { values, known }
  }

  test('reads the same as without, whatever has changed since the last time', () => {
    const line = fc.record({
      series: fc.constantFrom(
        'a',
        'ab',
        'a{b="c"}',
        'a {b="c"}',
        'a{b="c d"}',
        'abc_total{le="+Inf",x="y"}',
        'z\t{q="}"}',
      ),
      blank: fc.constantFrom(' ', '  ', '\t'),
      value: fc.integer(),
    })
    const text = fc
      .uniqueArray(line, { selector: ({ series }) => series, maxLength: 7 })
      .map((lines) => lines.map(({ series, blank, value }) => `${series}${blank}${value}\n`).join(''))
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), (texts) => {
        const table = new SeriesTable()
        for (const one of texts) {
          expect(read(one, table).values).toEqual(read(one, new SeriesTable()).values)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('knows all series of a text that it has read before', () => {
    const table = new SeriesTable()
    const text = '# TYPE a counter\na{b="c"} 1\na{b="d"} 2\n\nb 3\n'
    expect(read(text, table).known).toBe(0)
    expect(read(text.replaceAll(/\d$/gm, '7'), table).known).toBe(3)
  })
})
