import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import {
  durationMs,
  formatHostAndPort,
  headers,
  hostAndPort,
  regex,
  secret,
  statusRange,
  url,
} from '../../src/probe/fields.ts'

function problemOf(schema: z.ZodType, written: unknown): string | undefined {
  return schema
    .safeParse(written)
    .error?.issues.map(({ message }) => message)
    .join('\n')
}

describe('an address of host and port', () => {
  const schema = hostAndPort('db.internal:5432')

  test.for([
    ['db.internal:5432', 'db.internal', 5432],
    ['127.0.0.1:1', '127.0.0.1', 1],
    ['[2001:db8::1]:65535', '2001:db8::1', 65_535],
  ] as const)('takes %s', ([text, host, port]) => {
    const parsed = schema.parse(text)
    expect(parsed).toEqual({ host, port })
    expect(formatHostAndPort(parsed)).toBe(text)
  })

  test.for([
    ['db.internal', 'has no port; write host:port, such as db.internal:5432'],
    ['db.internal:', 'has no port from 1 to 65535'],
    ['db.internal:0', 'has no port from 1 to 65535'],
    ['db.internal:65536', 'has no port from 1 to 65535'],
    ['::1', 'write [::1]:port'],
    ['[db.internal]:5432', 'has no IPv6 address in its brackets'],
    [':5432', 'has no host'],
    ['postgres://db.internal:5432', 'is a URL; write only host:port'],
    ['me@db.internal:5432', 'has a character that no host name has'],
    [5432, 'is not an address; write host:port'],
  ] as const)('refuses %s', ([text, words]) => {
    expect(problemOf(schema, text)).toContain(words)
  })

  test('takes a default port where there is one', () => {
    const withDefault = hostAndPort('mail.example.org:587', 25)
    expect(withDefault.parse('mail.example.org')).toEqual({ host: 'mail.example.org', port: 25 })
    expect(withDefault.parse('2001:db8::1')).toEqual({ host: '2001:db8::1', port: 25 })
    expect(withDefault.parse('mail.example.org:587').port).toBe(587)
  })
})

test('a range of statuses includes codes, classes, spans and lists of these', () => {
  for (const [written, inside, outside] of [
    [200, [200], [201]],
    ['2xx', [200, 299], [199, 300]],
    ['200-204', [200, 204], [205]],
    ['200, 3xx', [200, 301], [201, 400]],
    [
      [404, '2xx', '500-503'],
      [404, 200, 503],
      [405, 504],
    ],
  ] as const) {
    const range = statusRange.parse(written)
    for (const status of inside) expect(range.includes(status), `${written} ${status}`).toBe(true)
    for (const status of outside) expect(range.includes(status), `${written} ${status}`).toBe(false)
  }
  expect(problemOf(statusRange, '204-200')).toContain('"204-200" is not a status; write 2xx')
  expect(problemOf(statusRange, [])).toContain('has no status')
  expect(problemOf(statusRange, 600)).toContain('"600" is not a status')
})

test('a duration is read with its unit only', () => {
  expect(durationMs.parse('1m30s')).toBe(90_000)
  expect(durationMs.parse('0')).toBe(0)
  expect(problemOf(durationMs, 'soon')).toContain('"soon" is not a duration; write')
  expect(problemOf(durationMs, null)).toContain('is not a duration; write')
})

test('a pattern is ready to match, or refused with the reason', () => {
  expect(regex.parse('o+k').test('it is ook')).toBe(true)
  expect(problemOf(regex, 'a(?=b)')).toContain('not a regular expression that RE2 accepts')
})

test('a secret does not show when its config is printed', () => {
  const parsed = secret.parse('hunter2')
  expect(parsed.reveal()).toBe('hunter2')
  expect(`${JSON.stringify({ parsed })}${parsed}`).not.toContain('hunter2')
})

test('a URL has one of the schemes and no credentials', () => {
  const schema = url(['ws:', 'wss:'], 'wss://shop.example.org/live', 'headers')
  expect(schema.parse('wss://shop.example.org').href).toBe('wss://shop.example.org/')
  expect(problemOf(schema, 'http://shop.example.org')).toContain('does not begin with ws:// or wss://')
  const withPassword = problemOf(schema, 'ws://me:hunter2@shop.example.org')
  expect(withPassword).toContain('write headers')
  expect(withPassword).not.toContain('hunter2')
})

test('headers can not smuggle in other headers', () => {
  expect(headers.parse({ 'X-Count': 3, 'X-Yes': true })).toEqual({ 'X-Count': '3', 'X-Yes': 'true' })
  expect(problemOf(headers, { 'X-A': 'b\r\nHost: evil' })).toContain('the value of X-A has a line break')
  expect(problemOf(headers, { 'X-A:': 'b' })).toContain('is not a header name')
})
