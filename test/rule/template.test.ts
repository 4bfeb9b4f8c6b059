import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Labels } from '../../src/model/labels.ts'
import { type ExpandOptions, expand, parseTemplate, type TemplateData } from '../../src/rule/template.ts'
import type { TemplateSample } from '../../src/rule/template-sample.ts'
import { TemplateError } from '../../src/template/error.ts'
import { accepted, refused } from './template-syntax.ts'

const data: TemplateData = {
  labels: Labels.of({ __name__: 't', instance: 'db-1.example.org:5432', job: 'shop' }),
  externalLabels: Labels.of({ region: 'eu' }),
  externalUrl: 'http://watch.example.org:9090/prefix',
  value: 1,
}

function expanded(text: string, value = 1, options: Partial<ExpandOptions> = {}): string {
  const result = expand(parseTemplate(text), { ...data, value }, { nowMs: 1_435_065_584_128, ...options })
  if (typeof result !== 'string') throw new Error('it waits for a query')
  return result
}

const error = expect.stringMatching(/^<error expanding template: .*>$/s)

test.each([
  [123456, '123456'],
  [1234567, '1.234567e+06'],
  [12345678.9, '1.23456789e+07'],
  [1234.5678, '1234.5678'],
  [1e20, '1e+20'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [Infinity, '+Inf'],
  [-Infinity, '-Inf'],
  [NaN, 'NaN'],
  [-0, '-0'],
])('prints the value %d as %s', (value, text) => {
  expect(expanded('{{ $value }}', value)).toBe(text)
})

test.each([
  ['humanize', 1234567, '1.235M'],
  ['humanize', 0.12, '120m'],
  ['humanize', 0, '0'],
  ['humanize', NaN, 'NaN'],
  ['humanize', 999.99, '1000'],
  ['humanize', 1e30, '1e+06Y'],
  ['humanize1024', 1048576, '1Mi'],
  ['humanize1024', 0.12, '0.12'],
  ['humanizeDuration', 0, '0s'],
  ['humanizeDuration', 1.2345, '1.234s'],
  ['humanizeDuration', 93784, '1d 2h 3m 4s'],
  ['humanizeDuration', -7384, '-2h 3m 4s'],
  ['humanizeDuration', 899.99, '14m 59s'],
  ['humanizeDuration', 86400, '1d 0h 0m 0s'],
  ['humanizeDuration', 0.1, '100ms'],
  ['humanizeDuration', 0.0001, '100us'],
  ['humanizePercentage', 0.1234567, '12.35%'],
  ['humanizePercentage', 123456, '1.235e+07%'],
  ['humanizeTimestamp', 1435065584.128, '2015-06-23 13:19:44.128 +0000 UTC'],
  ['humanizeTimestamp', Infinity, '+Inf'],
  ['humanizeTimestamp', 1e10, error],
] as const)('%s of %d is %s', (name, value, text) => {
  expect(expanded(`{{ ${name} $value }}`, value)).toEqual(text)
  if (typeof text === 'string') expect(expanded(`{{ ${name} "${value === Infinity ? '+Inf' : value}" }}`)).toBe(text)
})

test.each([
  ['{{ $labels.job }} on {{ .Labels.instance }}, {{ $externalLabels.region }}', 'shop on db-1.example.org:5432, eu'],
  ['{{ $labels.missing }}|{{ $labels.alertname }}|{{ $labels.__name__ }}', '||t'],
  ['{{ $labels }}', 'map[__name__:t instance:db-1.example.org:5432 job:shop]'],
  ['{{ printf "%d" $value }} {{ printf "%.1f" $value }}', '%!d(float64=1) 1.0'],
  ['{{ if gt $value 0.5 }}high{{ else }}low{{ end }}', 'high'],
  ['{{ "hello wORLD" | title }} {{ "aB" | toUpper }} {{ "aB" | toLower }}', 'Hello WORLD AB ab'],
  ['{{ reReplaceAll "(.*)-([0-9]).*" "${2}_$1" $labels.instance }} {{ match "^db" $labels.instance }}', '1_db true'],
  ['{{ stripDomain "foo.example.com:12345" }} {{ stripPort $labels.instance }}', 'foo:12345 db-1.example.org'],
  ['{{ graphLink "up == 0" }} {{ tableLink "up" }}', '/graph?g0.expr=up+%3D%3D+0&g0.tab=0 /graph?g0.expr=up&g0.tab=1'],
  ['{{ externalURL }} {{ pathPrefix }}', 'http://watch.example.org:9090/prefix /prefix'],
  ['{{ parseDuration "1h2m10ms" }} {{ parseDuration "1w" | humanizeDuration }}', '3720.01 7d 0h 0m 0s'],
  ['{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}', '__name__=t;instance=db-1.example.org:5432;job=shop;'],
  ['{{ define "x" }}{{ .arg0 }}/{{ .arg1 }}{{ end }}{{ template "x" (args 1 "2") }}', '1/2'],
  ['a {{- /* not here */ -}} b {{- " c" }}', 'ab c'],
  ['no template at all, 100 % {plain}', 'no template at all, 100 % {plain}'],
])('%s', (text, result) => {
  expect(expanded(text)).toBe(result)
})

// As Prometheus 2.42 expands them; 1709210102.5 is 2024-02-29 12:35:02.5.
test.each([
  ['{{ ((toTime 1709210102.5).Add 3600000000000).Format "15:04" }}', '13:35'],
  ['{{ ((toTime 1709210102.5).Add 28800e9).Format "2006-01-02 15:04:05" }}', '2024-02-29 20:35:02'],
  ['{{ $t := toTime 1709210102.5 }}{{ $t.Add ($t.Sub (toTime 1709210100)) }}', '2024-02-29 12:35:05 +0000 UTC'],
  ['{{ ((toTime 1709210102.5).AddDate 1 0 -1).Format "2006-01-02" }}', '2025-02-28'],
  ['{{ ((toTime 1709210102.5).AddDate 1 0 0).Format "2006-01-02" }}', '2025-03-01'],
  ['{{ (toTime 1709210102.5).Truncate 3600e9 }}', '2024-02-29 12:00:00 +0000 UTC'],
  ['{{ (toTime 1709210102.5).Round 3600e9 }}', '2024-02-29 13:00:00 +0000 UTC'],
  ['{{ (toTime 1709210102.5).Nanosecond }} {{ (toTime 1709210102.5).UnixNano }}', '500000000 1709210102500000000'],
  ['{{ (toTime 1709210102.5).UnixMicro }} {{ (toTime 1709210102.5).Location }}', '1709210102500000 UTC'],
  ['{{ ((toTime 1709210102.5).Sub (toTime 1709210012)).Round 60000000000 }}', '2m0s'],
  ['{{ ((toTime 1709210012).Sub (toTime 1709210102)).Round 60000000000 }}', '-2m0s'],
  ['{{ ((toTime 1709210102.5).Sub (toTime 1709210012)).Truncate 60000000000 }}', '1m0s'],
])('moves and rounds times: %s', (text, result) => {
  expect(expanded(text)).toBe(result)
})

test('a time that nobody can count any more is an error', () => {
  expect(expanded('{{ (toTime 0).AddDate 999999999 0 0 }}')).toMatch(/out of range/)
  expect(expanded('{{ (toTime 0).Add "1h" }}')).toMatch(/expected time.Duration; got string/)
  expect(expanded('{{ (toTime 0).Add 1.5 }}')).toMatch(/expected time.Duration; got float64/)
})

describe('what newer versions of Prometheus and Go have', () => {
  test.each([
    ['{{ now }} {{ (now | toTime).Format "15:04" }}', '1.435065584128e+09 13:19'],
    [
      '{{ toDuration 90.5 }} {{ (toDuration "3600").Minutes }} {{ toDuration 90 | humanizeDuration }}',
      '1m30.5s 60 1m 30s',
    ],
    ['{{ urlQueryEscape "a b&c=d" }}', 'a+b%26c%3Dd'],
    ['{{ range 3 }}{{ . }}{{ end }}{{ range $i := 2 }}<{{ $i }}>{{ end }}', '012<0><1>'],
    ['{{ with "" }}x{{ else with "y" }}{{ . }}{{ else }}z{{ end }}', 'y'],
    ['{{ eq nil nil }} {{ eq $labels.job nil }}', 'true false'],
  ])('%s', (text, result) => {
    expect(expanded(text)).toBe(result)
  })
})

test.each([
  '{{ if gt $value 100 }}x{{ end }}',
  '{{ .Foo }}',
  '{{ humanize "one" }}',
  '{{ index "abc" 7 }}',
  '{{ template "nowhere" }}',
  '{{ range $value }}{{ end }}',
  '{{ title 5 }}',
  '{{ len 1.5 }}',
  '{{ reReplaceAll "(" "" "x" }}',
  '{{ query "up" }}',
])('%s becomes an error in the text and is heard of', (text) => {
  const heard: Error[] = []
  expect(expanded(`before ${text}`, 1, { onError: (error) => heard.push(error) })).toEqual(error)
  expect(heard).toHaveLength(1)
})

test('tells where and why a template could not be expanded', () => {
  expect(expanded('line\n{{ $labels.job | humanize }}', 1, { name: '__alert_Slow' })).toBe(
    '<error expanding template: error executing template __alert_Slow: template: __alert_Slow:2:18: executing ' +
      '"__alert_Slow" at <humanize>: error calling humanize: "shop" is not a number>',
  )
})

describe('a template as it is read', () => {
  test.each(accepted)('%j is accepted', (text) => {
    expect(() => parseTemplate(text)).not.toThrow()
  })

  test.each(refused)('%j is refused', (text) => {
    expect(() => parseTemplate(text)).toThrow(TemplateError)
  })

  test.each([
    ['{{ $label }}', 1, 4, 'undefined variable "$label"'],
    ['a\n b {{ foo }}', 2, 7, 'function "foo" not defined'],
    ['{{ if $value }}x', 1, 4, 'this {{if}} has no {{end}}'],
    ['x{{ $value', 1, 2, 'this {{ is not closed with }}'],
    ['{{ $value > 1 }}', 1, 11, '">" does not belong into {{ }}'],
    ['{{ end }}', 1, 4, 'unexpected {{end}}'],
    ['{{ "a }}', 1, 4, 'the text in quotes is not closed'],
    ['{{ (1 }}', 1, 7, 'a "(" is not closed'],
    ['{{ print 1, 2 }}', 1, 11, 'unexpected "," in operand'],
    ['{{ define "a" }}{{ $labels.job }}{{ end }}', 1, 20, 'undefined variable "$labels"'],
  ])('%j: error in line %d, column %d', (text, line, column, message) => {
    expect(() => parseTemplate(text)).toThrow(expect.objectContaining({ line, column, message }))
  })

  test('is only text or an error with a place, whatever is written', () => {
    const piece = fc.constantFrom(
      ...'{}|$.()"`\\ \n-=:,/*1ax',
      '{{',
      '}}',
      ' -}}',
      'if',
      'end',
      'range',
      '$value',
      ':=',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('')
        try {
          expect(typeof expanded(text)).toBe('string')
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError)
          const { line, column } = error as TemplateError
          const lines = text.split('\n')
          expect(line).toBeLessThanOrEqual(lines.length)
          expect(column).toBeLessThanOrEqual((lines[line - 1] as string).length + 1)
        }
      }),
    )
  })
})

