import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatFloat, formatGoDuration, parseGoFloat } from '../../src/lib/go-format.ts'
import { goSprint, goSprintf, goSprintln } from '../../src/lib/go-printf.ts'
import { quoteGo, unquoteGo } from '../../src/lib/go-quote.ts'
import { formatGoTime } from '../../src/lib/go-time.ts'
import { type GoValue, goMap } from '../../src/lib/go-value.ts'
import { TooLongError } from '../../src/lib/go-verb.ts'

describe('a float', () => {
  test.each([
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [0.1, '0.1'],
    [1234.5678, '1234.5678'],
    [123456, '123456'],
    [1234567, '1.234567e+06'],
    [12345678.9, '1.23456789e+07'],
    [1e20, '1e+20'],
    [1e21, '1e+21'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [0.9990000000000001, '0.9990000000000001'],
    [5e-324, '5e-324'],
    [-1.7976931348623157e308, '-1.7976931348623157e+308'],
    [NaN, 'NaN'],
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
  ])('%d as %%v is %s', (value, text) => {
    expect(formatFloat(value, 'g')).toBe(text)
  })

  test.each([
    [7, 'e', -1, '7e+00'],
    [4.631999969482422, 'e', -1, '4.631999969482422e+00'],
    [0, 'e', 2, '0.00e+00'],
    [1e22, 'f', -1, '10000000000000000000000'],
    [1e-7, 'f', -1, '0.0000001'],
    [1234567, 'f', 2, '1234567.00'],
    [0.1, 'f', 20, '0.10000000000000000555'],
    [2 ** 60, 'g', 18, '1.15292150460684698e+18'],
    [1234567, 'g', 4, '1.235e+06'],
    [0.00012345, 'g', 4, '0.0001234'],
    [100, 'g', 4, '100'],
    [9999.6, 'g', 4, '1e+04'],
    [99.95, 'f', 1, '100.0'],
    [0.96, 'f', 0, '1'],
    [0.04, 'f', 0, '0'],
    [0.001, 'f', 2, '0.00'],
    [5, 'g', 0, '5'],
    [1e7, 'G', -1, '1E+07'],
    [15, 'E', 0, '2E+01'],
  ] as const)('%d as %s with precision %d is %s', (value, format, precision, text) => {
    expect(formatFloat(value, format, precision)).toBe(text)
  })

  test.each([
    [0.5, 0, '0'],
    [1.5, 0, '2'],
    [2.5, 0, '2'],
    [-2.5, 0, '-2'],
    [0.125, 2, '0.12'],
    [0.375, 2, '0.38'],
    [9.5, 0, '10'],
  ])('%d, a half between two, rounds to the even digit: %s', (value, precision, text) => {
    expect(formatFloat(value, 'f', precision)).toBe(text)
  })

  test('rounds a half of significant digits to the even digit too', () => {
    expect([12345, 12355, 12365].map((value) => formatFloat(value, 'g', 4))).toEqual([
      '1.234e+04',
      '1.236e+04',
      '1.236e+04',
    ])
  })

  test('reads back as itself from its shortest form, whatever the format', () => {
    fc.assert(
      fc.property(fc.double(), fc.constantFrom('e' as const, 'f' as const, 'g' as const), (value, format) => {
        expect(parseGoFloat(formatFloat(value, format))).toBe(value)
      }),
    )
  })

  test('never differs by more than half a unit of its last digit', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
        fc.integer({ min: 0, max: 6 }),
        (value, digits) => {
          const error = Math.abs(Number(formatFloat(value, 'f', digits)) - value)
          expect(error).toBeLessThanOrEqual(0.5000001 * 10 ** -digits + Math.abs(value) * 1e-15)
        },
      ),
    )
  })

  test.each([
    ['1', 1],
    ['-1.5e-3', -0.0015],
    ['.5', 0.5],
    ['1.', 1],
    ['1_000.5', 1000.5],
    ['0x1p-2', 0.25],
    ['0x_1.8p1', 3],
    ['Inf', Infinity],
    ['-infinity', -Infinity],
    ['nan', NaN],
    ['1e400', Infinity],
    ['', undefined],
    [' 1', undefined],
    ['1e', undefined],
    ['.', undefined],
    ['0x10', undefined],
    ['1__0', undefined],
    ['-nan', undefined],
    ['one', undefined],
  ])('reads %j as %s', (text, value) => {
    expect(parseGoFloat(text)).toBe(value)
  })
})

test.each([
  [0, '0s'],
  [1, '1ns'],
  [1500, '1.5µs'],
  [2_000_000, '2ms'],
  [1_500_000_000, '1.5s'],
  [120_000_000_000, '2m0s'],
  [3_720_010_000_000, '1h2m0.01s'],
  [-5_400_000_000_000, '-1h30m0s'],
  [9_223_372_036_854_775_807n, '2562047h47m16.854775807s'],
])('prints %d nanoseconds as %s', (nanoseconds, text) => {
  expect(formatGoDuration(nanoseconds)).toBe(text)
})

