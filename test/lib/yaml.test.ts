import { expect, test } from 'vitest'
import { locate, readYaml, readYamlDocuments, toValue } from '../../src/lib/yaml.ts'

function root(text: string) {
  const { root, problems } = readYaml(text, 'f.yml')
  expect(problems).toEqual([])
  if (root === undefined) throw new Error('there is nothing in it')
  return root
}

const texts = (text: string) => toValue(root(text), { typed: false })
const typed = (text: string) => toValue(root(text), { typed: true })

function problems(text: string): string[] {
  return readYaml(text, 'f.yml').problems.map(
    ({ line, column, severity, message }) => `${line}:${column}: ${severity}: ${message}`,
  )
}

test('keeps every scalar as it is written when read as text', () => {
  expect(
    texts('{a: 0.10, b: 007, c: yes, d: 1e3, e: 2020-01-01, f: 0x1F, g: 1_000, h: "q\\n", i: .inf, j: !!int 5}'),
  ).toEqual({
    a: '0.10',
    b: '007',
    c: 'yes',
    d: '1e3',
    e: '2020-01-01',
    f: '0x1F',
    g: '1_000',
    h: 'q\n',
    i: '.inf',
    j: '5',
  })
})

test('reads nothing, ~ and null as null, and as no text, but not in quotes', () => {
  const text = 'a:\nb: ~\nc: null\nd: Null\ne: NULL\nf: "null"\ng: ""\nh: !!str\ni: nULL\n'
  expect(texts(text)).toEqual({ a: '', b: '', c: '', d: '', e: '', f: 'null', g: '', h: '', i: 'nULL' })
  expect(typed(text)).toEqual({ a: null, b: null, c: null, d: null, e: null, f: 'null', g: '', h: '', i: 'nULL' })
})

test('types unquoted scalars by the core schema of YAML 1.2 and leaves quoted ones alone', () => {
  expect(
    typed('[1, -2, +3, 007, 0o17, 0x1F, 1.5, .5, 1., 1e3, -1.5E-3, .inf, -.Inf, .nan, true, False, "1", \'true\']'),
  ).toEqual([1, -2, 3, 7, 15, 31, 1.5, 0.5, 1, 1000, -0.0015, Infinity, -Infinity, NaN, true, false, '1', 'true'])
  expect(typed('[yes, no, on, 1_000, 2020-01-01, 1:30, 0b1, 1e, ., "-", tRUE, !!str 5]')).toEqual([
    'yes',
    'no',
    'on',
    '1_000',
    '2020-01-01',
    '1:30',
    '0b1',
    '1e',
    '.',
    '-',
    'tRUE',
    '5',
  ])
  expect(typed('a: |\n  12\nb: >-\n  true\n')).toEqual({ a: '12\n', b: 'true' })
})

test('says where each key and value stands, from 1', () => {
  const map = root('# comment\ngroups:\n  - name: x\n    rules: [a, "b"]\n')
  expect(map).toMatchObject({ kind: 'map', line: 2, column: 1 })
  if (map.kind !== 'map') throw new Error('not a map')
  const groups = map.entries.get('groups')
  expect(groups).toMatchObject({ key: 'groups', line: 2, column: 1, value: { kind: 'list', line: 3, column: 3 } })
  const group = groups?.value.kind === 'list' ? groups.value.items[0] : undefined
  const rules = group?.kind === 'map' ? group.entries.get('rules') : undefined
  expect(rules).toMatchObject({
    line: 4,
    column: 5,
    value: {
      kind: 'list',
      line: 4,
      column: 12,
      items: [
        { kind: 'scalar', text: 'a', isQuoted: false, line: 4, column: 13 },
        { kind: 'scalar', text: 'b', isQuoted: true, line: 4, column: 16 },
      ],
    },
  })
})

test('counts lines past Windows line ends and a byte order mark', () => {
  expect(locate(root('\ufeffa: 1\r\nb: 2\r\n'), ['b'], 'key')).toEqual({ line: 2, column: 1 })
})

test('finds the place of a path, or of the nearest part of it that is there', () => {
  const tree = root(
    'checks:\n  - name: shop\n    every: 30 s\n    expect:\n      status: 200\n    tags: [a, b]\n    none:\n',
  )
  const at = (path: PropertyKey[], part?: 'key') => Object.values(locate(tree, path, part)).join(':')
  expect(at(['checks', 0, 'every'])).toBe('3:12')
  expect(at(['checks', 0, 'every'], 'key')).toBe('3:5')
  expect(at(['checks', 0, 'expect'])).toBe('4:5')
  expect(at(['checks', 0, 'expect', 'status'])).toBe('5:15')
  expect(at(['checks', 0, 'expect', 'latency'])).toBe('4:5')
  expect(at(['checks', 0, 'tags', 1])).toBe('6:15')
  expect(at(['checks', 0, 'none'])).toBe('7:5')
  expect(at(['checks', 0, 'http'])).toBe('2:5')
  expect(at(['checks', 7, 'http'])).toBe('1:1')
  expect(at(['rules'])).toBe('1:1')
  expect(locate(undefined, ['a'])).toEqual({ line: 1, column: 1 })
})