describe('queries', () => {
  const up: readonly TemplateSample[] = [
    { labels: Labels.of({ __name__: 'up', instance: 'b' }), value: 1 },
    { labels: Labels.of({ __name__: 'up', instance: 'a' }), value: 0.5 },
  ]

  async function answered(
    text: string,
    answers: Record<string, readonly TemplateSample[]>,
  ): Promise<[string, string[]]> {
    const asked: string[] = []
    const query = async (expr: string, atMs: number) => {
      asked.push(`${expr} at ${atMs}`)
      const answer = answers[expr]
      if (answer === undefined) throw new Error(`no answer to ${expr}`)
      return answer
    }
    return [await expand(parseTemplate(text), data, { nowMs: 5000, query }), asked]
  }

  test('are asked at the time of the evaluation, each once', async () => {
    const text =
      '{{ range query "up" | sortByLabel "instance" }}{{ .Labels.instance }}={{ .Value }} {{ end }}{{ len (query "up") }}'
    expect(await answered(text, { up })).toEqual(['a=0.5 b=1 2', ['up at 5000']])
  })

  test('may depend on the answers of others', async () => {
    const text =
      '{{ range query "up" }}{{ with printf "x{i=%q}" .Labels.instance | query }}{{ . | first | value }} {{ end }}{{ end }}'
    const value = (value: number) => [{ labels: Labels.empty, value }]
    const [result, asked] = await answered(text, { up, 'x{i="b"}': value(7), 'x{i="a"}': value(8) })
    expect(result).toBe('7 8 ')
    expect(asked).toEqual(['up at 5000', 'x{i="b"} at 5000', 'x{i="a"} at 5000'])
  })

  test('are not asked where the template does not come to them', async () => {
    expect(await answered('{{ if false }}{{ query "up" }}{{ end }}x', {})).toEqual(['x', []])
  })

  test('that fail make an error of the text', async () => {
    const [result] = await answered('{{ query "nope" }}', {})
    expect(result).toEqual(error)
    expect(result).toContain('error calling query: no answer to nope')
    expect((await answered('{{ query "up" | first }}', { up: [] }))[0]).toContain('vector with no elements')
  })

  test('end after a hundred different ones', async () => {
    const text = '{{ range $i, $x := 500 }}{{ query (print "up" $i) | len }}{{ end }}'
    const answers = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`up${i}`, up]))
    const [result, asked] = await answered(text, answers)
    expect(result).toContain('more than 100 different queries')
    expect(asked).toHaveLength(100)
  })
})

