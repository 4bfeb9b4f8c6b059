import { describe, expect, test } from 'vitest'
import { parseExposition } from '../../src/wire/exposition-family.ts'

const TEXT = `# HELP go_gc_duration_seconds A summary of "GC" \\"durations\\".
# TYPE go_gc_duration_seconds summary
# UNIT go_gc_duration_seconds seconds
go_gc_duration_seconds{quantile="0"} 4.9351e-05
go_gc_duration_seconds_count 9 1520879607.789
go_gc_duration_seconds_created 1520872607.123
# TYPE foo counter
foo_total{a="b"} 17.0 1520879607.789 # {trace_id="0af7651916cd43dd",span="x\\"y"} 0.5 1520879607.5
foo_created{a="b"} 1520872607
# TYPE bar histogram
bar_bucket{le="+Inf"} 3 # {} 2
# TYPE build info
build_info{version="1"} 1
# TYPE state stateset
state{state="on"} 1
# TYPE gh gaugehistogram
gh_bucket{le="+Inf"} 3
gh_gcount 3
# TYPE empty unknown
# EOF
`

describe('OpenMetrics', () => {
  test('is read into families that are named as in the text format', () => {
    const families = parseExposition(TEXT, 'openmetrics')
    expect(families.map(({ name, type, unit, samples }) => [name, type, unit, samples.length])).toEqual([
      ['go_gc_duration_seconds', 'summary', 'seconds', 3],
      ['foo_total', 'counter', undefined, 2],
      ['bar', 'histogram', undefined, 1],
      ['build_info', 'info', undefined, 1],
      ['state', 'stateset', undefined, 1],
      ['gh', 'unknown', undefined, 2],
    ])
    expect(families[0]?.help).toBe('A summary of "GC" "durations".')
  })

  test('has timestamps in seconds, which become whole milliseconds', () => {
    const [summary, counter] = parseExposition(TEXT, 'openmetrics')
    expect(summary?.samples[1]?.timestampMs).toBe(1520879607789)
    expect(counter?.samples[0]?.timestampMs).toBe(1520879607789)
    const [odd] = parseExposition('a 1 1700000000.0019999\na 1 -0.5\n# EOF\n', 'openmetrics')
    expect(odd?.samples.map(({ timestampMs }) => timestampMs)).toEqual([1700000000002, -500])
  })

  test('has exemplars', () => {
    const [, counter, histogram] = parseExposition(TEXT, 'openmetrics')
    expect(counter?.samples[0]?.exemplar).toEqual({
      labelPairs: ['trace_id', '0af7651916cd43dd', 'span', 'x"y'],
      value: 0.5,
      timestampMs: 1520879607500,
    })
    expect(histogram?.samples[0]?.exemplar).toEqual({ labelPairs: [], value: 2, timestampMs: Number.NaN })
  })

  test('may end without a line break', () => {
    expect(parseExposition('a 1\n# EOF', 'openmetrics')).toHaveLength(1)
  })

  test.each([
    ['a 1\n', 'line 2: the text does not end with # EOF; it may have been cut off'],
    ['', 'line 1: the text does not end with # EOF; it may have been cut off'],
    ['# EOF\na 1\n', 'line 2: text behind # EOF'],
    ['a 1\n\n# EOF\n', 'line 2: an empty line, which OpenMetrics does not allow'],
    ['# a comment\n# EOF\n', /^line 1: a comment that is not HELP/],
    ['#TYPE a counter\n# EOF\n', /^line 1: a comment that is not HELP/],
    ['a  1\n# EOF\n', /^line 1: /],
    ['a 1 \n# EOF\n', /^line 1: /],
    ['a\t1\n# EOF\n', /^line 1: expected a space and a value/],
    ['a{b= "c"} 1\n# EOF\n', /^line 1: the value of label b is not in double quotes/],
    ['# TYPE a untyped\n# EOF\n', /^line 1: "untyped" is not a metric type; write one of counter, gauge/],
    ['# UNIT a_seconds bytes\n# EOF\n', /^line 1: the unit "bytes" is not at the end/],
    ['# TYPE a\n# EOF\n', /^line 1: expected a space behind the metric name a$/],
    ['a 1 now\n# EOF\n', /^line 1: "now" is not a timestamp; in OpenMetrics it is a number of seconds/],
    ['a 1 NaN\n# EOF\n', /^line 1: "NaN" is not a timestamp/],
    ['a 1 # {b="c" 1\n# EOF\n', /^line 1: the labels of the exemplar do not end/],
    ['a 1 # {b="c"}\n# EOF\n', /^line 1: expected a space and the exemplar's value/],
    ['a 1 # {b="c"} x\n# EOF\n', /^line 1: "x" is not a value of an exemplar/],
    ['a 1 # {b="c"} 1 2 3\n# EOF\n', /^line 1: expected the end of the line/],
    ['a 1 2 3\n# EOF\n', /^line 1: expected the end of the line or an exemplar/],
  ])('refuses %j with the line and the reason', (text, message) => {
    const parse = () => parseExposition(text, 'openmetrics')
    expect(parse).toThrow(message)
  })
})