describe('printf', () => {
  test.each<[format: string, values: GoValue[], text: string]>([
    ['%d items', [3n], '3 items'],
    ['%5.2f|%-8s|%08.3f|%+d', [1.005, 'hi', -1.5, 3n], ' 1.00|hi      |-001.500|+3'],
    ['%v %v %v %v', [1e6, true, null, 'x'], '1e+06 true <nil> x'],
    ['%x %X %o %b %c %U %q', [255n, 255n, 8n, 5n, 65n, 9731n, 65n], "ff FF 10 101 A U+2603 'A'"],
    ['%q %x %.2s %6s|', ['hé\n', 'hé', 'héllo', 'é'], '"hé\\n" 68c3a9 hé      é|'],
    ['%*d|%-*d|%.*f', [5n, 42n, 5n, 42n, 1n, 2.55], '   42|42   |2.5'],
    ['%[2]d %[1]d', [1n, 2n], '2 1'],
    ['100%%', [], '100%'],
    ['%T %T %T', [1, 1n, 'a'], 'float64 int string'],
    ['%d', [1], '%!d(float64=1)'],
    ['%s', [2.5], '%!s(float64=2.5)'],
    ['%f', ['a'], '%!f(string=a)'],
    ['%t', [1n], '%!t(int=1)'],
    ['%s', [null], '%!s(<nil>)'],
    ['%d', [], '%!d(MISSING)'],
    ['x', [1n, 'a'], 'x%!(EXTRA int=1, string=a)'],
    ['%[5]d', [1n], '%!d(BADINDEX)'],
    ['%*d', ['a', 1n], '%!(BADWIDTH)1'],
    ['50%', [], '50%!(NOVERB)'],
    ['%6.2f|% d|%05d', [Infinity, 7n, -3n], '  +Inf| 7|-0003'],
  ])('%j', (format, values, text) => {
    expect(goSprintf(format, values)).toBe(text)
  })

  test('prints maps by key, and durations and times by their names', () => {
    const map = goMap(
      new Map<string, GoValue>([
        ['b', 1n],
        ['a', 'x'],
      ]),
    )
    expect(goSprintf('%v', [map])).toBe('map[a:x b:1]')
    expect(goSprintf('%v %d', [{ kind: 'duration', nanoseconds: 90_000_000_000n }, map])).toBe(
      '1m30s map[%!d(string=a):%!d(string=x) %!d(string=b):1]',
    )
    expect(goSprintf('%s', [{ kind: 'time', timeMs: 0 }])).toBe('1970-01-01 00:00:00 +0000 UTC')
  })

  test('stops before a text grows beyond what it may', () => {
    expect(() => goSprintf('%1000d', [1n], 999)).toThrow(TooLongError)
    expect(goSprintf('%999d', [1n], 999)).toHaveLength(999)
    let nested = goMap(new Map<string, GoValue>([['a', 1n]]))
    for (let i = 0; i < 60; i++)
      nested = goMap(
        new Map<string, GoValue>([
          ['a', nested],
          ['b', nested],
        ]),
      )
    expect(() => goSprint([nested])).toThrow(TooLongError)
  })
})

test('print separates operands of which neither is text, println all', () => {
  expect(goSprint([1n, 2n, 'a', 'b', 3n, 4.5, null])).toBe('1 2ab3 4.5 <nil>')
  expect(goSprintln(['a', 'b', 1n])).toBe('a b 1\n')
})

test.each([
  ['2006-01-02 15:04:05.999999999 -0700 MST', '2015-06-23 13:19:44.128 +0000 UTC'],
  ['Mon Jan _2 3:04:05PM 2006', 'Tue Jun 23 1:19:44PM 2015'],
  ['Monday, 2 January 06 03h04', 'Tuesday, 23 June 15 01h19'],
  ['2006-01-02T15:04:05.000Z07:00', '2015-06-23T13:19:44.128Z'],
  ['05.000000 .99 002', '44.128000 .12 174'],
  ['plain, 7 and 8', 'plain, 7 and 8'],
])('formats a time by the layout %j', (layout, text) => {
  expect(formatGoTime(1435065584128, layout)).toBe(text)
})

test('leaves out a fraction of nines that is zero', () => {
  expect(formatGoTime(0)).toBe('1970-01-01 00:00:00 +0000 UTC')
})

test('reads every text that it quotes', () => {
  expect(quoteGo('a"b\\c\n\x01é\u00a0😀')).toBe('"a\\"b\\\\c\\n\\x01é\\u00a0😀"')
  expect(quoteGo('é😀', { ascii: true })).toBe('"\\u00e9\\U0001f600"')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.boolean(), (text, ascii) => {
      expect(unquoteGo(quoteGo(text, { ascii }))).toBe(text)
    }),
  )
})

test.each([
  ['"\\xc3\\xa4\\101\\u00e9"', 'äAé'],
  ['`raw \\n`', 'raw \\n'],
  ["'\\''", "'"],
  ['"\\q"', undefined],
  ['"a', undefined],
  ['"\\ud800"', undefined],
  ['"\\777"', undefined],
  ['x', undefined],
])('reads the literal %s', (literal, text) => {
  expect(unquoteGo(literal)).toBe(text)
})