describe('a template that would not end, or fill the memory, ends in an error', () => {
  test.each([
    ['calls itself', '{{ define "r" }}{{ template "r" . }}{{ end }}{{ template "r" . }}', 'more than 100 levels deep'],
    ['counts for ever', '{{ range 1_000_000_000_000 }}{{ end }}', 'too many steps'],
    ['doubles a text', '{{ $x := "ab" }}{{ range 64 }}{{ $x = print $x $x }}{{ end }}{{ $x }}', 'longer than'],
    ['doubles a map', '{{ $x := args 1 }}{{ range 64 }}{{ $x = args $x $x }}{{ end }}{{ $x }}', 'longer than'],
    ['pads', '{{ printf "%900000d" 1 }}', 'longer than'],
    ['pads by argument', '{{ printf "%*d" 900000 1 }}', 'longer than'],
    ['repeats a text', '{{ range 9000 }}{{ $labels }}{{ end }}', 'longer than'],
    ['replaces to much more', '{{ $x := printf "%9999d" 1 }}{{ reReplaceAll " " $x $x }}', 'longer than'],
    [
      'searches a long text',
      '{{ $x := printf "%99999d" 1 }}{{ range 99 }}{{ match "(a*)*b" $x }}{{ end }}',
      'too many steps',
    ],
    [
      'branches',
      `{{ define "r" }}${'{{ if . }}{{ template "r" . }}{{ end }}'.repeat(9)}{{ end }}{{ template "r" 1 }}`,
      '',
    ],
  ])('%s', (_what, text, reason) => {
    const result = expanded(text)
    expect(result).toEqual(error)
    expect(result).toContain(reason)
  })

  test('nested too deeply is refused when it is read', () => {
    expect(() => parseTemplate('{{ '.concat('('.repeat(5000), '1', ')'.repeat(5000), ' }}'))).toThrow(
      'levels of nesting',
    )
    expect(() => parseTemplate('{{ if 1 }}'.repeat(5000) + '{{ end }}'.repeat(5000))).toThrow('levels of nesting')
  })
})

