import { expect, test } from 'vitest'
import { parseJsonPath, valueAt } from '../../src/probe/json-path.ts'

const value = JSON.parse('{"a":{"b":[{"c":1},null]},"a.b":2,"x y":{"it\'s":3},"":4,"__proto__":5}')

test.for([
  ['$', value],
  ['a', value.a],
  ['a.b', 2],
  ['$.a.b[0].c', 1],
  ['$.a.b[1]', null],
  ["$['a.b']", 2],
  ['$["x y"]["it\'s"]', 3],
  ["$['x y']['it\\'s']", 3],
  ["$['']", 4],
  ['__proto__', 5],
  ['missing', undefined],
  ['$.a.b[2]', undefined],
  ['$.a.b.length', undefined],
  ['$.a[0]', undefined],
  ['$.a.constructor', undefined],
  ['$.a.b[0].c.d', undefined],
] as const)('%s names one place', ([text, expected]) => {
  const path = parseJsonPath(text)
  expect(path).toBeDefined()
  expect(path && valueAt(value, path)).toEqual(expected)
})

test.for(['', '$a', '$.', '$..a', '$.*', '$[*]', '$.a[-1]', '$.a[0:1]', '$.a[?(@.b)]', "$['a", '$.a b'])(
  '%s is no place that is surely one',
  (text) => {
    expect(parseJsonPath(text)).toBeUndefined()
  },
)
