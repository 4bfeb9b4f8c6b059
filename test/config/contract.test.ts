import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkKinds } from '../../src/config/check.ts'
import { settings } from '../../src/config/environment.ts'
import { document } from '../../src/config/schema.ts'
import { probes } from '../../src/probe/registry.ts'
import { load, loadFine, problemTexts } from './support.ts'

const allKeys = readFileSync(new URL('../fixtures/good-config/all-keys.yml', import.meta.url), 'utf8')
const env = { SHOP_TOKEN: 'fedcba9876543210fedcba9876543210', PG_PASSWORD: 'x', SMTP_PASSWORD: 'y' }

test.each(probes.map((probe) => [probe.key, probe] as const))('the example of %s is a check', (key, probe) => {
  const entry = JSON.stringify({ name: 'example', ...probe.example })
  const { config, problems } = load(`allow: [script]\nchecks:\n  - ${entry}\n`)
  expect(problemTexts({ problems })).toEqual([])
  expect(config?.checks[0]).toMatchObject({ kind: 'probe', probe: { key } })
  expect(checkKinds).toContain(key)
})

test.each(probes.map((probe) => [probe.key, probe] as const))('a stray key beside %s is named', (_key, probe) => {
  const entry = JSON.stringify({ name: 'example', ...probe.example, zzzzzzzz: 1 })
  const { problems } = load(`allow: [script]\nchecks: [${entry}]`)
  expect(problems.map(({ field }) => field)).toEqual(['checks[0].zzzzzzzz'])
})

test('a check that starts programs has to be allowed', () => {
  for (const probe of probes.filter((one) => 'needsPermission' in one && one.needsPermission)) {
    const entry = JSON.stringify({ name: 'example', ...probe.example })
    expect(problemTexts(load(`checks:\n  - ${entry}`))).toEqual([
      expect.stringMatching(
        new RegExp(
          `^midwatch\\.yml:2:\\d+: checks\\[0\\]\\.${probe.key}: starts a program, which is not allowed; write allow: \\[script\\]`,
        ),
      ),
    ])
  }
})

test('no two keys share a variable', () => {
  const paths = [...settings(document).values()].map(({ path }) => path.join('.'))
  // The two short names set keys that have their own.
  expect(paths.length - new Set(paths).size).toBe(2)
})

test('whatever is written, loading ends with a config or with an error, never with an exception', () => {
  const lines = allKeys.split('\n')
  const edits = fc.array(
    fc.record({
      line: fc.nat(lines.length - 1),
      at: fc.nat(60),
      text: fc.constantFrom(
        '',
        '${',
        '}',
        ':',
        '[',
        ']',
        '{',
        '"',
        '-',
        '\t',
        '  ',
        '&a',
        '*a',
        '!!x',
        'null',
        '#',
        '0',
        '__proto__: 1',
        '🌙',
      ),
      cut: fc.nat(4),
    }),
    { minLength: 1, maxLength: 4 },
  )
  fc.assert(
    fc.property(edits, (changes) => {
      const edited = [...lines]
      for (const { line, at, text, cut } of changes) {
        const old = edited[line] as string
        edited[line] = old.slice(0, at) + text + old.slice(at + cut)
      }
      const { config, problems } = load(edited.join('\n'), { env })
      const isWrong = problems.some(({ severity }) => severity === 'error')
      expect(config === undefined).toBe(isWrong)
      for (const { message, file } of problems) {
        expect(message).not.toBe('')
        expect(message).not.toMatch(/undefined|\[object|Invalid input|[\ue000-\ue07f]/)
        expect(file).toBe('midwatch.yml')
      }
    }),
    { numRuns: 100 },
  )
})

test('a key named like a part of every object is only a key', () => {
  const { checks } = loadFine(
    'checks: [{ name: a, http: "http://a.example.org", labels: { constructor: x, toString: y } }]',
  )
  expect(checks[0]?.labels.toObject()).toEqual({ constructor: 'x', toString: 'y' })
  expect(problemTexts(load('constructor: 1\n__proto__: { server: 1 }'))).toEqual([
    expect.stringMatching(/^midwatch\.yml:1:1: constructor: is not a key of the config/),
    expect.stringMatching(/^midwatch\.yml:2:1: __proto__: is not a key of the config/),
  ])
})