test('follows anchors and merge keys, where a key that is written out wins whatever its place', () => {
  expect(typed('d: &d {every: 1m, timeout: 5s}\na: {<<: *d, timeout: 9s}\nb: {timeout: 9s, <<: *d}\nc: *d\n')).toEqual({
    d: { every: '1m', timeout: '5s' },
    a: { every: '1m', timeout: '9s' },
    b: { every: '1m', timeout: '9s' },
    c: { every: '1m', timeout: '5s' },
  })
  expect(texts('x: &x {p: 1}\ny: &y {p: 2, q: 3}\nz: {<<: [*x, *y]}\n')).toMatchObject({ z: { p: '1', q: '3' } })
  expect(texts('a: &x 1\nb: *x\nc: &x 2\nd: *x\n')).toEqual({ a: '1', b: '1', c: '2', d: '2' })
  expect(texts('"<<": 1')).toEqual({ '<<': '1' })
})

test('refuses wrong aliases and merges', () => {
  expect(problems('a: *n')).toEqual(['1:4: error: no &n stands before this *n'])
  expect(problems('a: &a [*a]')).toEqual(['1:8: error: *a stands inside of &a itself'])
  expect(problems('<<: 3')).toEqual([
    '1:5: error: << takes a map or a list of maps, usually an alias such as *defaults',
  ])
})

test('refuses aliases that multiply beyond measure, at once', () => {
  const names = 'abcdefghij'.split('')
  const lines = names.map(
    (name, i) =>
      `${name}: &${name} [${Array(9)
        .fill(i === 0 ? 'x' : `*${names[i - 1]}`)
        .join(', ')}]`,
  )
  expect(problems(lines.join('\n'))).toEqual([expect.stringContaining('aliases are over 1000000 values')])
  const keys = Array.from({ length: 1500 }, (_, i) => `k${i}: v`).join(', ')
  expect(problems(`a: &a {${keys}}\nb: [${Array(1000).fill('{<<: *a}').join(', ')}]`)).toEqual([
    expect.stringContaining('aliases are over 1000000 values'),
  ])
})

test('refuses a key that is there twice, and names the first', () => {
  expect(problems('a: 1\nb:\n  c: 1\n  "c": 2\na: 3\n')).toEqual([
    '4:3: error: "c" is there twice in this map, first in line 3',
    '5:1: error: "a" is there twice in this map, first in line 1',
  ])
})

test('reads names of Object’s own as ordinary keys', () => {
  const value = texts('"__proto__": {polluted: yes}\nconstructor: x\ntoString: y\n') as Record<string, unknown>
  expect(Object.getPrototypeOf(value)).toBeNull()
  expect(Object.keys(value)).toEqual(['__proto__', 'constructor', 'toString'])
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

test('reads only the first document and warns about the others, even broken ones', () => {
  const { root, problems } = readYaml('a: 1\n---\nb: [\n', 'f.yml')
  expect(root && toValue(root, { typed: true })).toEqual({ a: 1 })
  expect(problems).toEqual([
    {
      file: 'f.yml',
      line: 2,
      column: 1,
      severity: 'warning',
      message: 'only the first document of the file is read; what follows this --- is ignored',
    },
  ])
})

test('reads all documents where they are asked for, each with its own problems', () => {
  const readings = readYamlDocuments('# head\n---\na: 1\n---\nb: 2\n---\nc: [', 'f.yml')
  expect(readings.map(({ root }) => root && toValue(root, { typed: true }))).toEqual([{ a: 1 }, { b: 2 }, undefined])
  expect(readings.map(({ problems }) => problems.map(({ line }) => line))).toEqual([[], [], [7]])
})

test.each(['', '# only a comment\n', '---\n', '\n\n'])('finds nothing and nothing wrong in %j', (text) => {
  expect(readYaml(text, 'f.yml')).toEqual({ root: undefined, problems: [] })
  expect(readYamlDocuments(text, 'f.yml')).toEqual([{ root: undefined, problems: [] }])
})

test.each([
  ['a:\n\t- b', '2:1: error: a tab can’t indent; write spaces'],
  [
    'a: b: c',
    '1:4: error: Nested mappings are not allowed in compact mappings; is an indent wrong, or a text with ": " not in quotes?',
  ],
  ['a: @x', '1:4: error: Plain value cannot start with reserved character @; put the text in quotes'],
  ['a: "x', expect.stringMatching(/^1:\d+: error: Missing closing "quote/)],
  ['? [a]\n: b', '1:3: error: a key has to be text, not a list'],
  ['a: !env X', '1:9: warning: the tag !env means nothing here and is ignored'],
  ['a: 1\nb: \x01', '2:4: error: the control character 0x01 is not allowed'],
])('says what is wrong with %j and where', (text, problem) => {
  expect(problems(text)).toEqual([problem])
})

test('refuses a text that is nested too deeply instead of running out of stack', () => {
  expect(problems('['.repeat(20_000))).toEqual(['1:1: error: lists or maps are nested too deeply'])
  expect(problems(`${'['.repeat(20_000)}${']'.repeat(20_000)}`)).toEqual([
    '1:1: error: lists or maps are nested too deeply',
  ])
})