test('keeps labels with names of Object’s own apart from what objects have', () => {
  const labels = Labels.of({ constructor: 'x', __proto__x: 'y' })
  const text = '{{ $labels.constructor }} {{ $labels.toString }}|{{ $labels.__proto__ }}|{{ (toTime 0).Year }}'
  expect(expand(parseTemplate(text), { ...data, labels }, { nowMs: 0 })).toBe('x ||1970')
  expect(expanded('{{ (toTime 0).constructor }}')).toEqual(error)
  expect(expanded('{{ $value.toString }}')).toEqual(error)
})

// The reference of Prometheus' templates, and the functions that Go's templates have by themselves.
test.each(
  `query first label value strvalue sortByLabel args
  humanize humanize1024 humanizeDuration humanizePercentage humanizeTimestamp toTime toDuration now parseDuration
  title toUpper toLower match reReplaceAll stripPort stripDomain urlQueryEscape graphLink tableLink safeHtml
  externalURL pathPrefix
  and or not eq ne lt le gt ge len index slice print printf println html js urlquery call`.split(/\s+/),
)('the function %s is known', (name) => {
  expect(() => parseTemplate(`{{ if false }}{{ ${name} }}{{ end }}`)).not.toThrow()
  expect(() => parseTemplate(`{{ if false }}{{ ${name}x }}{{ end }}`)).toThrow(`function "${name}x" not defined`)
})
